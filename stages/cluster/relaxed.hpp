// Lower bounds of what a partition of data costs, from bins of the data alone.
//
// In the relaxed problem neighbouring clusters may leave out one bin between them for free, unless
// its values are all equal, and clusters may be empty. A boundary of a true partition of the data
// falls inside one bin at most, and dropping points never raises a cluster's cost: the relaxed
// optimum is a lower bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stages/cluster/interval_costs.hpp"

namespace pal::cluster {

/// Positions that a boundary may take, both included: between bins, or inside the bin behind the
/// position.
struct Reach {
    std::size_t first;
    std::size_t last;
};

/// The relaxed dynamic program over bins, forwards; backwards on request.
class Relaxed {
  public:
    /// indivisible[b]: all values of bin b are equal. precise: costs of full precision, some ten
    /// times slower. O(clusters * n log n) time, parallel where rows are long; 8 * clusters * n
    /// bytes.
    Relaxed(std::span<const Bin> bins, std::span<const std::uint8_t> indivisible,
            std::size_t clusters, bool precise);

    /// The relaxed optimum as computed; the true one is at least this less slack().
    [[nodiscard]] double cost() const noexcept { return forward_.back(); }
    /// What rounding may have changed: each row may lose what two interval costs are off by, at
    /// each level of its divide and conquer.
    [[nodiscard]] double slack() const noexcept { return slack_; }

    /// [bin]: the least cost, as computed, of solutions that leave this bin out. Time as above.
    [[nodiscard]] std::vector<double> costs_without() const;

    /// [boundary 1 .. clusters - 1, from 0]: where it lies in solutions that cost at most `bound`
    /// as computed. Time as above.
    [[nodiscard]] std::vector<Reach> reaches(double bound) const;

  private:
    template <class OnRow>
    void for_each_row(std::span<const Bin> bins, std::span<const std::uint8_t> indivisible,
                      const OnRow& on_row) const;
    /// on_row(boundary, costs of clusters behind it [position]).
    template <class OnRow>
    void backwards(const OnRow& on_row) const;

    std::span<const Bin> bins_;
    std::span<const std::uint8_t> indivisible_;
    std::size_t clusters_;
    std::size_t positions_;
    bool precise_;
    double slack_ = 0;
    std::vector<double> forward_;  // [clusters 0 .. k][position]: of the bins in front of it
};

}  // namespace pal::cluster
