// slurm-plan: suggests how many tasks an array job should have, and the time and memory of each.
#include <iostream>
#include <limits>
#include <optional>

#include "pipeline/cli/options.hpp"
#include "pipeline/commands/commands.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/run/scan_inputs.hpp"
#include "pipeline/shards/batch_estimate.hpp"
#include "pipeline/shards/batch_text.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

BatchWish wish_from(const Arguments& arguments) {
    BatchWish wish;
    wish.minutes = positive_number(arguments, "minutes");
    if (wish.minutes < 1) {
        throw Error(ErrorCode::kUsage, "--minutes: found '" + arguments.text("minutes") +
                                           "', allowed are numbers from 1: Slurm counts minutes");
    }
    if (arguments.has("tasks")) wish.tasks = whole_number(arguments, "tasks", 1, 10'000);
    wish.cpus_per_task = whole_number(arguments, "cpus-per-task", 1, 1024);
    return wish;
}

/// Options of `run` that were given, without --memory.
std::vector<std::string> given_options(const Arguments& arguments) {
    std::vector<std::string> words;
    for (const Option& option :
         options_in({OptionGroup::kConfig, OptionGroup::kTrust, OptionGroup::kCertify})) {
        if (option.name == "memory" || !arguments.has(option.name)) continue;
        const std::string word = "--" + std::string(option.name);
        words.push_back(option.takes_value() ? word + "=" + arguments.text(option.name) : word);
    }
    return words;
}

int execute_slurm_plan(const Arguments& arguments) {
    const BatchWish wish = wish_from(arguments);
    PlanOptions options = plan_options_from(arguments);
    std::optional<std::uint64_t> budget_bytes;
    if (arguments.has("memory")) {
        budget_bytes = options.memory_bytes;
    } else {  // the job runs on other machines than this
        options.memory_bytes = std::numeric_limits<std::uint64_t>::max();
    }
    const CheckpointInfo info = open_input(arguments.positionals[0], arguments).info;
    const Plan plan = make_plan(info, config_from(arguments), options);
    for (const std::string& warning : plan.warnings) log_warning(warning);
    const BatchEstimate estimate = estimate_batch(plan, info, wish, budget_bytes);
    if (!wish.tasks || arguments.has("minutes")) {
        const std::string warning = long_tasks_warning(estimate, wish);
        if (!warning.empty()) log_warning(warning);
    }
    const bool named = arguments.positionals.size() == 2;
    const std::string line =
        submit_line(estimate, wish, arguments.positionals[0], named ? arguments.positionals[1] : "",
                    given_options(arguments));
    std::cout << (arguments.flag("json") ? estimate_json(estimate, line)
                                         : estimate_reasons(estimate, wish) + line + "\n");
    return 0;
}

}  // namespace

Command slurm_plan_command() {
    return {"slurm-plan",
            "IN.h5 [OUT.h5]",
            "suggests the tasks, time and memory of a Slurm job, and why",
            "h5palettize slurm-plan model.h5 model.w4.h5 --preset w4 --minutes 10",
            1,
            2,
            {OptionGroup::kConfig, OptionGroup::kTrust, OptionGroup::kCertify, OptionGroup::kBatch,
             OptionGroup::kThreads, OptionGroup::kJson},
            execute_slurm_plan};
}

}  // namespace pal
