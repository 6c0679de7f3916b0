// plan: what run would do, tensor by tensor, and why. Writes nothing but --report.
#include "pipeline/plan.hpp"

#include <iostream>

#include "io/checkpoint_reader.hpp"
#include "pipeline/bytes_for_people.hpp"
#include "pipeline/commands/command.hpp"
#include "pipeline/log.hpp"
#include "pipeline/report.hpp"
#include "stages/error.hpp"

namespace pal {

namespace {

int execute_plan(const Arguments& arguments) {
    const std::string& source = arguments.positionals[0];
    const std::uint64_t budget_bytes = memory_from(arguments);
    (void)skips_nonfinite(arguments);  // validated as run does
    const CheckpointReader reader(source, read_options_from(arguments));
    if (arguments.positionals.size() == 2) {
        check_output(arguments);
    }
    ReportFile report = report_from(arguments);
    const auto sensitivities = sensitivities_from(arguments);
    PlanOptions options = plan_options_from(arguments);
    if (sensitivities) options.sensitivities = &sensitivities->info();
    const Plan plan = make_plan(reader.info(), config_from(arguments), options);
    if (!reader.info().unsupported.empty()) {
        log_warning("run would refuse this file: " + reader.info().unsupported);
    }
    for (const std::string& warning : plan.warnings) log_warning(warning);
    report.write(report_json(plan, nullptr));
    report.publish();
    if (arguments.flag("json")) {
        std::cout << report_json(plan, nullptr);
        return 0;
    }
    std::cout << report_table(plan, nullptr) << "layout "
              << (plan.layout == Layout::kKeras ? "keras" : "torch") << " (" << plan.layout_reason
              << "); peak memory in flight about "
              << bytes_for_people(peak_memory_bytes(plan, budget_bytes)) << "\n";
    return 0;
}

}  // namespace

Command plan_command() {
    return {"plan",
            "IN.h5 [OUT.h5]",
            "shows what run would do, tensor by tensor, and why",
            "h5palettize plan model.h5 --config palettize.yaml --json",
            1,
            2,
            [] {
                po::options_description options = palettize_options();
                options.add(trust_options())
                    .add(thread_options())
                    .add(force_option())
                    .add(json_option());
                return options;
            },
            execute_plan};
}

}  // namespace pal
