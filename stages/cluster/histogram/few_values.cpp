#include "stages/cluster/histogram/few_values.hpp"

#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <unordered_map>

namespace pal::cluster {

namespace {

constexpr std::size_t kFewValues = std::size_t{1} << 14;

using Tally = std::unordered_map<std::uint32_t, std::uint64_t>;  // bits of a value, its count

}  // namespace

std::optional<DistinctValues<float>> few_values(const FloatBlocks& values) {
    tbb::enumerable_thread_specific<Tally> tallies;
    values.for_each([&](std::span<const float> block) {
        Tally& tally = tallies.local();
        for (const float value : block) {
            if (tally.size() > kFewValues) return;
            ++tally[std::bit_cast<std::uint32_t>(value + 0.0F)];  // -0 is +0
        }
    });
    Tally all;
    for (const Tally& tally : tallies) {
        for (const auto& [bits, count] : tally) all[bits] += count;
    }
    if (all.size() > kFewValues) return std::nullopt;
    DistinctValues<float> distinct;
    for (const auto& [bits, count] : all) distinct.values.push_back(std::bit_cast<float>(bits));
    std::sort(distinct.values.begin(), distinct.values.end());
    for (const float value : distinct.values) {
        distinct.weights.push_back(
            static_cast<double>(all.at(std::bit_cast<std::uint32_t>(value))));
    }
    return distinct;
}

}  // namespace pal::cluster
