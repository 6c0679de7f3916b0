// slurm-plan: how many tasks of an array job a checkpoint is worth, and what each needs.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>

#include "io/read/checkpoint_reader.hpp"
#include "pipeline/cli/options.hpp"
#include "pipeline/commands/commands.hpp"
#include "pipeline/console/bytes_for_people.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/shards/batch_estimate.hpp"
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

/// A word as a shell reads it back.
std::string shell_word(const std::string& word) {
    constexpr const char* kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
    std::string quoted = "'";
    for (const char letter : word)
        quoted += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
    return quoted + "'";
}

/// The options of `run` that were given, but for --memory.
std::vector<std::string> given_options(const Arguments& arguments) {
    std::vector<std::string> words;
    for (const Option& option :
         options_in({OptionGroup::kConfig, OptionGroup::kTrust, OptionGroup::kCertify})) {
        if (option.name == "memory" || !arguments.has(option.name)) continue;
        const std::string word = "--" + std::string(option.name);
        words.push_back(option.takes_value() ? shell_word(word + "=" + arguments.text(option.name))
                                             : word);
    }
    return words;
}

std::string clock_of(std::uint64_t minutes) {
    const std::uint64_t days = minutes / (24 * 60);
    return fmt::format("{}{:02}:{:02}:00", days > 0 ? fmt::format("{}-", days) : std::string(),
                       minutes / 60 % 24, minutes % 60);
}

std::string seconds_for_people(double seconds) {
    if (seconds < 100) return fmt::format("{:.0f} s", std::ceil(seconds));
    if (seconds < 100 * 60) return fmt::format("{:.0f} min", std::ceil(seconds / 60));
    return fmt::format("{:.1f} h", seconds / 3600);
}

std::string submit_line(const Arguments& arguments, const BatchEstimate& estimate,
                        const BatchWish& wish) {
    const bool named = arguments.positionals.size() == 2;
    return fmt::format(
        "submit.sh --time={} --mem={}M --cpus-per-task={} {} {} {} {}{}--memory={}MiB",
        clock_of(estimate.limit_minutes), estimate.job_mebibytes, wish.cpus_per_task,
        shell_word(arguments.positionals[0]),
        named ? shell_word(arguments.positionals[1]) : "OUT.h5", estimate.tasks,
        fmt::join(given_options(arguments), " "), given_options(arguments).empty() ? "" : " ",
        estimate.budget_bytes >> 20);
}

std::string reasons(const BatchEstimate& estimate, const BatchWish& wish) {
    const BatchWork& work = estimate.work;
    return fmt::format(
        "to palettize: {} tensors, {} -> {}, {} of one CPU\n"
        "{} tasks of {} CPUs: about {} each, {}\n"
        "merge: about {}, for {} of parts and {} of the rest\n"
        "--time: {} x the longer of both, and 3 min for the signal before the limit\n"
        "--memory: {}; --mem: {} x that and {} for the program\n",
        work.tensors, bytes_for_people(work.bytes_read), bytes_for_people(work.bytes_written),
        seconds_for_people(work.cpu_seconds), estimate.tasks, wish.cpus_per_task,
        seconds_for_people(estimate.task_seconds),
        wish.tasks ? std::string("as many as were asked for")
                   : fmt::format("{:g} min were asked for", wish.minutes),
        seconds_for_people(estimate.merge_seconds), bytes_for_people(work.bytes_written),
        bytes_for_people(work.bytes_copied), kTimeSafety, bytes_for_people(estimate.budget_bytes),
        kMemorySafety, bytes_for_people(kProgramBytes));
}

std::string estimate_json(const BatchEstimate& estimate, const std::string& line) {
    const BatchWork& work = estimate.work;
    nlohmann::ordered_json document;
    document["tasks"] = estimate.tasks;
    document["time_limit_minutes"] = estimate.limit_minutes;
    document["job_mebibytes"] = estimate.job_mebibytes;
    document["memory_bytes"] = estimate.budget_bytes;
    document["task_seconds"] = estimate.task_seconds;
    document["merge_seconds"] = estimate.merge_seconds;
    document["tensors"] = work.tensors;
    document["cpu_seconds"] = work.cpu_seconds;
    document["bytes_read"] = work.bytes_read;
    document["bytes_written"] = work.bytes_written;
    document["bytes_copied"] = work.bytes_copied;
    document["submit"] = line;
    return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

/// Where they take longer than was asked for, and more tasks do not help or were not asked for.
void warn_of_long_tasks(const Arguments& arguments, const BatchEstimate& estimate,
                        const BatchWish& wish) {
    if (wish.tasks && !arguments.has("minutes")) return;
    if (estimate.task_seconds <= wish.minutes * 60) return;
    log_warning(fmt::format(
        "a task takes about {}, more than --minutes {:g}: {}",
        seconds_for_people(estimate.task_seconds), wish.minutes,
        wish.tasks ? "--tasks, or CPUs, are too few" : "there is nothing more to do apart"));
}

int execute_slurm_plan(const Arguments& arguments) {
    const BatchWish wish = wish_from(arguments);
    PlanOptions options = plan_options_from(arguments);
    std::optional<std::uint64_t> budget_bytes;
    if (arguments.has("memory")) budget_bytes = options.memory_bytes;
    // Else not what this machine has: the job runs on others.
    else
        options.memory_bytes = std::numeric_limits<std::uint64_t>::max();
    const CheckpointReader reader(arguments.positionals[0], read_options_from(arguments));
    const Plan plan = make_plan(reader.info(), config_from(arguments), options);
    for (const std::string& warning : plan.warnings) log_warning(warning);
    const BatchEstimate estimate = estimate_batch(plan, reader.info(), wish, budget_bytes);
    warn_of_long_tasks(arguments, estimate, wish);
    const std::string line = submit_line(arguments, estimate, wish);
    std::cout << (arguments.flag("json") ? estimate_json(estimate, line)
                                         : reasons(estimate, wish) + line + "\n");
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
