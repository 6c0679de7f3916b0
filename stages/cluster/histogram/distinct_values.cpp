#include "stages/cluster/histogram/distinct_values.hpp"

#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <numeric>
#include <span>
#include <unordered_map>
#include <utility>

#include "stages/kernels/sort.hpp"

namespace pal::cluster {

namespace {

constexpr std::size_t kFewValues = std::size_t{1} << 14;

using Tally = std::unordered_map<std::uint32_t, std::uint64_t>;  // bits of a value, its count

/// Merges equal neighbours of sorted values.
template <class Real>
DistinctValues<Real> distinct_of_sorted(std::vector<Real> sorted) {
    DistinctValues<Real> distinct;
    distinct.weights.resize(sorted.size());
    std::size_t count = 0;
    for (const Real value : sorted) {
        if (count > 0 && sorted[count - 1] == value) {
            ++distinct.weights[count - 1];
        } else {
            sorted[count] = value + Real{0};  // -0 becomes +0
            distinct.weights[count++] = 1;
        }
    }
    sorted.resize(count);
    distinct.weights.resize(count);
    distinct.values = std::move(sorted);
    return distinct;
}

}  // namespace

template <class Real>
DistinctValues<Real> distinct_values(const WeightedPoints<Real>& points) {
    if (points.weights.empty()) {
        std::vector<Real> sorted(points.values.begin(), points.values.end());
        kernels::sort_ascending(sorted);
        return distinct_of_sorted(std::move(sorted));
    }
    DistinctValues<Real> distinct;
    std::vector<std::size_t> order(points.values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return points.values[a] < points.values[b];
    });
    for (const std::size_t p : order) {
        const Real value = points.values[p];
        const double weight = points.weights[p];
        if (!(weight > 0)) continue;
        if (!distinct.values.empty() && distinct.values.back() == value) {
            distinct.weights.back() += weight;
        } else {
            distinct.values.push_back(value + Real{0});  // -0 becomes +0
            distinct.weights.push_back(weight);
        }
    }
    return distinct;
}

std::optional<DistinctValues<float>> few_values(const FloatBlocks& values) {
    tbb::enumerable_thread_specific<Tally> tallies;
    values.for_each([&](std::span<const float> block) {
        Tally& tally = tallies.local();
        for (const float value : block) {
            if (tally.size() > kFewValues) return;
            ++tally[std::bit_cast<std::uint32_t>(value + 0.0F)];  // -0 is +0
        }
    });
    Tally all;
    for (const Tally& tally : tallies) {
        for (const auto& [bits, count] : tally) all[bits] += count;
    }
    if (all.size() > kFewValues) return std::nullopt;
    DistinctValues<float> distinct;
    for (const auto& [bits, count] : all) distinct.values.push_back(std::bit_cast<float>(bits));
    std::sort(distinct.values.begin(), distinct.values.end());
    for (const float value : distinct.values) {
        distinct.weights.push_back(
            static_cast<double>(all.at(std::bit_cast<std::uint32_t>(value))));
    }
    return distinct;
}

template <class Real>
std::vector<Bin> bins_of(const DistinctValues<Real>& distinct, const Coordinates& coordinates) {
    std::vector<Bin> bins(distinct.values.size());
    for (std::size_t v = 0; v < bins.size(); ++v) {
        bins[v] = {distinct.weights[v], coordinates.of(static_cast<double>(distinct.values[v])), 0};
    }
    return bins;
}

template <class Real>
std::vector<CountedBin> counted_bins(const DistinctValues<Real>& distinct) {
    std::vector<CountedBin> bins;
    bins.reserve(distinct.values.size());
    for (std::size_t v = 0; v < distinct.values.size(); ++v) {
        const auto value = static_cast<double>(distinct.values[v]);
        bins.push_back({distinct.weights[v], value, value, value});
    }
    return bins;
}

template DistinctValues<float> distinct_values<float>(const WeightedPoints<float>&);
template DistinctValues<double> distinct_values<double>(const WeightedPoints<double>&);
template std::vector<Bin> bins_of<float>(const DistinctValues<float>&, const Coordinates&);
template std::vector<Bin> bins_of<double>(const DistinctValues<double>&, const Coordinates&);
template std::vector<CountedBin> counted_bins<float>(const DistinctValues<float>&);
template std::vector<CountedBin> counted_bins<double>(const DistinctValues<double>&);

}  // namespace pal::cluster
