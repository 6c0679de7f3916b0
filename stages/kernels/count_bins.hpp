// The inner loop of histograms: counts floats by their bits. All sums are integers. The result
// depends on the values alone, not on their order, the threads or the instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pal::kernels {

inline constexpr std::size_t kLeadingKeys = std::size_t{1} << 16;

/// Bins of one leading key (sign, exponent, 7 bits of the mantissa). Its values are binned by their
/// other 16 bits shifted right, from bin `first` on. A shift of kUncounted sets them aside.
struct KeySplit {
    std::uint32_t first = 0;
    std::uint32_t shift = 0;
};
inline constexpr std::uint32_t kUncounted = 32;

/// Layout of a bin: the count in the upper 24 bits, the sum of the other 16 bits in the lower 40.
/// It has room for kMostCounted values.
inline constexpr std::uint64_t kOneCounted = std::uint64_t{1} << 40;
inline constexpr std::size_t kMostCounted = (std::size_t{1} << 24) - 1;

/// Adds the values to the bins. Appends the bits of values of uncounted keys to `set_aside`.
/// splits: [kLeadingKeys]. bins: all that splits lead to.
void count_bins(std::span<const float> values, std::span<const KeySplit> splits,
                std::span<std::uint64_t> bins, std::vector<std::uint32_t>& set_aside);

}  // namespace pal::kernels
