#include "pipeline/machine/slurm.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "stages/tensor/error.hpp"

namespace pal {

namespace {

std::optional<std::uint64_t> number_of(const Environment& environment, const char* name,
                                       std::uint64_t least) {
    const char* value = environment(name);
    if (value == nullptr) return std::nullopt;
    const std::string_view text = value;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < least) {
        throw Error(ErrorCode::kUsage,
                    fmt::format("the environment variable {}: found '{}', Slurm sets whole numbers "
                                "from {}; unset it outside of Slurm",
                                name, text, least));
    }
    return number;
}

std::uint64_t number_that_is_there(const Environment& environment, const char* name,
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

std::optional<ShardChoice> shard_from_slurm(const Environment& environment) {
    const auto id = number_of(environment, "SLURM_ARRAY_TASK_ID", 0);
    if (!id) return std::nullopt;
    const auto count = number_that_is_there(environment, "SLURM_ARRAY_TASK_COUNT", 1);
    const auto first = number_that_is_there(environment, "SLURM_ARRAY_TASK_MIN", 0);
    const auto last = number_that_is_there(environment, "SLURM_ARRAY_TASK_MAX", 0);
    const auto step = number_that_is_there(environment, "SLURM_ARRAY_TASK_STEP", 1);
    const bool even = first <= *id && *id <= last && (*id - first) % step == 0 &&
                      (last - first) / step == count - 1;
    if (!even) {
        throw Error(ErrorCode::kUsage,
                    fmt::format("task {} of an array of {} tasks from {} to {} in steps of {}: ids "
                                "in even steps are wanted, as --array=0-3; or say which part this "
                                "is, as --shard 0/4",
                                *id, count, first, last, step));
    }
    return ShardChoice{(*id - first) / step, count};
}

}  // namespace pal
