#include "stages/cluster/histogram/even_histogram.hpp"

#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <array>
#include <span>

#include "stages/cluster/arithmetic/rough_math.hpp"
#include "stages/cluster/arithmetic/sum_of.hpp"
#include "stages/cluster/histogram/counted_by.hpp"
#include "stages/cluster/histogram/distinct_values.hpp"
#include "stages/cluster/histogram/sample.hpp"
#include "stages/kernels/convert.hpp"
#include "stages/kernels/count_values.hpp"
#include "stages/kernels/sort.hpp"

namespace pal::cluster {

namespace {

using kernels::EvenBins;

constexpr std::size_t kMostCounted = 0xFFFFFFFF;  // limit of a counter of 32 bits
// Bins of the narrowest cluster. Many values of a cluster lie evenly enough in a bin to tell where
// a boundary inside it is best (settle.hpp). Measured, both numbers of bins stay within 6e-5 of the
// optimum.
constexpr std::size_t kManyACluster = 4096;
constexpr double kBinsOfMany = 96;
constexpr double kBinsOfFew = 160;
constexpr float kMargin = 0.125F;     // part of a sample's range, on both sides: it misses some
constexpr std::size_t kPiece = 4096;  // values that are looked at again if one lies outside
constexpr std::size_t kCells = 128;   // cells of a sample
constexpr std::size_t kStride = 31;
constexpr std::size_t kMostOutside = std::size_t{1} << 16;
constexpr std::size_t kMostRepeated = 16;  // one in so many values of a sample may repeat another
// Number of equal clumps a cluster from which on each boundary is near one that hardly matters.
constexpr double kFewestClumps = 1000;
// With more bins a cluster than this, bins that follow the density are worth their price.
constexpr std::size_t kMostEvenBinsACluster = 2048;

/// Returns the grid for values that lie as those of a sorted sample do.
std::optional<EvenBins> grid_for(const std::vector<float>& sample, std::size_t max_clusters,
                                 double bins_a_cluster) {
    const float low = sample.front();
    const float range = sample.back() - low;
    const float cells_per_unit = static_cast<float>(kCells) / range;
    // Both false for NaN, which sorting does not allow for, infinities and denormal ranges.
    if (!(range > 0x1p-100F) || !(range < 0x1p100F)) return std::nullopt;
    std::array<std::uint32_t, kCells + 1> counts{};
    for (const float value : sample)
        ++counts[static_cast<std::size_t>((value - low) * cells_per_unit)];
    double total = 0;
    double peak = 0;
    for (const std::uint32_t count : counts) {
        if (count == 0) continue;
        const double measure = rough_cube_root(count);
        total += measure;
        peak = std::max(peak, measure);
    }
    // Clusters share out the cube root of the density (Panter and Dite 1951).
    const double narrowest = total / (peak * static_cast<double>(max_clusters));  // in cells
    const double bins = bins_a_cluster * kCells / narrowest * (1 + 2 * kMargin);
    const auto most = static_cast<double>(
        std::min<std::size_t>(kernels::kMostEvenBins, kMostEvenBinsACluster * max_clusters));
    if (!(bins <= most)) return std::nullopt;
    EvenBins grid;
    grid.bins = static_cast<std::uint32_t>(bins);
    grid.per_unit = static_cast<float>(bins) / (range * (1 + 2 * kMargin));
    grid.low = low - range * kMargin;
    return grid;
}

/// Returns whether values repeat one another, or nearly. They then lie in clumps that bins may
/// hide: say one clump in each.
bool repeats_much(const std::vector<float>& sorted) {
    constexpr std::size_t kNeighbours = 4;
    constexpr float kNearly = 2 * kNeighbours * 64;  // gaps in a mean gap of the neighbourhood
    std::size_t repeated = 0;
    for (std::size_t v = kNeighbours; v + kNeighbours < sorted.size(); ++v) {
        const float gap = sorted[v + 1] - sorted[v];
        repeated += gap * kNearly <= sorted[v + kNeighbours] - sorted[v - kNeighbours] ? 1 : 0;
    }
    return repeated * kMostRepeated > sorted.size();
}

std::vector<std::uint32_t> count_even(const FloatBlocks& values, const EvenBins& grid,
                                      std::vector<float>& outside) {
    tbb::enumerable_thread_specific<std::vector<float>> by_thread;
    const auto count = [&](std::span<const float> block, std::span<std::uint32_t> own) {
        while (!block.empty()) {
            const auto piece = block.first(std::min(kPiece, block.size()));
            const std::uint32_t before = own.front() + own.back();
            kernels::count_even_bins(piece, grid, own);
            if (own.front() + own.back() != before)
                kernels::collect_outside(piece, grid, by_thread.local());
            block = block.subspan(piece.size());
        }
    };
    auto counts = counted_by(values.for_each, grid.slots(), count);
    for (const std::vector<float>& own : by_thread)
        outside.insert(outside.end(), own.begin(), own.end());
    return counts;
}

/// Returns whether neighbouring bins differ by more than chance has it, as if values lie in clumps
/// narrower than a bin. Bins' centres are then not their means, and a clump at a boundary may seem
/// nearer to the wrong side.
bool lie_in_clumps(const std::vector<std::uint32_t>& counts, double total,
                   std::size_t max_clusters) {
    const double sum = sum_of(counts.size() - 1, [&](std::size_t s) {
        const double step = static_cast<double>(counts[s + 1]) - static_cast<double>(counts[s]);
        return step * step;
    });
    constexpr double kOfAChance = 2;  // variances of a count
    return sum >
           kOfAChance * total * (2 + total / (kFewestClumps * static_cast<double>(max_clusters)));
}

void append_even(const std::vector<std::uint32_t>& counts, const EvenBins& grid,
                 std::vector<CountedBin>& bins) {
    const double width = 1 / static_cast<double>(grid.per_unit);
    for (std::size_t s = 1; s <= grid.bins; ++s) {
        if (counts[s] == 0) continue;
        const double centre = grid.low + static_cast<double>(s) * width;
        bins.push_back(
            {static_cast<double>(counts[s]), centre, centre - width / 2, centre + width / 2});
    }
}

}  // namespace

std::optional<CountedHistogram> even_histogram(const FloatBlocks& values,
                                               std::size_t max_clusters) {
    if (values.count > kMostCounted) return std::nullopt;
    std::vector<float> sample = sampled(values, kStride);
    if (!kernels::all_finite(std::span<const float>(sample))) return std::nullopt;
    kernels::sort_ascending(sample);
    if (repeats_much(sample)) return std::nullopt;
    const bool many = values.count / max_clusters >= kManyACluster;
    const auto grid = grid_for(sample, max_clusters, many ? kBinsOfMany : kBinsOfFew);
    if (!grid) return std::nullopt;

    std::vector<float> outside;
    const std::vector<std::uint32_t> counts = count_even(values, *grid, outside);
    if (lie_in_clumps(counts, static_cast<double>(values.count), max_clusters)) return std::nullopt;
    CountedHistogram result;
    result.even = true;
    result.finite = kernels::all_finite(std::span<const float>(outside));
    if (!result.finite) return result;
    if (outside.size() > kMostOutside) return std::nullopt;
    const auto single = counted_bins(distinct_values(WeightedPoints<float>{outside, {}}));
    const auto above = std::find_if(single.begin(), single.end(), [&](const CountedBin& bin) {
        return bin.mean > sample.front();
    });
    result.bins.reserve(counts.size() + single.size());
    result.bins.assign(single.begin(), above);
    append_even(counts, *grid, result.bins);
    result.bins.insert(result.bins.end(), above, single.end());
    return result;
}

}  // namespace pal::cluster
