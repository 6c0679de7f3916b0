// The inner loop of histograms: floats counted by their bits. All integers: the result depends on
// the values alone, not on their order, the threads or the instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pal::kernels {

inline constexpr std::size_t kLeadingKeys = std::size_t{1} << 16;

/// How the values of one leading key (sign, exponent, 7 bits of the mantissa) are binned: by their
/// other 16 bits shifted right, from bin `first` on. kUncounted: they are set aside.
struct KeySplit {
    std::uint32_t first = 0;
    std::uint32_t shift = 0;
};
inline constexpr std::uint32_t kUncounted = 32;

/// A bin holds its count in the upper 24 bits and the sum of the other 16 bits in the lower 40:
/// good for kMostCounted values.
inline constexpr std::uint64_t kOneCounted = std::uint64_t{1} << 40;
inline constexpr std::size_t kMostCounted = (std::size_t{1} << 24) - 1;

/// Adds the values to the bins; appends the bits of values of uncounted keys to `set_aside`.
/// splits: kLeadingKeys. bins: all that splits lead to.
void count_bins(std::span<const float> values, std::span<const KeySplit> splits,
                std::span<std::uint64_t> bins, std::vector<std::uint32_t>& set_aside);

}  // namespace pal::kernels
