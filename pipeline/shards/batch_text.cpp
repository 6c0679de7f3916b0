#include "pipeline/shards/batch_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "pipeline/console/bytes_for_people.hpp"
#include "pipeline/console/json_text.hpp"
#include "pipeline/console/printable.hpp"

namespace pal {

namespace {

/// Quotes a word as bash, zsh and ksh read it, with every special byte as its number.
std::string escaped_shell_word(const std::string& word) {
    std::string quoted = "$'";
    for (const char letter : word) {
        const bool is_plain = letter >= ' ' && letter <= '~' && letter != '\'' && letter != '\\';
        quoted += is_plain ? std::string(1, letter)
                           : fmt::format("\\{:03o}", static_cast<unsigned char>(letter));
    }
    return quoted + "'";
}

/// Quotes a word so that a shell reads it back unchanged, and a terminal shows it safely.
std::string shell_word(const std::string& word) {
    constexpr const char* kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
    if (printable(word) != word) return escaped_shell_word(word);
    std::string quoted = "'";
    for (const char letter : word)
        quoted += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
    return quoted + "'";
}

/// "1-02:30:00", as Slurm writes times.
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

}  // namespace

std::string submit_line(const BatchEstimate& estimate, const BatchWish& wish,
                        const std::string& input, const std::string& output,
                        const std::vector<std::string>& words) {
    std::string line = fmt::format("submit.sh --time={} --mem={}M --cpus-per-task={} {} {} {} ",
                                   clock_of(estimate.limit_minutes), estimate.job_mebibytes,
                                   wish.cpus_per_task, shell_word(input),
                                   output.empty() ? "OUT.h5" : shell_word(output), estimate.tasks);
    for (const std::string& word : words) line += shell_word(word) + " ";
    return line + fmt::format("--memory={}MiB", estimate.budget_bytes >> 20);
}

std::string estimate_reasons(const BatchEstimate& estimate, const BatchWish& wish) {
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
    return json_document(document);
}

std::string long_tasks_warning(const BatchEstimate& estimate, const BatchWish& wish) {
    if (estimate.task_seconds <= wish.minutes * 60) return "";
    return fmt::format(
        "a task takes about {}, more than --minutes {:g}: {}",
        seconds_for_people(estimate.task_seconds), wish.minutes,
        wish.tasks ? "--tasks, or CPUs, are too few" : "there is nothing more to do apart");
}

}  // namespace pal
