// verify: decodes what was written and checks it against the original.
#include <iostream>
#include <limits>

#include "io/compare/compare.hpp"
#include "io/read/checkpoint_reader.hpp"
#include "pipeline/cli/options.hpp"
#include "pipeline/commands/commands.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/record/reported.hpp"
#include "pipeline/report/verification.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

double min_sqnr_from(const Arguments& arguments) {
    if (!arguments.has("min-sqnr-db")) return -std::numeric_limits<double>::infinity();
    return finite_number(arguments, "min-sqnr-db");
}

int execute_verify(const Arguments& arguments) {
    const double min_sqnr_db = min_sqnr_from(arguments);
    const ReadOptions read_options = read_options_from(arguments);
    const CheckpointReader palettized(arguments.positionals[1], read_options);
    require_palettized(palettized.info());
    ReadOptions original_options = read_options;
    original_options.dropped = reported_drops(palettized.info().results_json);
    const CheckpointReader original(arguments.positionals[0], original_options);
    const Verification verification = verify_checkpoint(original, palettized, min_sqnr_db);
    std::cout << (arguments.flag("json") ? verification_json(verification)
                                         : verification_table(verification));
    for (const std::string& difference : verification.differences) log_error(difference);
    for (const VerifiedTensor& tensor : verification.tensors) {
        for (const std::string& problem : tensor.check.problems)
            log_error(tensor.path + ": " + problem);
    }
    return verification.ok() ? 0 : static_cast<int>(ErrorCode::kCheckFailed);
}

}  // namespace

Command verify_command() {
    return {"verify",
            "ORIGINAL.h5 PALETTIZED.h5",
            "decodes what was written and checks it",
            "h5palettize verify model.h5 model.w4.h5 --min-sqnr-db 20",
            2,
            2,
            {OptionGroup::kCheck, OptionGroup::kTrust, OptionGroup::kThreads, OptionGroup::kJson},
            execute_verify};
}

}  // namespace pal
