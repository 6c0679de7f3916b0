// Details of a palettized tensor for reports: a histogram of its weights, the LUTs of some groups,
// and the groups with the largest errors. Small for any size of the tensor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "stages/tensor/tensor.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

/// Most that a TensorDetail keeps of a tensor.
struct DetailLimits {
    std::size_t strips = 256;       // of errors by group
    std::size_t groups = 20;        // with their LUT
    std::size_t lut_values = 1024;  // of all kept LUTs together; one LUT is always kept
};

inline constexpr std::size_t kHistogramBins = 64;
inline constexpr std::size_t kLutValues = 256;  // most values that are kept of one LUT

struct GroupDetail {
    std::size_t group = 0;
    double mse = 0;
    std::vector<double> lut;  // ascending; kLutValues evenly chosen ones of a larger LUT (vectors)
};

struct TensorDetail {
    /// Counts of weights in bins of equal width from low to high, the smallest and the largest
    /// weight. With per-channel scales: of weights divided by their scale, as LUT entries are.
    std::array<std::uint64_t, kHistogramBins> histogram{};
    double low = 0;
    double high = 0;
    bool scaled = false;  // with per-channel scales

    std::size_t group_count = 1;
    /// Number of consecutive groups in a strip; the last strip may have fewer.
    std::size_t groups_per_strip = 1;
    /// [strip] Mean squared error of its worst group.
    std::vector<double> strip_mse;
    /// Groups whose LUT is kept, ascending: all, or the worst ones (one in five) and the first
    /// ones. Of equally bad groups, the earlier is kept.
    std::vector<GroupDetail> groups;
};

/// Describes a tensor. weights: as loaded, finite. tensor: with its chunks. Numbers mean nothing if
/// weights decode to infinity. Two passes over the weights, the second with the indices. Parallel
/// over blocks and chunks, with the same result for every thread count. Throws what reading weights
/// and chunks throws.
[[nodiscard]] TensorDetail describe(const Weights& weights, const PalettizedTensor& tensor,
                                    const DetailLimits& limits = {});

}  // namespace pal
