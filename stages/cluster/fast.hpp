// The fast engine: within 1e-4 of the optimum of one-dimensional k-means.
#pragma once

#include <cstddef>
#include <optional>

#include "stages/cluster/types/lut.hpp"
#include "stages/cluster/types/points.hpp"
#include "stages/tensor/dtype.hpp"

namespace pal {

/// Returns a LUT whose cost is within a relative 1e-4 of cluster_exact's. Counts the values into a
/// histogram and partitions its bins from coarse to fine. O(n) time with a small constant. `dtype`
/// tells which values are possible: f16 and bf16 get a bin per value. Lut::cost is an estimate,
/// since bins know no more.
template <class Real>
[[nodiscard]] Lut cluster_fast(const WeightedPoints<Real>& points, DType dtype,
                               std::size_t max_clusters);

/// The same for unweighted floats that are read in blocks: mostly in one pass, otherwise in a few.
/// Returns nothing if a value is NaN or infinite.
[[nodiscard]] std::optional<Lut> cluster_fast(const cluster::FloatBlocks& values, DType dtype,
                                              std::size_t max_clusters);

}  // namespace pal
