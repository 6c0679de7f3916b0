#include "stages/cluster/vectors/plane_bins.hpp"

#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "stages/parallel/parallel.hpp"
#include "stages/parallel/scratch.hpp"

namespace pal::cluster {

namespace {

constexpr std::size_t kSide = 256;  // bins along each component
constexpr double kTail = 0.0005;    // part of the sample beyond either end of a side
constexpr std::size_t kMostVectorsOutside = 1 << 16;  // vectors kept one by one
constexpr double kFinest = 40;  // smallest variance of clusters in variances of bins

/// Bins of one width along one component.
struct Side {
    double low = 0;
    double width = 0;    // of a bin
    double per_bin = 0;  // 1 / width; 0 for no width: the first bin then holds everything
    [[nodiscard]] double place(double value) const { return (value - low) * per_bin; }
};

template <class Real>
Side side_of(const TrainingSet<Real>& sample, std::size_t component) {
    std::vector<std::pair<double, double>> values;  // with weights
    double total = 0;
    for (std::size_t v = 0; v < sample.count(); ++v) {
        values.emplace_back(static_cast<double>(sample.values[v * 2 + component]),
                            sample.weights[v]);
        total += sample.weights[v];
    }
    std::sort(values.begin(), values.end());
    const auto beyond = [&](auto begin, auto end) {
        double weight = 0;
        for (auto v = begin; v != end; ++v) {
            weight += v->second;
            if (weight > kTail * total) return v->first;
        }
        return begin->first;
    };
    const double low = beyond(values.begin(), values.end());
    const double high = beyond(values.rbegin(), values.rend());
    const double width = (high - low) / static_cast<double>(kSide);
    return {low, width, width > 0 ? 1 / width : 0};
}

/// Sums of a bin: a vector's place in its bin counts in 2^-16 of the bin's width.
struct PlaneBin {
    std::uint64_t count = 0;
    std::uint64_t first = 0;
    std::uint64_t second = 0;
};

template <class Real>
void fill(std::vector<PlaneBin>& bins, std::vector<Real>& outside, std::span<const Real> values,
          const Side& first, const Side& second) {
    constexpr auto kEnd = static_cast<double>(kSide);
    for (std::size_t i = 0; i < values.size(); i += 2) {
        const double x = first.place(static_cast<double>(values[i]));
        const double y = second.place(static_cast<double>(values[i + 1]));
        if (!(x >= 0 && x < kEnd && y >= 0 && y < kEnd)) {
            outside.insert(outside.end(), {values[i], values[i + 1]});
            continue;
        }
        const auto fine_x = static_cast<std::uint64_t>(static_cast<std::int64_t>(x * 0x1p16));
        const auto fine_y = static_cast<std::uint64_t>(static_cast<std::int64_t>(y * 0x1p16));
        PlaneBin& bin = bins[(fine_y >> 16) * kSide + (fine_x >> 16)];
        ++bin.count;
        bin.first += fine_x & 0xFFFF;
        bin.second += fine_y & 0xFFFF;
    }
}

template <class Real>
void append_bins(const std::vector<PlaneBin>& bins, const Side& first, const Side& second,
                 TrainingSet<Real>& to) {
    for (std::size_t b = 0; b < bins.size(); ++b) {
        if (bins[b].count == 0) continue;
        const auto count = static_cast<double>(bins[b].count);
        const auto value = [&](const Side& side, std::size_t place, std::uint64_t sum) {
            const double within = (static_cast<double>(sum) / count + 0.5) * 0x1p-16;
            return static_cast<Real>(side.low + (static_cast<double>(place) + within) * side.width);
        };
        to.values.push_back(value(first, b % kSide, bins[b].first));
        to.values.push_back(value(second, b / kSide, bins[b].second));
        to.weights.push_back(count);
    }
}

}  // namespace

template <class Real>
std::optional<TrainingSet<Real>> plane_bins(const VectorSource<Real>& source,
                                            const TrainingSet<Real>& sample,
                                            double cluster_variance) {
    const Side first = side_of(sample, 0);
    const Side second = side_of(sample, 1);
    const double variance = (first.width * first.width + second.width * second.width) / 12;
    if (!(variance * kFinest <= cluster_variance)) return std::nullopt;

    tbb::enumerable_thread_specific<std::vector<PlaneBin>> grids(
        [] { return std::vector<PlaneBin>(kSide * kSide); });
    const std::size_t count = source.count();
    std::vector<std::vector<Real>> outside((count + kReadBlock - 1) / kReadBlock);
    std::atomic<std::size_t> outside_count{0};
    for_each_task(outside.size(), [&](std::size_t b) {
        if (outside_count > kMostVectorsOutside) return;
        const std::size_t begin = b * kReadBlock;
        Scratch<Real> scratch;
        fill(grids.local(), outside[b],
             source.block(begin, std::min(kReadBlock, count - begin), scratch.buffer()), first,
             second);
        outside_count += outside[b].size() / 2;
    });
    if (outside_count > kMostVectorsOutside) return std::nullopt;
    TrainingSet<Real> result{2, {}, {}};
    for (const auto& block : outside) {
        result.values.insert(result.values.end(), block.begin(), block.end());
    }
    result.weights.assign(result.values.size() / 2, 1.0);
    std::vector<PlaneBin> bins(kSide * kSide);
    for (const std::vector<PlaneBin>& grid : grids) {
        for (std::size_t b = 0; b < bins.size(); ++b) {
            bins[b].count += grid[b].count;
            bins[b].first += grid[b].first;
            bins[b].second += grid[b].second;
        }
    }
    append_bins(bins, first, second, result);
    return result;
}

template std::optional<TrainingSet<float>> plane_bins<float>(const VectorSource<float>&,
                                                             const TrainingSet<float>&, double);
template std::optional<TrainingSet<double>> plane_bins<double>(const VectorSource<double>&,
                                                               const TrainingSet<double>&, double);

}  // namespace pal::cluster
