// Partitions of sorted bins into any number of clusters, each of which has a price. This is the
// Lagrangian relaxation of the partition into k clusters.
//
// For any price, the least cost + price * clusters, less price * k, is at most the optimum of k
// clusters. For some price it is that optimum, because the optimum is convex in k (Aggarwal,
// Schieber and Tokuyama 1994). One price takes one pass over the bins, for any k.
//
// Bins may stand for points that a partition of the data splits; their spread is then 0. The
// relaxed problem charges less for them. A boundary at either edge of bin b gains gains[b]. If that
// is more than half the price, neighbouring clusters may leave the bin out for free. A cluster
// inside such bins gets lost, but it had its price, which pays for the gain at its boundary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "stages/cluster/partition/interval_costs.hpp"

namespace pal::cluster {

/// A solution for one price.
struct Priced {
    double price = 0;
    double total = 0;          // least cost + price * clusters - gains
    std::size_t clusters = 0;  // of a solution with this total
    /// Returns a lower bound of the optimum of k clusters, up to rounding.
    [[nodiscard]] double bound(std::size_t k) const noexcept {
        return total - price * static_cast<double>(k);
    }
};

/// Errors of a solution, per cluster.
struct Slack {
    double excess = 0;    // of the beginnings chosen over the best ones, as computed
    double rounding = 0;  // most that rounding may hide
};

/// Solves the relaxed problem for one price after another. Costs: PrefixCosts or MergedCosts.
template <class Costs>
class PricedProgram {
  public:
    /// gains: one per bin, at least 0; empty means 0 each. Costs and gains must outlive the
    /// program. O(n) memory.
    PricedProgram(const Costs& costs, std::span<const double> gains);

    /// Solves for a price > 0. A queue holds beginnings, each the best one for a run of ends
    /// (Hirschberg and Larmore 1987). O(n log n), in practice some ten costs per bin. Serial.
    Priced solve(double price);

    /// Returns how far the last total may lie above the true one, for each cluster of the true
    /// solution. Compares every end with all beginnings again, by divide and conquer, whose
    /// roundings are bounded. O(n log n), parallel.
    [[nodiscard]] Slack slack() const;

    /// [end]: least total of the bins in front of it if a cluster ends there; 0 at end 0.
    [[nodiscard]] std::span<const double> totals() const noexcept { return total_; }

    /// Returns the boundaries 0, ..., n of the last solution. Requires that there are no gains.
    [[nodiscard]] std::vector<std::size_t> boundaries() const;

  private:
    struct Candidate {
        std::uint32_t begin;
        std::uint32_t from;  // first end for which it is the best beginning
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
    std::vector<double> total_;          // [end] least total of the bins in front of it
    std::vector<Open> open_;             // [begin] the same where a cluster may begin
    std::vector<std::uint32_t> choice_;  // [end] beginning of its last cluster
    std::vector<Candidate> queue_;
    std::size_t head_ = 0;
};

extern template class PricedProgram<PrefixCosts>;
extern template class PricedProgram<MergedCosts>;

/// Searches the price with the best bound for k clusters.
class PriceSearch {
  public:
    /// guess: the first price to try, > 0.
    PriceSearch(std::size_t k, double guess) : k_(k), price_(guess) {}

    /// Returns the price to try next.
    [[nodiscard]] double price() const noexcept { return price_; }
    /// Takes the solution for price(). Returns false if no other price is better by a relative
    /// 1e-9, or after a hundred tries.
    bool add(const Priced& tried);
    /// Returns the solution with the best bound so far. Requires a call of add().
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
