#include "stages/cluster/certificate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stages/cluster/even_histogram.hpp"
#include "stages/cluster/distinct_values.hpp"
#include "stages/cluster/few_values.hpp"
#include "stages/cluster/priced_partition.hpp"
#include "stages/cluster/straddling.hpp"
#include "stages/error.hpp"

namespace pal::cluster {

namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr double kRounding = 1e-9;  // of sums of up to millions of positive terms
// Of the gap that is asked for, what rounding may take before costs of full precision are used.
constexpr double kToleratedSlack = 0.05;
constexpr double kAimedAt = 0.9;  // of the tolerance: room for the slack

/// The bins in coordinates.
class Counted {
  public:
    explicit Counted(std::span<const CountedBin> counted)
        : coordinates_(coordinates_for(counted.front().low, counted.back().high)) {
        bins_.reserve(counted.size());
        extents_.reserve(counted.size());
        for (const CountedBin& bin : counted) {
            const double mean = coordinates_.of(bin.mean);
            bins_.push_back({bin.weight, mean, 0});
            extents_.push_back(
                {bin.weight, mean, coordinates_.of(bin.low), coordinates_.of(bin.high)});
            weight_ += bin.weight;
        }
        const double largest =
            std::max(std::abs(counted.front().low), std::abs(counted.back().high));
        // A mean of several values is rounded at their magnitude; one value is what it is.
        const bool several = std::any_of(counted.begin(), counted.end(),
                                         [](const CountedBin& bin) { return bin.low < bin.high; });
        rounding_ = kEpsilon * (several ? 2 + 4 * largest * coordinates_.unit : 2);
        for (const Extent& bin : extents_) spread_ += most_spread(bin);
    }

    [[nodiscard]] std::span<const Bin> bins() const { return bins_; }
    [[nodiscard]] std::span<const Extent> extents() const { return extents_; }
    [[nodiscard]] double rounding() const { return rounding_; }
    [[nodiscard]] double unit() const { return coordinates_.unit; }

    /// Of the palette at most, every bin with the centroid that is nearest to its mean.
    [[nodiscard]] double cost_of(std::span<const double> centroids) const {
        double cost = spread_;
        for_each_nearest(centroids, [&](std::size_t b, std::size_t, double distance) {
            cost += bins_[b].weight * distance * distance;
        });
        return raised(cost);
    }

