// run: palettizes checkpoints.
#include "pipeline/run/run.hpp"

#include "pipeline/cli/command.hpp"

namespace pal {

namespace {

int execute_run(const Arguments& arguments) {
    Ranks ranks;
    return run(arguments, ranks);
}

}  // namespace

Command run_command() {
    return {"run",
            "IN... OUT",
            "palettizes checkpoints",
            "h5palettize run model.h5 model.w4.h5 --preset w4 --report model.json",
            2,
            kAnyNumber,
            [] {
                po::options_description options = palettize_options();
                options.add(trust_options())
                    .add(certify_option())
                    .add(shard_option())
                    .add(thread_options())
                    .add(recording_options())
                    .add(page_options())
                    .add(run_output_options());
                return options;
            },
            execute_run};
}

}  // namespace pal
