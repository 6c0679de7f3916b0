// Points as engines take them: in memory with weights, or as floats that are read block by block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace pal {

/// Points with weights; empty weights mean 1 each. Values finite, weights finite and >= 0 with a
/// positive sum (checked upstream). At least one point.
template <class Real>
struct WeightedPoints {
    std::span<const Real> values;     // [count * dim], point after point
    std::span<const double> weights;  // [count] or empty
};

}  // namespace pal

namespace pal::cluster {

/// One group's floats as passes over blocks: what the fast engine reads. A group in memory is one
/// block; a large one is read from its tensor block by block, by several threads.
struct FloatBlocks {
    std::size_t count = 0;
    /// Calls visit with every value once, in blocks, on several threads at a time.
    std::function<void(const std::function<void(std::span<const float>)>& visit)> for_each;
    /// The same as the 16 bits of f16 or bf16 that stand for each value; empty where values are not
    /// at hand so.
    std::function<void(const std::function<void(std::span<const std::uint16_t>)>& visit)>
        for_each_stored;
    /// `length` values from `begin` on; valid until the thread's next call.
    std::function<std::span<const float>(std::size_t begin, std::size_t length)> read;
};

/// Values in memory, which must outlive it; one block on the calling thread.
[[nodiscard]] inline FloatBlocks blocks_of(std::span<const float> values) {
    return {
        values.size(),
        [values](const auto& visit) { visit(values); },
        {},
        [values](std::size_t begin, std::size_t length) { return values.subspan(begin, length); }};
}

}  // namespace pal::cluster
