#include "stages/cluster/scalar_luts.hpp"

#include "stages/cluster/partition/good_partition.hpp"
#include "stages/cluster/partition/partition.hpp"
#include "stages/cluster/partition/proven_partition.hpp"

namespace pal::cluster {

namespace {

// Up to so many values are solved by price. The windows of good_partition end in a local optimum
// now and then: six of a thousand groups were more than 1e-4 above the optimum, the worst 8e-4.
constexpr std::size_t kMostPriced = 1024;
constexpr std::size_t kMostPricedClusters =
    48;                              // from so many on windows find the optimum, and sooner
constexpr double kTolerated = 2e-5;  // part of the cost

std::vector<std::size_t> partition_of_values(std::span<const Bin> bins, std::size_t k) {
    if (bins.size() > kFewBins && bins.size() <= kMostPriced && k > 1 && k < kMostPricedClusters) {
        auto boundaries = quick_partition(bins, k, kTolerated);
        if (!boundaries.empty()) return boundaries;
    }
    return good_partition(bins, k);
}

}  // namespace

template <class Real>
Lut lut_of_values(const DistinctValues<Real>& distinct) {
    return {{distinct.values.begin(), distinct.values.end()}, 0.0, {}};
}

Lut lut_of_clusters(std::span<const Bin> clusters, const Coordinates& coordinates) {
    Lut lut;
    lut.centroids.reserve(clusters.size());
    for (const Bin& cluster : clusters) {
        lut.centroids.push_back(coordinates.back(cluster.mean));
        lut.cost += cluster.spread / coordinates.unit / coordinates.unit;
    }
    return lut;
}

Lut lut_of_partition(std::span<const Bin> bins, const std::vector<std::size_t>& boundaries,
                     const Coordinates& coordinates) {
    return lut_of_clusters(clusters_of(bins, boundaries), coordinates);
}

template <class Real>
Lut good_lut(const DistinctValues<Real>& distinct, std::size_t max_clusters) {
    if (distinct.values.size() <= max_clusters) return lut_of_values(distinct);
    const auto coordinates = coordinates_for(distinct.values.front(), distinct.values.back());
    const auto bins = bins_of(distinct, coordinates);
    return lut_of_partition(bins, partition_of_values(bins, max_clusters), coordinates);
}

template Lut lut_of_values<float>(const DistinctValues<float>&);
template Lut lut_of_values<double>(const DistinctValues<double>&);
template Lut good_lut<float>(const DistinctValues<float>&, std::size_t);
template Lut good_lut<double>(const DistinctValues<double>&, std::size_t);

}  // namespace pal::cluster
