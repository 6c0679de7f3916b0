// The fast engine: close to the optimum of one-dimensional k-means.
#pragma once

#include <cstddef>
#include <optional>

#include "stages/cluster/types/lut.hpp"
#include "stages/cluster/types/points.hpp"
#include "stages/tensor/dtype.hpp"

namespace pal {

/// Within 1e-4 (relative) of cluster_exact: a histogram of the values, dynamic programming over its
/// bins from coarse to fine. O(n) time with a small constant. dtype tells which values are
/// possible: f16 and bf16 get a bin for each. The cost is an estimate: the bins know no more.
template <class Real>
[[nodiscard]] Lut cluster_fast(const WeightedPoints<Real>& points, DType dtype,
                               std::size_t max_clusters);

/// The same for unweighted floats that are read in blocks: one pass over them as a rule, or a
/// few. Nothing where there is a NaN or infinity among them.
[[nodiscard]] std::optional<Lut> cluster_fast(const cluster::FloatBlocks& values, DType dtype,
                                              std::size_t max_clusters);

}  // namespace pal
