// The exact engine: the optimum of one-dimensional k-means (Wang and Song 2011, Grønlund et al.
// 2017). Few values are all sorted. Of many values, only those are sorted between which a boundary
// may lie. The others count as runs between these windows.
#include "stages/cluster/exact.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>

#include "stages/cluster/bounds/boundary_windows.hpp"
#include "stages/cluster/histogram/counted_histogram.hpp"
#include "stages/cluster/histogram/distinct_values.hpp"
#include "stages/cluster/partition/partition.hpp"
#include "stages/cluster/scalar_luts.hpp"
#include "stages/parallel/parallel.hpp"

namespace pal {

namespace {

using cluster::Bin;
using cluster::BinnedData;
using cluster::Coordinates;
using cluster::CountedBin;

// Share of a million normal values in windows, with 256 and with 1024 bins a cluster: 6 and 1.5
// percent at 16 clusters, 37 and 11 percent at 256. Both bins and windows cost time: the number of
// bins grows with the square root of the number of values.
constexpr double kFewestBinsACluster = 256;
constexpr double kMostBinsACluster = 2048;
constexpr std::size_t kValuesABin = 4;  // fewer values a bin: all are sorted
constexpr double kWorthwhile = 0.5;     // largest share of the values in windows

/// A run of neighbouring bins, all of them in windows or none.
struct Run {
    float low = 0;  // of the first bin
    bool window = false;
    Bin all;  // in coordinates
};

std::vector<Run> runs_of(std::span<const CountedBin> counted, const BinnedData& data,
                         std::span<const std::uint8_t> open) {
    std::vector<Run> runs;
    for (std::size_t b = 0; b < counted.size(); ++b) {
        const bool window = open[b] != 0;
        if (runs.empty() || runs.back().window != window) {
            runs.push_back({static_cast<float>(counted[b].low), window, data.bins()[b]});
        } else {
            runs.back().all = merged(runs.back().all, data.bins()[b]);
        }
    }
    return runs;
}

/// Findings of a pass in a block of values.
struct Found {
    std::vector<double> spreads;  // [run]
    std::vector<float> in_windows;
};

/// Sorts values into runs.
class RunFinder {
  public:
    RunFinder(const std::vector<Run>& runs, const Coordinates& coordinates)
        : runs_(runs),
          coordinates_(coordinates),
          lows_(std::bit_ceil(runs.size()), std::numeric_limits<float>::infinity()) {
        for (std::size_t r = 1; r < runs.size(); ++r) lows_[r - 1] = runs[r].low;
    }

    [[nodiscard]] Found find(std::span<const float> values) const {
        Found found{std::vector<double>(runs_.size()), {}};
        for (const float value : values) {
            const std::size_t r = run_of(value);
            if (runs_[r].window) {
                found.in_windows.push_back(value);
            } else {
                const double distance = coordinates_.of(value) - runs_[r].all.mean;
                found.spreads[r] += distance * distance;
            }
        }
        return found;
    }

  private:
    /// Searches without branches, which would be mispredicted.
    [[nodiscard]] std::size_t run_of(float value) const {
        std::size_t run = 0;
        for (std::size_t step = lows_.size() / 2; step > 0; step /= 2)
            run += lows_[run + step - 1] <= value ? step : 0;
        return run;
    }

    const std::vector<Run>& runs_;
    const Coordinates& coordinates_;
    std::vector<float> lows_;  // lows of all runs but the first, padded to a power of two
};

/// Returns bins of the runs and of the values in windows, ascending. One pass over the values.
std::vector<Bin> bins_of_runs(std::span<const float> values, std::vector<Run> runs,
                              const Coordinates& coordinates) {
    std::vector<Found> found((values.size() + kBlock - 1) / kBlock);
    const RunFinder finder(runs, coordinates);
    for_each_block(values.size(), [&](std::size_t block, std::size_t begin, std::size_t end) {
        found[block] = finder.find(values.subspan(begin, end - begin));
    });
    std::vector<float> in_windows;
    for (Run& run : runs) run.all.spread = 0;  // that of the bins' means alone until here
    for (const Found& own : found) {
        in_windows.insert(in_windows.end(), own.in_windows.begin(), own.in_windows.end());
        for (std::size_t r = 0; r < runs.size(); ++r) runs[r].all.spread += own.spreads[r];
    }
    const auto distinct = cluster::distinct_values(WeightedPoints<float>{in_windows, {}});
    const std::vector<Bin> single = bins_of(distinct, coordinates);
    std::vector<Bin> bins;
    std::size_t next = 0;
    for (std::size_t r = 0; r < runs.size(); ++r) {
        if (!runs[r].window) {
            bins.push_back(runs[r].all);
            continue;
        }
        const bool last = r + 1 == runs.size();
        for (; next < single.size() && (last || distinct.values[next] < runs[r + 1].low); ++next)
            bins.push_back(single[next]);
    }
    return bins;
}

/// Returns nothing if windows hold too many values, or if none are known.
std::optional<Lut> cluster_in_windows(std::span<const float> values, std::size_t k) {
    const double bins_a_cluster = std::clamp(std::sqrt(static_cast<double>(values.size())) / 2,
                                             kFewestBinsACluster, kMostBinsACluster);
    const std::size_t fine_bins = static_cast<std::size_t>(bins_a_cluster) * k;
    if (k < 2 || values.size() < kValuesABin * fine_bins) return std::nullopt;
    const auto histogram = cluster::counted_histogram(cluster::blocks_of(values), fine_bins, 1);
    if (histogram.bins.size() <= 2 * k) return std::nullopt;
    const BinnedData data(histogram.bins);
    const auto [open, price] = cluster::boundary_windows(data, k);
    double in_windows = 0;
    for (std::size_t b = 0; b < open.size(); ++b)
        in_windows += open[b] != 0 ? histogram.bins[b].weight : 0;
    if (open.empty() || in_windows > kWorthwhile * static_cast<double>(values.size()))
        return std::nullopt;
    const auto bins = bins_of_runs(values, runs_of(histogram.bins, data, open), data.coordinates());
    if (bins.size() <= k) return std::nullopt;
    return cluster::lut_of_partition(bins, cluster::optimal_partition(bins, k, price),
                                     data.coordinates());
}

std::optional<Lut> in_windows(const WeightedPoints<float>& points, std::size_t k) {
    return points.weights.empty() ? cluster_in_windows(points.values, k) : std::nullopt;
}
std::optional<Lut> in_windows(const WeightedPoints<double>&, std::size_t) { return std::nullopt; }

}  // namespace

template <class Real>
Lut cluster_exact(const WeightedPoints<Real>& points, std::size_t max_clusters) {
    if (auto lut = in_windows(points, max_clusters)) return *lut;
    const auto distinct = cluster::distinct_values(points);
    if (distinct.values.size() <= max_clusters) return cluster::lut_of_values(distinct);
    const auto coordinates =
        cluster::coordinates_for(distinct.values.front(), distinct.values.back());
    const auto bins = cluster::bins_of(distinct, coordinates);
    const auto boundaries = cluster::optimal_partition(bins, max_clusters);
    return cluster::lut_of_partition(bins, boundaries, coordinates);
}

template Lut cluster_exact<float>(const WeightedPoints<float>&, std::size_t);
template Lut cluster_exact<double>(const WeightedPoints<double>&, std::size_t);

}  // namespace pal