    /// At least what one more cluster than `clusters` (2 or more) saves. The optimum is convex in
    /// their number: no more than what each saved on the way from half of the palette's.
    [[nodiscard]] double most_saved(std::span<const double> centroids, std::size_t clusters) const {
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

    // Means are off by rounding_ at most. The root of the cost is a distance, so that it changes by
    // no more than the points move.
    [[nodiscard]] double raised(double cost) const {
        const double root = std::sqrt(cost) + 2 * rounding_ * std::sqrt(weight_);
        return cost == 0 && rounding_free() ? 0 : root * root * (1 + kRounding);
    }
    [[nodiscard]] double lowered(double cost) const {
        const double root = std::sqrt(std::max(0.0, cost)) - 2 * rounding_ * std::sqrt(weight_);
        return std::max(0.0, root) * std::max(0.0, root) * (1 - kRounding);
    }

  private:
    [[nodiscard]] double most_spread(const Extent& bin) const {
        if (!(bin.low < bin.high)) return 0;
        return bin.weight * (bin.mean - bin.low + 2 * rounding_) *
               (bin.high - bin.mean + 2 * rounding_);
    }
    /// Bins of one value each lie where they lie.
    [[nodiscard]] bool rounding_free() const { return spread_ == 0; }

    /// visit(bin, centroid, their distance).
    template <class Visit>
    void for_each_nearest(std::span<const double> centroids, const Visit& visit) const {
        std::size_t c = 0;
        const auto distance = [&](std::size_t b, std::size_t centroid) {
            return std::abs(bins_[b].mean - coordinates_.of(centroids[centroid]));
        };
        for (std::size_t b = 0; b < bins_.size(); ++b) {
            while (c + 1 < centroids.size() && distance(b, c + 1) <= distance(b, c)) ++c;
            visit(b, c, distance(b, c));
        }
    }

    Coordinates coordinates_;
    std::vector<Bin> bins_;
    std::vector<Extent> extents_;
    double weight_ = 0;
    double rounding_ = 0;
    double spread_ = 0;  // inside bins, at most
};

struct Bound {
    double price = 0;
    double value = -std::numeric_limits<double>::infinity();  // the slack taken off
    double slack = 0;
};

/// Of the relaxed optimum, until it is `enough`.
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

/// Quick where prefix sums do, else precise.
Bound relaxed_bound(std::span<const Bin> bins, std::span<const double> gains, std::size_t clusters,
                    double guess, double cost, double tolerance) {
    const double enough = cost / (1 + kAimedAt * tolerance);
    const Bound quick = relaxed_bound(PrefixCosts(bins), gains, clusters, guess, enough);
    if (quick.slack <= kToleratedSlack * tolerance * cost) return quick;
    const Bound precise = relaxed_bound(MergedCosts(bins), gains, clusters, quick.price, enough);
    return precise.value > quick.value ? precise : quick;
}

double lower_bound_of(const Counted& counted, std::span<const double> centroids,
                      std::size_t clusters, double cost, double tolerance) {
    const std::span<const Bin> bins = counted.bins();
    if (clusters == 1) return clusters_of(bins, {0, bins.size()}).front().spread;
    double guess = 2 * cost / static_cast<double>(clusters);
    double saving = counted.most_saved(centroids, clusters);
    double lower = 0;
    constexpr int kRounds = 3;
    constexpr double kWorthwhile = 0.8;
    for (int round = 0; round < kRounds; ++round) {
        const std::vector<double> gains =
            straddling_gains(counted.extents(), saving, counted.rounding());
        const Bound bound = relaxed_bound(bins, gains, clusters, guess, cost, tolerance);
        lower = std::max(lower, bound.value);
        // One more cluster than k saves no more than its price and what the bound leaves open.
        const double less = counted.raised(cost - bound.value + bound.price);
        if (cost <= lower * (1 + tolerance) || less > kWorthwhile * saving) break;
        saving = less;
        guess = bound.price;
    }
    return lower;
}

template <class Real>
std::vector<CountedBin> bins_of_values(const DistinctValues<Real>& distinct) {
    std::vector<CountedBin> bins;
    bins.reserve(distinct.values.size());
    for (std::size_t v = 0; v < distinct.values.size(); ++v) {
        const auto value = static_cast<double>(distinct.values[v]);
        bins.push_back({distinct.weights[v], value, value, value});
    }
    return bins;
}

}  // namespace

Certificate certify(std::span<const CountedBin> bins, std::span<const double> centroids,
                    std::size_t clusters, double tolerance) {
    PAL_ASSERT(!bins.empty() && !centroids.empty() && centroids.size() <= clusters);
    const Counted counted(bins);
    const double cost = counted.cost_of(centroids);
    if (cost == 0) return {};
    const double lower =
        counted.lowered(lower_bound_of(counted, centroids, clusters, cost, tolerance));
    const double gap =
        lower > 0 ? std::max(0.0, (cost - lower) / lower) : std::numeric_limits<double>::infinity();
    const double unit = counted.unit();
    return {lower / unit / unit, cost / unit / unit, gap};
}

Certificate certify(const FloatBlocks& values, DType dtype, std::span<const double> centroids,
                    std::size_t clusters, double tolerance) {
    constexpr std::size_t kBinsACluster = 256;
    constexpr std::size_t kFewestFineBins = std::size_t{1} << 16;
    constexpr std::size_t kSortable = std::size_t{1} << 20;
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
        return certify(bins_of_values(*few), centroids, clusters, tolerance);
    best = better(best, binned(std::max(4 * fine_bins, kFewestFineBins), 2));
    if (best.gap <= tolerance || values.count > kSortable) return best;
    return better(best, sorted());
}

template <class Real>
Certificate certify(const WeightedPoints<Real>& points, std::span<const double> centroids,
                    std::size_t clusters, double tolerance) {
    return certify(bins_of_values(distinct_values(points)), centroids, clusters, tolerance);
}

template Certificate certify<float>(const WeightedPoints<float>&, std::span<const double>,
                                    std::size_t, double);
template Certificate certify<double>(const WeightedPoints<double>&, std::span<const double>,
                                     std::size_t, double);

}  // namespace pal::cluster
