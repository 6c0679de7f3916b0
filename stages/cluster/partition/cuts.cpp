#include "stages/cluster/partition/cuts.hpp"

#include <algorithm>

#include "stages/cluster/arithmetic/rough_math.hpp"

namespace pal::cluster {

namespace {

constexpr double kPartOfACut = 0.5;  // share of a run that is then measured bin by bin
constexpr int kMostCappings = 8;
constexpr double kSettled = 0.99;  // capping more no longer matters
constexpr double kNegligible = 2e-6;
constexpr std::size_t kLooked = 64;         // bins between two tests for clumps
constexpr std::size_t kFewestInAClump = 3;  // on average

}  // namespace

/// Measures runs of bins. A run whose share is more than part of a cut is measured by its single
/// bins. A bin takes one cut at most: the others get the rest of an outlier's share.
void CutPlacer::place(std::span<const Bin> bins, const PrefixSums& prefix, std::size_t intervals,
                      std::vector<std::uint32_t>& cuts) {
    bins_ = bins;
    weights_ = prefix.weights();
    constexpr std::size_t kRunsACut = 8;
    const std::size_t run = std::max<std::size_t>(1, bins_.size() / (kRunsACut * intervals));
    runs_.clear();
    double total = 0;
    for (std::size_t begin = 0; begin < bins_.size(); begin += run) {
        runs_.push_back(measured(begin, std::min(bins_.size(), begin + run)));
        total += runs_.back().measure;
    }
    double most = total / static_cast<double>(intervals);
    if (run > 1) total = split_runs(kPartOfACut * most);
    for (int round = 0; round < kMostCappings; ++round) {
        most = total / static_cast<double>(intervals);
        double capped = 0;
        for (const Run& r : runs_) capped += std::min(r.measure, most);
        const bool settled = capped > kSettled * total;
        total = capped;
        if (settled) break;
    }
    measure_ = total;
    share_out(total / static_cast<double>(intervals), cuts);
}

bool CutPlacer::place_at_clumps(std::size_t k, std::size_t most,
                                std::vector<std::uint32_t>& cuts) const {
    const auto clusters = static_cast<double>(k);
    // Cost of a good LUT (Panter and Dite), and the small part of it that splitting clumps at
    // boundaries may save.
    const double cost = measure_ * measure_ * measure_ / (12 * clusters * clusters);
    const double negligible = kNegligible * cost / clusters;
    std::vector<std::uint32_t> edges{0};
    for (std::size_t b = 1; b < bins_.size(); ++b) {
        const std::size_t first = edges.back();
        const double extent = bins_[b].mean - bins_[first].mean;
        const double weight = weights_[b + 1] - weights_[first];
        if (extent * extent * weight <= negligible) continue;
        edges.push_back(static_cast<std::uint32_t>(b));
        if (b % kLooked == 0 && edges.size() * kFewestInAClump > b) return false;
        if (edges.size() > most) return false;
    }
    edges.push_back(static_cast<std::uint32_t>(bins_.size()));
    if (edges.size() <= 2 * k || edges.size() * kFewestInAClump > bins_.size()) return false;
    cuts = std::move(edges);
    return true;
}

CutPlacer::Run CutPlacer::measured(std::size_t begin, std::size_t end) const {
    const double weight = weights_[end] - weights_[begin];
    const double width =
        bins_[std::min(end, bins_.size() - 1)].mean - bins_[begin == 0 ? 0 : begin - 1].mean;
    return {begin, end, rough_cube_root(weight * width * width)};
}

double CutPlacer::split_runs(double most) {
    whole_runs_.swap(runs_);
    runs_.clear();
    double total = 0;
    for (const Run& whole : whole_runs_) {
        const bool split = whole.measure > most;
        const std::size_t parts = split ? whole.end - whole.begin : 1;
        for (std::size_t p = 0; p < parts; ++p) {
            runs_.push_back(split ? measured(whole.begin + p, whole.begin + p + 1) : whole);
            total += runs_.back().measure;
        }
    }
    return total;
}

void CutPlacer::share_out(double share, std::vector<std::uint32_t>& cuts) const {
    cuts.assign(1, 0);
    double sum = 0;
    for (const Run& run : runs_) {
        sum += std::min(run.measure, share);
        if (sum < share) continue;
        sum -= share;
        if (run.end < bins_.size()) cuts.push_back(static_cast<std::uint32_t>(run.end));
    }
    cuts.push_back(static_cast<std::uint32_t>(bins_.size()));
}

}  // namespace pal::cluster
