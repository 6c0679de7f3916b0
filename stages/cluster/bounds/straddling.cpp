#include "stages/cluster/bounds/straddling.hpp"

#include <algorithm>
#include <cmath>

#include "stages/cluster/arithmetic/rounding.hpp"

namespace pal::cluster {

namespace {

/// Sums over the points near a bin. Prefix sums and two hands that follow the bin give them.
class Neighbourhood {
  public:
    Neighbourhood(std::span<const CountedBin> bins, double rounding)
        : bins_(bins), weights_(bins.size() + 1), sums_(bins.size() + 1), rounding_(rounding) {
        double magnitude = 0;
        for (std::size_t b = 0; b < bins.size(); ++b) {
            weights_[b + 1] = weights_[b] + bins[b].weight;
            sums_[b + 1] = sums_[b] + bins[b].weight * bins[b].mean;
            magnitude += bins[b].weight * std::abs(bins[b].mean);
        }
        const double roundings = 4 * static_cast<double>(bins.size() + 4);
        doubt_ = roundings * kEpsilon * (magnitude + weights_.back());
    }

    /// Returns a lower bound of the sum of (reach - |x - t|)+, for every t in bins begin .. end -
    /// 1. Coordinates are below 2.
    double within(std::size_t begin, std::size_t end, double reach) {
        const double low = bins_[begin].low;
        const double high = bins_[end - 1].high;
        reach -= 4 * rounding_;
        move_hands(begin, end, high - reach, low + reach);
        const double below = weights_[begin] - weights_[first_];
        const double above = weights_[last_] - weights_[end];
        const double from_below = (reach - high) * below + (sums_[begin] - sums_[first_]);
        const double from_above = (reach + low) * above - (sums_[last_] - sums_[end]);
        const double inside =
            (weights_[end] - weights_[begin]) * std::max(0.0, reach - (high - low));
        return from_below + from_above + inside - doubt_;
    }

  private:
    /// Moves the hands to the bins whose means lie between: first_ .. last_ - 1. They include begin
    /// .. end - 1.
    void move_hands(std::size_t begin, std::size_t end, double lowest, double highest) {
        first_ = std::min(first_, begin);
        while (first_ > 0 && bins_[first_ - 1].mean > lowest) --first_;
        while (first_ < begin && !(bins_[first_].mean > lowest)) ++first_;
        last_ = std::max(last_, end);
        while (last_ < bins_.size() && bins_[last_].mean < highest) ++last_;
        while (last_ > end && !(bins_[last_ - 1].mean < highest)) --last_;
    }

    std::span<const CountedBin> bins_;
    std::vector<double> weights_;
    std::vector<double> sums_;
    double rounding_;
    double doubt_ = 0;
    std::size_t first_ = 0;
    std::size_t last_ = 0;
};

/// Returns the largest possible sum of distances of a bin's points to their mean: all points lie at
/// its ends.
double most_deviations(const CountedBin& bin, double rounding) {
    if (!(bin.low < bin.high)) return 0;  // equal values are never split
    const double below = bin.mean - bin.low + 2 * rounding;
    const double above = bin.high - bin.mean + 2 * rounding;
    return 2 * bin.weight * below * above / (below + above);
}

}  // namespace

std::vector<double> straddling_gains(std::span<const CountedBin> bins, double saving,
                                     double rounding) {
    constexpr double kStep = 1.125;  // h is found within this factor
    constexpr double kClose = 1.0 / 32;
    constexpr double kRoundedUp = 1 + 1e-9;
    // Both centroids lie among the points.
    const double widest = (bins.back().high - bins.front().low) / 2 + 2 * rounding;
    Neighbourhood neighbourhood(bins, rounding);
    std::vector<double> gains(bins.size());
    double half = widest;
    for (std::size_t begin = 0, end = 0; begin < bins.size(); begin = end) {
        // Bins that lie closer together than h have nearly the same h.
        end = begin + 1;
        while (end < bins.size() && bins[end].high - bins[begin].low < kClose * half) ++end;
        const auto too_far = [&](double h) {
            return 2 * h * neighbourhood.within(begin, end, h / 2) > saving;
        };
        while (half < widest && !too_far(half)) half *= kStep;
        while (half > 0 && too_far(half / kStep)) half /= kStep;
        half = std::min(half, widest);
        for (std::size_t b = begin; b < end; ++b)
            gains[b] = 2 * half * most_deviations(bins[b], rounding) * kRoundedUp;
    }
    return gains;
}

}  // namespace pal::cluster
