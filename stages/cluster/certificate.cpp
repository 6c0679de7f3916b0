#include "stages/cluster/certificate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stages/cluster/distinct_values.hpp"
#include "stages/cluster/ordered_key.hpp"
#include "stages/cluster/relaxed.hpp"
#include "stages/error.hpp"

namespace pal::cluster {

namespace {

constexpr int kMostRounds = 60;
constexpr int kParts = 4;  // that a bin is split into
// Means and spreads as Recount promises them, and the sums taken over them.
constexpr double kRounding = 1e-11;
constexpr std::size_t kFewPoints = 4096;
constexpr double kExactRounding = 1e-7;  // of cluster_exact's cost, see there
// Of the gap that is asked for, what rounding may take before costs of full precision are used.
constexpr double kToleratedSlack = 0.05;

template <class Real>
std::uint64_t widened_key(double value) {
    constexpr double kMost = std::numeric_limits<Real>::max();
    return key_of_value(static_cast<Real>(std::clamp(value, -kMost, kMost)));
}

/// The lowest key whose value is nearer to `above` than to `below`.
template <class Real>
std::uint64_t split_between(double below, double above) {
    return widened_key<Real>(below / 2 + above / 2);
}

/// Splits between bins of the data, and what was counted there.
template <class Real>
class Refinement {
  public:
    Refinement(std::span<const double> centroids, const Coordinates& coordinates)
        : centroids_(centroids), coordinates_(coordinates) {
        for (std::size_t c = 0; c + 1 < centroids.size(); ++c) {
            midpoints_.push_back(split_between<Real>(centroids[c], centroids[c + 1]));
            open_around(c);
        }
        tidy();
    }

    void recount(const Recount& count) {
        const std::vector<CountedBin> counted = count(splits_);
        PAL_ASSERT(counted.size() == splits_.size() + 1);
        bins_.clear();
        ranges_.clear();
        indivisible_.clear();
        for (std::size_t b = 0; b < counted.size(); ++b) {
            if (counted[b].count == 0) continue;
            const Range range{b == 0 ? 0 : splits_[b - 1],
                              b == splits_.size() ? widened_key<Real>(kHighest) + 1 : splits_[b]};
            bins_.push_back(counted[b].bin);
            ranges_.push_back(range);
            indivisible_.push_back(counted[b].count == 1 || range.end - range.begin == 1 ? 1 : 0);
        }
    }

    /// Splits the bins without which solutions cost less than `target`. False where there was
    /// none to split.
    bool split(const std::vector<double>& costs_without, double target) {
        const std::size_t before = splits_.size();
        for (std::size_t b = 0; b < bins_.size(); ++b) {
            if (indivisible_[b] == 0 && costs_without[b] < target) split_bin(b);
        }
        tidy();
        return splits_.size() > before;
    }

    [[nodiscard]] std::span<const Bin> bins() const { return bins_; }
    [[nodiscard]] std::span<const std::uint8_t> indivisible() const { return indivisible_; }

    /// Of the palette, in coordinates: every bin lies on one side of each midpoint.
    [[nodiscard]] double cost() const {
        double cost = 0;
        std::size_t c = 0;
        for (std::size_t b = 0; b < bins_.size(); ++b) {
            while (c < midpoints_.size() && midpoints_[c] <= ranges_[b].begin) ++c;
            const double distance = bins_[b].mean - coordinates_.of(centroids_[c]);
            cost += bins_[b].spread + bins_[b].weight * distance * distance;
        }
        return cost;
    }

  private:
    static constexpr double kHighest = std::numeric_limits<Real>::max();

    struct Range {
        std::uint64_t begin;
        std::uint64_t end;
    };

    /// Bins around a midpoint that double with their distance from it: a boundary of the optimum
    /// is likely there.
    void open_around(std::size_t c) {
        constexpr int kDoublings = 5;
        constexpr int kSteps = 3;  // a doubling
        const double middle = centroids_[c] / 2 + centroids_[c + 1] / 2;
        const double half = centroids_[c + 1] / 2 - centroids_[c] / 2;
        splits_.push_back(midpoints_.back());
        for (int d = 0; d <= kDoublings * kSteps; ++d) {
            const double distance = half * std::exp2(-static_cast<double>(d) / kSteps);
            splits_.push_back(widened_key<Real>(middle - distance));
            splits_.push_back(widened_key<Real>(middle + distance));
        }
    }

    /// Split about the mean by the standard deviation, which suits any distribution over any
    /// range, and at the middle key where that says nothing.
    void split_bin(std::size_t b) {
        const Range range = ranges_[b];
        if (range.end - range.begin < 2) return;
        const double deviation = std::sqrt(bins_[b].spread / bins_[b].weight);
        bool any = false;
        for (int p = 1; p < kParts; ++p) {
            constexpr double kSpan = 3.5;  // deviations; a uniform bin has 3.46
            const double at =
                bins_[b].mean + kSpan * deviation * (static_cast<double>(p) / kParts - 1.0 / 2);
            const std::uint64_t key = widened_key<Real>(coordinates_.back(at));
            if (key <= range.begin || key >= range.end) continue;
            splits_.push_back(key);
            any = true;
        }
        if (!any || deviation == 0) splits_.push_back(range.begin + (range.end - range.begin) / 2);
    }

    void tidy() {
        std::sort(splits_.begin(), splits_.end());
        splits_.erase(std::unique(splits_.begin(), splits_.end()), splits_.end());
    }

