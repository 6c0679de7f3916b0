// The reference engine: meets the indices of coreai_opt.
#pragma once

#include <cstddef>

#include "stages/cluster/types/lut.hpp"
#include "stages/cluster/types/points.hpp"
#include "stages/tensor/dtype.hpp"
#include "stages/tensor/spec.hpp"

namespace pal {

/// Follows coreai_opt's scalar path step by step: dynamic programming in double over prefix sums
/// (SMAWK). enable_fast_kmeans_mode first rounds the values through f16 and to `rounding_precision`
/// decimals, if all of them are in the range of f16. Returns the clusters too.
template <class Real>
[[nodiscard]] Lut cluster_reference(const WeightedPoints<Real>& points, DType dtype,
                                    const PalettizationSpec& spec, std::size_t max_clusters);

}  // namespace pal
