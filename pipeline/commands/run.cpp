// run: palettizes checkpoints.
#include "pipeline/run/run.hpp"

#include "pipeline/cli/options.hpp"
#include "pipeline/commands/commands.hpp"

namespace pal {

namespace {

int execute_run(const Arguments& arguments) { return run(arguments, *join_job()); }

}  // namespace

Command run_command() {
    return {"run",
            "IN... OUT",
            "palettizes checkpoints",
            "h5palettize run model.h5 model.w4.h5 --preset w4 --report model.json",
            2,
            kAnyNumber,
            {OptionGroup::kConfig, OptionGroup::kWork, OptionGroup::kTrust, OptionGroup::kCertify,
             OptionGroup::kShard, OptionGroup::kThreads, OptionGroup::kRecording,
             OptionGroup::kPage, OptionGroup::kForce, OptionGroup::kResume},
            execute_run};
}

}  // namespace pal