    std::span<const double> centroids_;
    Coordinates coordinates_;
    std::vector<std::uint64_t> midpoints_;
    std::vector<std::uint64_t> splits_;
    std::vector<Bin> bins_;
    std::vector<Range> ranges_;
    std::vector<std::uint8_t> indivisible_;
};

Relaxed relaxed_of(std::span<const Bin> bins, std::span<const std::uint8_t> indivisible,
                   std::size_t clusters, double tolerated_slack) {
    Relaxed relaxed(bins, indivisible, clusters, false);
    if (relaxed.slack() <= tolerated_slack) return relaxed;
    Relaxed precise(bins, indivisible, clusters, true);
    return precise.slack() < relaxed.slack() ? precise : relaxed;
}

Certificate certificate_of(double lower_bound, double cost, double tolerance, int rounds) {
    Certificate certificate{std::min(lower_bound, cost), cost, 0, false, rounds};
    if (cost > 0) {
        certificate.gap = certificate.lower_bound > 0
                              ? (cost - certificate.lower_bound) / certificate.lower_bound
                              : std::numeric_limits<double>::infinity();
    }
    certificate.reached = certificate.gap <= tolerance;
    return certificate;
}

/// Points in the order of their keys.
template <class Real>
class SortedPoints {
  public:
    SortedPoints(const WeightedPoints<Real>& points, const Coordinates& coordinates)
        : distinct_(distinct_values(points)), bins_(bins_of(distinct_, coordinates)) {
        keys_.reserve(bins_.size());
        for (const Real value : distinct_.values) keys_.push_back(key_of_value(value));
    }

    [[nodiscard]] std::vector<CountedBin> operator()(std::span<const std::uint64_t> splits) const {
        std::vector<CountedBin> counted(splits.size() + 1);
        std::size_t begin = 0;
        for (std::size_t b = 0; b < counted.size(); ++b) {
            const auto end =
                b == splits.size()
                    ? keys_.size()
                    : static_cast<std::size_t>(
                          std::lower_bound(keys_.begin() + static_cast<std::ptrdiff_t>(begin),
                                           keys_.end(), splits[b]) -
                          keys_.begin());
            // Equal values count once: they are as indivisible as one.
            if (end > begin) counted[b] = {end - begin, clusters_of(bins_, {begin, end}).front()};
            begin = end;
        }
        return counted;
    }

  private:
    DistinctValues<Real> distinct_;
    std::vector<Bin> bins_;
    std::vector<std::uint64_t> keys_;
};

}  // namespace

template <class Real>
Certificate certify(const Recount& recount, std::span<const double> centroids, std::size_t clusters,
                    const Coordinates& coordinates, double tolerance) {
    PAL_ASSERT(!centroids.empty() && centroids.size() <= clusters);
    Refinement<Real> refinement(centroids, coordinates);
    Certificate certificate;
    double lower_bound = 0;
    for (int round = 1;; ++round) {
        refinement.recount(recount);
        const double cost = refinement.cost();
        const Relaxed relaxed = relaxed_of(refinement.bins(), refinement.indivisible(), clusters,
                                           kToleratedSlack * tolerance * cost);
        lower_bound = std::max(lower_bound, relaxed.cost() * (1 - kRounding) - relaxed.slack());
        const double area = coordinates.unit * coordinates.unit;
        certificate =
            certificate_of(lower_bound / area, cost * (1 + kRounding) / area, tolerance, round);
        if (certificate.reached || round == kMostRounds) return certificate;
        const double target = cost / (1 + tolerance) + relaxed.slack();
        if (!refinement.split(relaxed.costs_without(), target)) return certificate;
    }
}

template <class Real>
Recount recount_in_memory(const WeightedPoints<Real>& points, const Coordinates& coordinates) {
    return SortedPoints<Real>(points, coordinates);
}

template <class Real>
Certificate certify(const WeightedPoints<Real>& points, std::span<const double> centroids,
                    std::size_t clusters, double tolerance) {
    const auto [low, high] = std::minmax_element(points.values.begin(), points.values.end());
    const Coordinates coordinates = coordinates_for(*low, *high);
    const Recount recount = recount_in_memory(points, coordinates);
    if (points.values.size() > kFewPoints)
        return certify<Real>(recount, centroids, clusters, coordinates, tolerance);
    Refinement<Real> counted(centroids, coordinates);
    counted.recount(recount);
    const double cost = counted.cost() * (1 + kRounding) / coordinates.unit / coordinates.unit;
    const double optimum = cluster_exact(points, clusters).cost;
    return certificate_of(optimum * (1 - kExactRounding), cost, tolerance, 1);
}

template Recount recount_in_memory<float>(const WeightedPoints<float>&, const Coordinates&);
template Recount recount_in_memory<double>(const WeightedPoints<double>&, const Coordinates&);
template Certificate certify<float>(const Recount&, std::span<const double>, std::size_t,
                                    const Coordinates&, double);
template Certificate certify<double>(const Recount&, std::span<const double>, std::size_t,
                                     const Coordinates&, double);
template Certificate certify<float>(const WeightedPoints<float>&, std::span<const double>,
                                    std::size_t, double);
template Certificate certify<double>(const WeightedPoints<double>&, std::span<const double>,
                                     std::size_t, double);

}  // namespace pal::cluster
