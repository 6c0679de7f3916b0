// What people look at in a palettized tensor beside its error as a whole: how its weights are
// spread, where its LUT entries lie among them, and which groups lost most. Small whatever the size
// of the tensor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "stages/tensor/tensor.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

/// What is kept of a tensor, at most.
struct DetailLimits {
    std::size_t strips = 256;       // of the errors by group
    std::size_t groups = 20;        // whose LUT is kept
    std::size_t lut_values = 1024;  // of all LUTs that are kept, but for one LUT
};

inline constexpr std::size_t kHistogramBins = 64;
inline constexpr std::size_t kLutValues = 256;  // that are kept of one LUT, at most

struct GroupDetail {
    std::size_t group = 0;
    double mse = 0;
    std::vector<double> lut;  // ascending; of larger LUTs (vectors) kLutValues evenly chosen ones
};

struct TensorDetail {
    /// Bins of one width over low .. high, the smallest and the largest weight; where weights have
    /// a per-channel scale, divided by it, as LUT entries are.
    std::array<std::uint64_t, kHistogramBins> histogram{};
    double low = 0;
    double high = 0;
    bool scaled = false;

    std::size_t group_count = 1;
    /// A strip is so many groups that follow one another; the last may be fewer.
    std::size_t groups_per_strip = 1;
    /// [strip]: the mean squared error of its worst group.
    std::vector<double> strip_mse;
    /// Ascending: all, or the first ones and the worst (one in five), which of equals the earlier.
    std::vector<GroupDetail> groups;
};

/// weights: as loaded, finite; tensor: with its chunks. Numbers mean nothing where weights decode
/// to infinity. Two passes over the weights, the second with the indices; parallel over blocks and
/// chunks, the same for any number of threads. Throws what reading weights and chunks throws.
[[nodiscard]] TensorDetail describe(const Weights& weights, const PalettizedTensor& tensor,
                                    const DetailLimits& limits = {});

}  // namespace pal
