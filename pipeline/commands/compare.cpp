// compare: shows two palettizations side by side, worst first. Reports and does not judge.
#include <iostream>

#include "io/read/checkpoint_reader.hpp"
#include "pipeline/cli/options.hpp"
#include "pipeline/commands/commands.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/record/reported.hpp"
#include "pipeline/report/comparison.hpp"
#include "pipeline/report/comparison_report.hpp"
#include "pipeline/report/measure_comparison.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

int execute_compare(const Arguments& arguments) {
    const ReadOptions read_options = read_options_from(arguments);
    const CheckpointReader a(arguments.positionals[0], read_options);
    const CheckpointReader b(arguments.positionals[1], read_options);
    require_palettized(a.info());
    require_palettized(b.info());
    std::vector<ComparedTensor> tensors = compared_tensors(a.info(), b.info());
    std::vector<std::string> missing;
    if (arguments.positionals.size() == 3) {
        ReadOptions original_options = read_options;
        original_options.dropped = reported_drops(a.info().results_json);
        const CheckpointReader original(arguments.positionals[2], original_options);
        missing = measure_comparison(tensors, original, a, b);
    }
    sort_worst_first(tensors);
    std::cout << (arguments.flag("json") ? comparison_json(tensors, a.info(), b.info(), missing)
                                         : comparison_table(tensors, a.info(), b.info()));
    for (const std::string& text : missing) log_error(text);
    return missing.empty() ? 0 : static_cast<int>(ErrorCode::kCheckFailed);
}

}  // namespace

Command compare_command() {
    return {"compare",
            "A.h5 B.h5 [ORIGINAL.h5]",
            "shows two palettizations side by side, worst first",
            "h5palettize compare model.w6.h5 model.w4.h5 model.h5",
            2,
            3,
            {OptionGroup::kTrust, OptionGroup::kThreads, OptionGroup::kJson},
            execute_compare};
}

}  // namespace pal
