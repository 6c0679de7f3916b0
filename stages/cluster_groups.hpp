// The cluster stage: every group of a tensor through the chosen engine, into one LUT a group in the
// weight's dtype.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "stages/tensor.hpp"

namespace pal {

struct ClusterOptions {
    Engine engine = Engine::kFast;
    std::uint64_t seed = 0;
};

struct GroupPalettes {
    std::vector<double> lut;  // [group][2^n_bits][cluster_dim], rounded to dtype, short palettes
                              // padded with their last
    std::vector<std::uint8_t>
        indices;  // reference engine with cluster_dim 1 only: its own clusters, by index position
};

/// One palette a group. weights: scaled where the spec says so, finite. path seeds the vector
/// engine together with the seed and the group. Parallel over groups; a single group is parallel
/// inside. Same result for every thread count.
[[nodiscard]] GroupPalettes cluster_groups(const WeightValues& weights, const Geometry& geometry,
                                           DType dtype, const PalettizationSpec& spec,
                                           const ClusterOptions& options, std::string_view path);

}  // namespace pal
