// The exact engine: the optimum of one-dimensional k-means (Wang and Song 2011, Grønlund et al.
// 2017) over all distinct values.
#include "stages/cluster/cluster.hpp"
#include "stages/cluster/distinct_values.hpp"
#include "stages/cluster/partition.hpp"

namespace pal {

template <class Real>
Palette cluster_exact(const WeightedPoints<Real>& points, std::size_t max_clusters) {
    const auto distinct = cluster::distinct_values(points);
    if (distinct.values.size() <= max_clusters) return cluster::palette_of_values(distinct);
    const auto coordinates =
        cluster::coordinates_for(distinct.values.front(), distinct.values.back());
    const auto bins = cluster::bins_of(distinct, coordinates);
    const auto boundaries = cluster::optimal_partition(bins, max_clusters);
    return cluster::palette_of_partition(bins, boundaries, coordinates);
}

template Palette cluster_exact<float>(const WeightedPoints<float>&, std::size_t);
template Palette cluster_exact<double>(const WeightedPoints<double>&, std::size_t);

}  // namespace pal
