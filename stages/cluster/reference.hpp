// The reference engine: the same indices as coreai_opt.
#pragma once

#include <cstddef>

#include "stages/cluster/types/lut.hpp"
#include "stages/cluster/types/points.hpp"
#include "stages/tensor/dtype.hpp"
#include "stages/tensor/spec.hpp"

namespace pal {

/// coreai_opt's scalar path step by step: values rounded through f16 and `rounding_precision`
/// decimals where enable_fast_kmeans_mode says so, dynamic programming in double over prefix sums
/// (SMAWK), clusters kept.
template <class Real>
[[nodiscard]] Lut cluster_reference(const WeightedPoints<Real>& points, DType dtype,
                                    const PalettizationSpec& spec, std::size_t max_clusters);

}  // namespace pal
