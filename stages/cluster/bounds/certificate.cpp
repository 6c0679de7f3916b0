#include "stages/cluster/bounds/certificate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stages/cluster/bounds/binned_data.hpp"
#include "stages/cluster/bounds/straddling.hpp"
#include "stages/cluster/histogram/distinct_values.hpp"
#include "stages/cluster/histogram/pattern_histogram.hpp"
#include "stages/cluster/partition/partition.hpp"
#include "stages/cluster/partition/priced_partition.hpp"
#include "stages/tensor/error.hpp"

namespace pal::cluster {

namespace {

// Part of the tolerated gap that rounding may take before costs of full precision are used.
constexpr double kToleratedSlack = 0.05;
constexpr double kAimedAt = 0.9;  // part of the tolerance: leaves room for the slack
// A larger tolerance does not stop earlier: the gap itself is of interest, too.
constexpr double kMostAimedAt = 0.1;

struct Bound {
    double price = 0;
    double value = -std::numeric_limits<double>::infinity();  // less the slack
    double slack = 0;
};

/// Bounds the relaxed optimum from below. Stops once the bound is `enough`.
template <class Costs>
Bound relaxed_bound(const Costs& costs, std::span<const double> gains, std::size_t clusters,
                    double guess, double enough) {
    PricedProgram<Costs> program(costs, gains);
    PriceSearch search(clusters, guess);
    Priced last = program.solve(search.price());
    while (search.add(last) && search.best().bound(clusters) < enough)
        last = program.solve(search.price());
    const Priced& best = search.best();
    if (last.price != best.price) last = program.solve(best.price);
    const Slack own = program.slack();
    const double slack = (own.excess + own.rounding) * static_cast<double>(clusters + 1);
    return {best.price, last.bound(clusters) - slack, slack};
}

/// Bounds with prefix sums, and with precise costs if the slack is too large.
Bound relaxed_bound(std::span<const Bin> bins, std::span<const double> gains, std::size_t clusters,
                    double guess, double cost, double tolerance) {
    const double enough = cost / (1 + kAimedAt * tolerance);
    const Bound quick = relaxed_bound(PrefixCosts(bins), gains, clusters, guess, enough);
    if (quick.slack <= kToleratedSlack * tolerance * cost) return quick;
    const Bound precise = relaxed_bound(MergedCosts(bins), gains, clusters, quick.price, enough);
    return precise.value > quick.value ? precise : quick;
}

double lower_bound_of(const BinnedData& data, std::span<const double> centroids,
                      std::size_t clusters, double cost, double tolerance) {
    const std::span<const Bin> bins = data.bins();
    if (clusters == 1) return clusters_of(bins, {0, bins.size()}).front().spread;
    double guess = 2 * cost / static_cast<double>(clusters);
    double saving = data.most_saved(centroids, clusters);
    double lower = 0;
    constexpr int kRounds = 3;
    constexpr double kWorthwhileGain = 0.8;
    for (int round = 0; round < kRounds; ++round) {
        const std::vector<double> gains = straddling_gains(data.extents(), saving, data.rounding());
        const Bound bound = relaxed_bound(bins, gains, clusters, guess, cost, tolerance);
        lower = std::max(lower, bound.value);
        // One cluster more than k saves at most its price and what the bound leaves open.
        const double less = data.raised(cost - bound.value + bound.price);
        if (cost <= lower * (1 + tolerance) || less > kWorthwhileGain * saving) break;
        saving = less;
        guess = bound.price;
    }
    return lower;
}

}  // namespace

Certificate certify(std::span<const CountedBin> bins, std::span<const double> centroids,
                    std::size_t clusters, double tolerance) {
    PAL_ASSERT(!bins.empty() && !centroids.empty() && centroids.size() <= clusters);
    tolerance = std::min(tolerance, kMostAimedAt);
    const BinnedData data(bins);
    const double cost = data.cost_of(centroids);
    if (cost == 0) return {};
    const double lower = data.lowered(lower_bound_of(data, centroids, clusters, cost, tolerance));
    const double gap =
        lower > 0 ? std::max(0.0, (cost - lower) / lower) : std::numeric_limits<double>::infinity();
    const double unit = data.coordinates().unit;
    return {lower / unit / unit, cost / unit / unit, gap};
}

Certificate certify(const FloatBlocks& values, DType dtype, std::span<const double> centroids,
                    std::size_t clusters, double tolerance) {
    constexpr std::size_t kBinsACluster = 256;
    constexpr std::size_t kFewestFineBins = std::size_t{1} << 16;
    constexpr std::size_t kSortedForProof = std::size_t{1} << 20;
    const auto sorted = [&] {
        return certify(WeightedPoints<float>{values.read(0, values.count), {}}, centroids, clusters,
                       tolerance);
    };
    const auto binned = [&](std::size_t fine_bins, int passes) {
        const CountedHistogram histogram = counted_histogram(values, fine_bins, passes);
        PAL_ASSERT(histogram.finite);
        return certify(histogram.bins, centroids, clusters, tolerance);
    };
    const auto better = [](const Certificate& a, const Certificate& b) {
        return b.gap < a.gap ? b : a;
    };
    const std::size_t fine_bins = kBinsACluster * clusters;
    if (values.count <= 2 * fine_bins) return sorted();
    if (dtype == DType::kF16 || dtype == DType::kBF16)
        return certify(pattern_histogram(values, dtype).bins, centroids, clusters, tolerance);
    Certificate best = binned(fine_bins, 1);
    if (best.gap <= tolerance) return best;
    if (const auto few = few_values(values))
        return certify(counted_bins(*few), centroids, clusters, tolerance);
    best = better(best, binned(std::max(4 * fine_bins, kFewestFineBins), 2));
    if (best.gap <= tolerance || values.count > kSortedForProof) return best;
    return better(best, sorted());
}

template <class Real>
Certificate certify(const WeightedPoints<Real>& points, std::span<const double> centroids,
                    std::size_t clusters, double tolerance) {
    return certify(counted_bins(distinct_values(points)), centroids, clusters, tolerance);
}

template Certificate certify<float>(const WeightedPoints<float>&, std::span<const double>,
                                    std::size_t, double);
template Certificate certify<double>(const WeightedPoints<double>&, std::span<const double>,
                                     std::size_t, double);

}  // namespace pal::cluster
