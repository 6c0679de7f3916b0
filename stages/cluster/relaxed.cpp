#include "stages/cluster/relaxed.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "stages/error.hpp"
#include "stages/parallel.hpp"

namespace pal::cluster {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kParallelRow = std::size_t{1} << 14;
// MergedCosts: some 70 roundings of positive terms at most.
constexpr double kPreciseRounding = 128 * std::numeric_limits<double>::epsilon();

/// cost[j] = min over i <= j of open[i] + cost(i, j); an empty cluster costs nothing. The
/// minimising i never falls as j grows, whatever open: the middle bounds both halves.
template <class Costs>
class RelaxedRow {
  public:
    RelaxedRow(const Costs& costs, std::span<const double> open, std::span<double> cost)
        : costs_(costs), open_(open), cost_(cost) {}

    void fill(std::size_t first, std::size_t last, std::size_t low, std::size_t high) const {
        const std::size_t middle = first + (last - first) / 2;
        double least = kInfinity;
        std::size_t at = low;
        for (std::size_t i = low; i <= std::min(high, middle); ++i) {
            const double cost = open_[i] + (i == middle ? 0.0 : costs_(i, middle));
            if (cost < least) {
                least = cost;
                at = i;
            }
        }
        cost_[middle] = least;
        const auto left = [=, this] {
            if (middle > first) fill(first, middle - 1, low, at);
        };
        const auto right = [=, this] {
            if (middle < last) fill(middle + 1, last, at, high);
        };
        if (last - first < kParallelRow) {
            left();
            right();
        } else {
            both(left, right);
        }
    }

  private:
    const Costs& costs_;
    std::span<const double> open_;
    std::span<double> cost_;
};

/// open[j]: cost[j], or cost without the bin in front of position j where that is less.
void leave_out(std::span<const double> cost, std::span<const std::uint8_t> indivisible,
               std::span<double> open) {
    open[0] = cost[0];
    for (std::size_t j = 1; j < cost.size(); ++j)
        open[j] = indivisible[j - 1] != 0 ? cost[j] : std::min(cost[j], cost[j - 1]);
}

template <class Costs, class OnRow>
void run_rows(const Costs& costs, std::span<const std::uint8_t> indivisible, std::size_t clusters,
              const OnRow& on_row) {
    const std::size_t positions = indivisible.size() + 1;
    std::vector<double> cost(positions, kInfinity);
    std::vector<double> open(positions, kInfinity);
    cost[0] = open[0] = 0;
    on_row(0, std::span<const double>(cost));
    for (std::size_t c = 1; c <= clusters; ++c) {
        if (c > 1) leave_out(cost, indivisible, open);
        RelaxedRow(costs, std::span<const double>(open), std::span<double>(cost))
            .fill(0, positions - 1, 0, positions - 1);
        on_row(c, std::span<const double>(cost));
    }
}

}  // namespace

template <class OnRow>
void Relaxed::for_each_row(std::span<const Bin> bins, std::span<const std::uint8_t> indivisible,
                           const OnRow& on_row) const {
    isolated([&] {
        if (precise_) {
            run_rows(MergedCosts(bins), indivisible, clusters_, on_row);
        } else {
            run_rows(PrefixCosts(bins), indivisible, clusters_, on_row);
        }
    });
}

Relaxed::Relaxed(std::span<const Bin> bins, std::span<const std::uint8_t> indivisible,
                 std::size_t clusters, bool precise)
    : bins_(bins),
      indivisible_(indivisible),
      clusters_(clusters),
      positions_(bins.size() + 1),
      precise_(precise) {
    PAL_ASSERT(clusters >= 1 && !bins.empty() && indivisible.size() == bins.size());
    slack_ =
        precise ? kPreciseRounding * MergedCosts(bins)(0, bins.size()) : PrefixCosts(bins).doubt();
    slack_ *=
        (2 * static_cast<double>(std::bit_width(positions_)) + 4) * static_cast<double>(clusters);
    forward_.reserve((clusters + 1) * positions_);
    for_each_row(bins, indivisible, [&](std::size_t, std::span<const double> cost) {
        forward_.insert(forward_.end(), cost.begin(), cost.end());
    });
}

template <class OnRow>
void Relaxed::backwards(const OnRow& on_row) const {
    std::vector<Bin> bins(bins_.rbegin(), bins_.rend());
    for (Bin& bin : bins) bin.mean = -bin.mean;
    const std::vector<std::uint8_t> indivisible(indivisible_.rbegin(), indivisible_.rend());
    std::vector<double> behind(positions_);
    for_each_row(bins, indivisible, [&](std::size_t c, std::span<const double> cost) {
        if (c == 0 || c == clusters_) return;
        std::reverse_copy(cost.begin(), cost.end(), behind.begin());
        on_row(clusters_ - c, std::span<const double>(behind));
    });
}

std::vector<double> Relaxed::costs_without() const {
    std::vector<double> least(bins_.size(), kInfinity);
    backwards([&](std::size_t boundary, std::span<const double> behind) {
        const double* before = forward_.data() + boundary * positions_;
        for (std::size_t b = 0; b < least.size(); ++b)
            least[b] = std::min(least[b], before[b] + behind[b + 1]);
    });
    return least;
}

std::vector<Reach> Relaxed::reaches(double bound) const {
    std::vector<Reach> reach(clusters_ - 1, {positions_, 0});
    backwards([&](std::size_t boundary, std::span<const double> behind) {
        const double* before = forward_.data() + boundary * positions_;
        Reach& own = reach[boundary - 1];
        for (std::size_t j = 0; j < positions_; ++j) {
            const bool inside =
                j < bins_.size() && indivisible_[j] == 0 && before[j] + behind[j + 1] <= bound;
            if (!inside && !(before[j] + behind[j] <= bound)) continue;
            own.first = std::min(own.first, j);
            own.last = std::max(own.last, inside ? j + 1 : j);
        }
    });
    return reach;
}

}  // namespace pal::cluster
