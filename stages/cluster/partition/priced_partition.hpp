// Partitions of sorted bins whose clusters have a price each, in whatever number: the Lagrangian
// relaxation of the partition into k clusters.
//
// For any price, the least cost + price * clusters, less price * k, is at most the optimum of k
// clusters. For some price it is that optimum, because the optimum is convex in k (Aggarwal,
// Schieber and Tokuyama 1994). One price takes one pass over the bins, whatever k.
//
// Bins may stand for points that a partition of the data splits; their spread is then 0. The
// relaxed problem charges less: a boundary at either edge of bin b gains gains[b], or, where that
// is more than half the price, neighbouring clusters may leave the bin out for free. A cluster that
// lies inside bins and is lost so had its price: it pays for the gain at its boundary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "stages/cluster/partition/interval_costs.hpp"

namespace pal::cluster {

struct Priced {
    double price = 0;
    double total = 0;          // cost + price * clusters - gains: the least there is
    std::size_t clusters = 0;  // of a solution
    /// Of the optimum of k clusters from below, but for rounding.
    [[nodiscard]] double bound(std::size_t k) const noexcept {
        return total - price * static_cast<double>(k);
    }
};

struct Slack {
    double excess = 0;    // over better beginnings, as computed
    double rounding = 0;  // what rounding may hide, at worst
};

/// Costs: PrefixCosts or MergedCosts.
template <class Costs>
class PricedProgram {
  public:
    /// gains: one a bin, at least 0; none means 0. Both must outlive it. O(n) memory.
    PricedProgram(const Costs& costs, std::span<const double> gains);

    /// For a price > 0. A queue of beginnings, each the best one for a run of ends (Hirschberg and
    /// Larmore 1987): O(n log n), in practice some ten costs a bin. Serial.
    Priced solve(double price);

    /// What the total that was found last may be above the true one, for each cluster of the true
    /// solution. Every end is compared with all beginnings once more, by divide and conquer, whose
    /// roundings are bounded. O(n log n), parallel.
    [[nodiscard]] Slack slack() const;

    /// [end]: the least total of the bins in front of it where a cluster ends there; at 0 it is 0.
    [[nodiscard]] std::span<const double> totals() const noexcept { return total_; }

    /// Boundaries 0, ..., n of the solution that was found last, without gains.
    [[nodiscard]] std::vector<std::size_t> boundaries() const;

  private:
    struct Candidate {
        std::uint32_t begin;
        std::uint32_t from;  // the first end that it is the best beginning for
    };
    struct Open {
        double total = 0;
        std::uint32_t clusters = 0;
    };

    [[nodiscard]] double value(std::size_t begin, std::size_t end) const noexcept {
        return open_[begin].total + costs_(begin, end);
    }
    [[nodiscard]] bool left_out(std::size_t bin) const noexcept { return 2 * gains_[bin] > price_; }
    [[nodiscard]] double gain_at(std::size_t position) const noexcept;
    void open(std::size_t end);
    void enqueue(std::size_t begin);
    [[nodiscard]] std::size_t first_better(std::size_t begin, std::size_t than, std::size_t low,
                                           std::size_t high) const;

    const Costs& costs_;
    std::span<const double> gains_;
    std::size_t count_;  // bins
    double price_ = 0;
    std::vector<double> total_;  // [end]: of the bins in front of it, the last cluster ends there
    std::vector<Open> open_;     // [begin]: of the bins in front of it, where a cluster may begin
    std::vector<std::uint32_t> choice_;  // [end]: where its last cluster begins
    std::vector<Candidate> queue_;
    std::size_t head_ = 0;
};

extern template class PricedProgram<PrefixCosts>;
extern template class PricedProgram<MergedCosts>;

/// The price whose bound of k clusters is the best one.
class PriceSearch {
  public:
    PriceSearch(std::size_t k, double guess) : k_(k), price_(guess) {}

    /// What to try next.
    [[nodiscard]] double price() const noexcept { return price_; }
    /// What came of it. False where no other price is better, by a relative 1e-9.
    bool add(const Priced& tried);
    [[nodiscard]] const Priced& best() const noexcept { return *best_; }

  private:
    std::size_t k_;
    double price_;
    int tried_ = 0;
    double power_ = 0;  // of the next step
    std::optional<Priced> best_;
    std::optional<Priced> low_;   // too many clusters
    std::optional<Priced> high_;  // too few
};

}  // namespace pal::cluster
