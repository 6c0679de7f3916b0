// Where a partition of many bins may be cut first: few positions, where boundaries are likely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stages/cluster/partition/interval_costs.hpp"
#include "stages/cluster/partition/prefix_sums.hpp"

namespace pal::cluster {

/// Places cuts that share out the cube root of the density, where the centroids of a good LUT
/// lie (Panter and Dite 1951). Its storage is reused.
class CutPlacer {
  public:
    /// About `intervals` + 1 ascending positions, 0 and bins.size() included; `prefix` is of these
    /// bins. O(bins), most of it 8 cube roots an interval.
    void place(std::span<const Bin> bins, const PrefixSums& prefix, std::size_t intervals,
               std::vector<std::uint32_t>& cuts);

    /// The edges of clumps instead, where the bins that were placed last lie in some: runs of
    /// neighbours so close that their spread means nothing for a LUT of k, with gaps between
    /// them. True where these are at most `most` and at least 2 k, far fewer than bins. Bins that
    /// lie otherwise are told from the first few hundred.
    [[nodiscard]] bool place_at_clumps(std::size_t k, std::size_t most,
                                       std::vector<std::uint32_t>& cuts) const;

  private:
    /// Bins begin .. end - 1, and their share of the cuts.
    struct Run {
        std::size_t begin;
        std::size_t end;
        double measure;
    };

    [[nodiscard]] Run measured(std::size_t begin, std::size_t end) const;
    double split_runs(double most);
    void share_out(double share, std::vector<std::uint32_t>& cuts) const;

    std::span<const Bin> bins_;
    std::span<const double> weights_;  // of the bins in front of each position
    std::vector<Run> runs_;
    std::vector<Run> whole_runs_;
    double measure_ = 0;  // the integral of the cube root of the density
};

}  // namespace pal::cluster
