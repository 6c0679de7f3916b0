#include "stages/cluster/bounds/binned_data.hpp"

#include <algorithm>
#include <cmath>

#include "stages/cluster/arithmetic/rounding.hpp"

namespace pal::cluster {

namespace {

constexpr double kRounding = 1e-9;  // relative error of sums of up to millions of positive terms
constexpr double kSmallest = 0x1p-1000;  // stands for squares that may underflow

}  // namespace

BinnedData::BinnedData(std::span<const CountedBin> counted)
    : coordinates_(coordinates_for(counted.front().low, counted.back().high)) {
    bins_.reserve(counted.size());
    extents_.reserve(counted.size());
    for (const CountedBin& bin : counted) {
        const double mean = coordinates_.of(bin.mean);
        bins_.push_back({bin.weight, mean, 0});
        extents_.push_back({bin.weight, mean, coordinates_.of(bin.low), coordinates_.of(bin.high)});
        weight_ += bin.weight;
    }
    const double largest = std::max(std::abs(counted.front().low), std::abs(counted.back().high));
    // A mean of several values is rounded at their magnitude. A single value is mostly exact.
    const bool several = std::any_of(counted.begin(), counted.end(),
                                     [](const CountedBin& bin) { return bin.low < bin.high; });
    const bool exact = std::all_of(counted.begin(), counted.end(), [this](const CountedBin& bin) {
        return coordinates_.back(coordinates_.of(bin.mean)) == bin.mean;
    });
    if (several || !exact)
        rounding_ = kEpsilon * (several ? 2 + 4 * largest * coordinates_.unit : 2);
    for (const CountedBin& bin : extents_) spread_ += most_spread(bin);
}

double BinnedData::most_spread(const CountedBin& bin) const {
    if (!(bin.low < bin.high)) return 0;
    return bin.weight * (bin.mean - bin.low + 2 * rounding_) *
           (bin.high - bin.mean + 2 * rounding_);
}

/// Calls visit(bin, centroid, their distance) for each bin and its nearest centroid.
template <class Visit>
void BinnedData::for_each_nearest(std::span<const double> centroids, const Visit& visit) const {
    std::size_t c = 0;
    const auto distance = [&](std::size_t b, std::size_t centroid) {
        return std::abs(bins_[b].mean - coordinates_.of(centroids[centroid]));
    };
    for (std::size_t b = 0; b < bins_.size(); ++b) {
        while (c + 1 < centroids.size() && distance(b, c + 1) <= distance(b, c)) ++c;
        visit(b, c, distance(b, c));
    }
}

double BinnedData::cost_of(std::span<const double> centroids) const {
    double cost = spread_;
    for_each_nearest(centroids, [&](std::size_t b, std::size_t, double distance) {
        if (distance > 0) cost += std::max(kSmallest, bins_[b].weight * distance * distance);
    });
    return raised(cost);
}

double BinnedData::most_saved(std::span<const double> centroids, std::size_t clusters) const {
    double cost = spread_;
    std::size_t pairs = 0;
    std::size_t last = centroids.size();
    std::size_t taken = 0;
    Bin pair;
    for_each_nearest(centroids, [&](std::size_t b, std::size_t c, double) {
        if (c != last && taken++ % 2 == 0) {
            cost += pair.spread;
            pair = bins_[b];
            ++pairs;
        } else {
            pair = merged(pair, bins_[b]);
        }
        last = c;
    });
    return raised(cost + pair.spread) / static_cast<double>(clusters - pairs);
}

double BinnedData::raised(double cost) const {
    // Bins of one value each are exact.
    if (cost == 0 && spread_ == 0) return 0;
    const double root = std::sqrt(cost) + 2 * rounding_ * std::sqrt(weight_);
    return root * root * (1 + kRounding);
}

double BinnedData::lowered(double cost) const {
    const double root =
        std::max(0.0, std::sqrt(std::max(0.0, cost)) - 2 * rounding_ * std::sqrt(weight_));
    return root * root * (1 - kRounding);
}

}  // namespace pal::cluster
