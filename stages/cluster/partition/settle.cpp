#include "stages/cluster/partition/settle.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace pal::cluster {

namespace {

constexpr int kSettlingSteps = 4;

struct SettledSums {
    double weight = 0;
    double sum = 0;
};

/// Sums of the values below a position.
class Below {
  public:
    explicit Below(std::span<const Bin> bins) : bins_(bins), before_(bins.size() + 1) {
        for (std::size_t b = 0; b < bins.size(); ++b) {
            before_[b + 1] = {before_[b].weight + bins[b].weight,
                              before_[b].sum + bins[b].weight * bins[b].mean};
        }
    }

    [[nodiscard]] SettledSums all() const { return before_.back(); }

    /// Returns the sums below `position`. hand: a bin nearby; it moves to the bin with the nearest
    /// mean below or at the position.
    SettledSums operator()(double position, std::size_t& hand) const {
        while (hand > 0 && bins_[hand].mean > position) --hand;
        while (hand + 1 < bins_.size() && bins_[hand + 1].mean <= position) ++hand;
        // The position may lie inside the next bin, below its mean.
        SettledSums sums = before_[hand];
        add_part(hand, position, sums);
        if (hand + 1 < bins_.size()) add_part(hand + 1, position, sums);
        return sums;
    }

  private:
    /// Adds the part of bin b that lies below the position.
    void add_part(std::size_t b, double position, SettledSums& sums) const {
        constexpr double kOfEven = 12;  // width^2 in variances
        const Bin& bin = bins_[b];
        const double half = std::sqrt(kOfEven * bin.spread / bin.weight) / 2;
        const double low = bin.mean - half;
        if (position >= bin.mean + half) {
            sums.weight += bin.weight;
            sums.sum += bin.weight * bin.mean;
        }
        if (position <= low || position >= bin.mean + half) return;
        const double part = bin.weight * (position - low) / (2 * half);
        sums.weight += part;
        sums.sum += part * (low + position) / 2;
    }

    std::span<const Bin> bins_;
    std::vector<SettledSums> before_;
};

}  // namespace

void settle(std::span<const Bin> bins, std::span<Bin> clusters) {
    const Below below(bins);
    std::vector<std::size_t> hands(clusters.size());
    std::vector<SettledSums> edges(clusters.size() + 1);
    edges.back() = below.all();
    for (int step = 0; step < kSettlingSteps; ++step) {
        const std::vector<Bin> before(clusters.begin(), clusters.end());
        for (std::size_t c = 1; c < clusters.size(); ++c) {
            if (step == 0) hands[c] = hands[c - 1];
            edges[c] = below((clusters[c - 1].mean + clusters[c].mean) / 2, hands[c]);
        }
        for (std::size_t c = 0; c < clusters.size(); ++c) {
            const double weight = edges[c + 1].weight - edges[c].weight;
            if (!(weight > 0)) continue;  // a mean that is nearest to nothing stays
            clusters[c].weight = weight;
            clusters[c].mean = (edges[c + 1].sum - edges[c].sum) / weight;
        }
        // The mean of next to nothing is all rounding.
        if (std::ranges::is_sorted(clusters, {}, &Bin::mean)) continue;
        std::ranges::copy(before, clusters.begin());
        return;
    }
}

}  // namespace pal::cluster
