// Cuts: few positions among many bins, where boundaries of a partition are likely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stages/cluster/partition/interval_costs.hpp"
#include "stages/cluster/partition/prefix_sums.hpp"

namespace pal::cluster {

/// Places cuts that share out the cube root of the density, as the centroids of a good LUT do
/// (Panter and Dite 1951). Its storage is reused.
class CutPlacer {
  public:
    /// Fills `cuts` with about `intervals` + 1 ascending positions, 0 and bins.size() included.
    /// `prefix` holds the sums of these bins. O(bins); 8 cube roots per interval take most of the
    /// time.
    void place(std::span<const Bin> bins, const PrefixSums& prefix, std::size_t intervals,
               std::vector<std::uint32_t>& cuts);

    /// Fills `cuts` with the edges of clumps instead, if the bins placed last lie in clumps. A
    /// clump is a run of neighbours so close that their spread is negligible for a LUT of k; gaps
    /// lie between clumps. Returns false and keeps `cuts` unless the edges number at most `most`,
    /// more than 2 k, and far fewer than bins. The first few hundred bins mostly tell if there are
    /// none.
    [[nodiscard]] bool place_at_clumps(std::size_t k, std::size_t most,
                                       std::vector<std::uint32_t>& cuts) const;

  private:
    /// Bins begin .. end - 1 and their share of the cuts.
    struct Run {
        std::size_t begin;
        std::size_t end;
        double measure;
    };

    [[nodiscard]] Run measured(std::size_t begin, std::size_t end) const;
    double split_runs(double most);
    void share_out(double share, std::vector<std::uint32_t>& cuts) const;

    std::span<const Bin> bins_;
    std::span<const double> weights_;  // [position] of the bins in front of it
    std::vector<Run> runs_;
    std::vector<Run> whole_runs_;
    double measure_ = 0;  // integral of the cube root of the density
};

}  // namespace pal::cluster
