#include "stages/cluster/straddling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pal::cluster {

namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

/// Sums over the points near a bin, by prefix sums and two hands that follow the bin.
class Neighbourhood {
  public:
    Neighbourhood(std::span<const Extent> bins, double rounding)
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

    /// At least the sum of (reach - |x - t|)+ for every t in the bin. Coordinates are below 2.
    double within(std::size_t bin, double reach) {
        const Extent& own = bins_[bin];
        reach -= 4 * rounding_;
        move_hands(bin, reach);
        const double below = weights_[bin] - weights_[first_];
        const double above = weights_[last_] - weights_[bin + 1];
        const double from_below = (reach - own.high) * below + (sums_[bin] - sums_[first_]);
        const double from_above = (reach + own.low) * above - (sums_[last_] - sums_[bin + 1]);
        const double inside = own.weight * std::max(0.0, reach - (own.high - own.low));
        return from_below + from_above + inside - doubt_;
    }

  private:
    /// Bins whose means lie within the reach of all of the bin: first_ .. last_ - 1.
    void move_hands(std::size_t bin, double reach) {
        const double lowest = bins_[bin].high - reach;
        first_ = std::min(first_, bin);
        while (first_ > 0 && bins_[first_ - 1].mean > lowest) --first_;
        while (first_ < bin && !(bins_[first_].mean > lowest)) ++first_;
        const double highest = bins_[bin].low + reach;
        last_ = std::max(last_, bin + 1);
        while (last_ < bins_.size() && bins_[last_].mean < highest) ++last_;
        while (last_ > bin + 1 && !(bins_[last_ - 1].mean < highest)) --last_;
    }

    std::span<const Extent> bins_;
    std::vector<double> weights_;
    std::vector<double> sums_;
    double rounding_;
    double doubt_ = 0;
    std::size_t first_ = 0;
    std::size_t last_ = 0;
};

}  // namespace

std::vector<double> straddling_gains(std::span<const Extent> bins, double saving, double rounding) {
    constexpr double kStep = 1.125;  // h is met within this factor
    constexpr double kRoundedUp = 1 + 1e-9;
    // Both centroids lie among the points.
    const double widest = (bins.back().high - bins.front().low) / 2 + 2 * rounding;
    Neighbourhood neighbourhood(bins, rounding);
    std::vector<double> gains(bins.size());
    double half = widest;
    for (std::size_t b = 0; b < bins.size(); ++b) {
        const Extent& bin = bins[b];
        if (!(bin.low < bin.high)) continue;  // equal values are not split
        const auto too_far = [&](double h) {
            return 2 * h * neighbourhood.within(b, h / 2) > saving;
        };
        while (half < widest && !too_far(half)) half *= kStep;
        while (half > 0 && too_far(half / kStep)) half /= kStep;
        half = std::min(half, widest);
        const double below = bin.mean - bin.low + 2 * rounding;
        const double above = bin.high - bin.mean + 2 * rounding;
        const double deviations = 2 * bin.weight * below * above / (below + above);
        gains[b] = 2 * half * deviations * kRoundedUp;
    }
    return gains;
}

}  // namespace pal::cluster
