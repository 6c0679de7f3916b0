#include "pipeline/machine/slurm.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>

#include "pipeline/console/decimal.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

std::optional<std::uint64_t> number_of(const Environment& environment, const char* name,
                                       std::uint64_t least) {
    const char* value = environment(name);
    if (value == nullptr) return std::nullopt;
    const auto number = decimal_number(value);
    if (!number || *number < least) {
        throw Error(ErrorCode::kUsage,
                    fmt::format("the environment variable {}: found '{}', Slurm sets whole numbers "
                                "from {}; unset it outside of Slurm",
                                name, value, least));
    }
    return number;
}

std::uint64_t required_number(const Environment& environment, const char* name,
                              std::uint64_t least) {
    if (const auto number = number_of(environment, name, least)) return *number;
    throw Error(ErrorCode::kUsage,
                fmt::format("the environment variable {} is not set, though SLURM_ARRAY_TASK_ID "
                            "is: say which part this is, as --shard 0/4",
                            name));
}

}  // namespace

Environment own_environment() {
    return [](const char* name) { return std::getenv(name); };
}

std::optional<std::size_t> cpus_from_slurm(const Environment& environment) {
    return number_of(environment, "SLURM_CPUS_PER_TASK", 1);
}

std::optional<ArrayTask> array_task_from_slurm(const Environment& environment) {
    const auto id = number_of(environment, "SLURM_ARRAY_TASK_ID", 0);
    if (!id) return std::nullopt;
    const auto count = required_number(environment, "SLURM_ARRAY_TASK_COUNT", 1);
    const auto first = required_number(environment, "SLURM_ARRAY_TASK_MIN", 0);
    const auto last = required_number(environment, "SLURM_ARRAY_TASK_MAX", 0);
    const auto step = required_number(environment, "SLURM_ARRAY_TASK_STEP", 1);
    const bool even = first <= *id && *id <= last && (*id - first) % step == 0 &&
                      (last - first) / step == count - 1;
    if (!even) {
        throw Error(ErrorCode::kUsage,
                    fmt::format("task {} of an array of {} tasks from {} to {} in steps of {}: ids "
                                "in even steps are wanted, as --array=0-3; or say which part this "
                                "is, as --shard 0/4",
                                *id, count, first, last, step));
    }
    return ArrayTask{(*id - first) / step, count};
}

}  // namespace pal
