// Two forms in which engines take points: in memory with weights, or as floats read block by block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace pal {

/// Points in memory, with optional weights. At least one point. Values are finite. Weights are
/// finite and >= 0 with a positive sum (checked upstream).
template <class Real>
struct WeightedPoints {
    std::span<const Real> values;     // [count * dim], point after point
    std::span<const double> weights;  // [count]; empty means 1 each
};

}  // namespace pal

namespace pal::cluster {

/// Floats of one group, read in passes over blocks. A group in memory is a single block. A large
/// group is read from its tensor block by block, on several threads.
struct FloatBlocks {
    std::size_t count = 0;
    /// Visits every value once, in blocks, on several threads at a time.
    std::function<void(const std::function<void(std::span<const float>)>& visit)> for_each;
    /// Visits the stored 16 bits (f16 or bf16) of every value in the same way. Empty where the
    /// stored bits are not at hand.
    std::function<void(const std::function<void(std::span<const std::uint16_t>)>& visit)>
        for_each_stored;
    /// Returns `length` values from `begin` on. They stay valid until the thread's next call.
    std::function<std::span<const float>(std::size_t begin, std::size_t length)> read;
};

/// Returns values in memory as one block, visited on the calling thread. The values must outlive
/// it.
[[nodiscard]] inline FloatBlocks blocks_of(std::span<const float> values) {
    return {
        values.size(),
        [values](const auto& visit) { visit(values); },
        {},
        [values](std::size_t begin, std::size_t length) { return values.subspan(begin, length); }};
}

}  // namespace pal::cluster
