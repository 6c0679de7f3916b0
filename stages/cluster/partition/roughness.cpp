#include "stages/cluster/partition/roughness.hpp"

#include <algorithm>

#include "stages/cluster/arithmetic/sum_of.hpp"

namespace pal::cluster {

namespace {

constexpr double kMostClumped = 3;  // times the value by chance
constexpr std::size_t kReach = 16;  // bins to either side in a neighbourhood
constexpr double kMostShare = 0.25;
// Values a bin from which on the best partition is little work beside counting.
constexpr double kManyABin = 64;
constexpr double kFewestInSteps = 0.02;  // share of the cost by gaps; 0.017 for normal f16 values
constexpr std::size_t kMostLookedAt = std::size_t{1} << 14;
constexpr double kMostLookedAtABin = 16;

/// Sums of squared gaps between bins: as they are, and by chance in neighbourhoods as dense as
/// these.
struct Gaps {
    double squares = 0;
    double by_chance = 0;
};

Gaps gaps_of(std::span<const Bin> bins) {
    const auto gap = [&](std::size_t b) { return bins[b + 1].mean - bins[b].mean; };
    const auto mean_around = [&](std::size_t b) {
        const std::size_t low = b + 1 > kReach ? b + 1 - kReach : 0;
        const std::size_t high = std::min(b + kReach, bins.size() - 1);
        return (bins[high].mean - bins[low].mean) / static_cast<double>(high - low);
    };
    const std::size_t count = bins.size() - 1;
    return {sum_of(count, [&](std::size_t b) { return gap(b) * gap(b); }),
            sum_of(count, [&](std::size_t b) { return 2 * gap(b) * mean_around(b); })};
}

double cost_of(std::span<const Bin> bins) {
    const double weight = sum_of(bins.size(), [&](std::size_t b) { return bins[b].weight; });
    const double sum =
        sum_of(bins.size(), [&](std::size_t b) { return bins[b].weight * bins[b].mean; });
    return sum_of(bins.size(), [&, mean = sum / weight](std::size_t b) {
        const double distance = bins[b].mean - mean;
        return bins[b].weight * distance * distance;
    });
}

}  // namespace

Roughness roughness_of(std::span<const Bin> bins, const std::vector<std::size_t>& boundaries,
                       double steps) {
    const double weight = sum_of(bins.size(), [&](std::size_t b) { return bins[b].weight; });
    const auto count = static_cast<double>(bins.size());
    // So many bins of many values each leave no room for clumps. The look would cost as much as the
    // search.
    if (bins.size() > kMostLookedAt && weight > kMostLookedAtABin * count) return {};
    double cost = 0;
    double share = 0;
    double share_in_steps = 0;
    Gaps all;
    for (std::size_t c = 0; c + 1 < boundaries.size(); ++c) {
        const auto cluster = bins.subspan(boundaries[c], boundaries[c + 1] - boundaries[c]);
        const double own = cost_of(cluster);
        cost += own;
        const double range = cluster.back().mean - cluster.front().mean;
        if (!(range > 0)) continue;
        const Gaps gaps = gaps_of(cluster);
        const double scale = own / (range * range);
        share += gaps.squares * scale;
        if (static_cast<double>(cluster.size()) <= steps) continue;  // every bin was a candidate
        share_in_steps += gaps.squares * scale;
        all.squares += gaps.squares * scale;
        all.by_chance += gaps.by_chance * scale;
    }
    const bool quick = weight >= kManyABin * count;
    return {all.squares > kMostClumped * all.by_chance || share > kMostShare * cost ||
                (quick && share_in_steps > kFewestInSteps * cost),
            cost};
}

}  // namespace pal::cluster
