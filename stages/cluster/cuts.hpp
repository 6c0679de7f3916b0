// Where a partition of many bins may be cut first: few positions, where boundaries are likely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stages/cluster/interval_costs.hpp"
#include "stages/cluster/prefix_sums.hpp"

namespace pal::cluster {

/// Places cuts that share out the cube root of the density, where the centroids of a good palette
/// lie (Panter and Dite 1951). Its storage is reused.
class CutPlacer {
  public:
    /// About `intervals` + 1 ascending positions, 0 and bins.size() included; `prefix` is of these
    /// bins. O(bins), most of it 8 cube roots an interval.
    void place(std::span<const Bin> bins, const PrefixSums& prefix, std::size_t intervals,
               std::vector<std::uint32_t>& cuts);

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
};

}  // namespace pal::cluster
