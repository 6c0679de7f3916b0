// Dynamic programs of scalar clustering, on bins of normal weights: one row over all bins, the
// optimum, and the good partition of the fast engine. Rates are bytes of bins, 24 each.
#include <algorithm>
#include <cmath>

#include "stages/cluster/partition/good_partition.hpp"
#include "stages/cluster/partition/partition.hpp"
#include "stages/kernels/partition_rows.hpp"
#include "tests/bench/bench.hpp"

namespace {

using namespace pal;
using bench::checked;
using bench::time_bytes;
using cluster::Bin;

std::vector<Bin> normal_bins(std::size_t count) {
    std::vector<Bin> bins;
    for (std::size_t b = 0; b < count; ++b) {
        const double x = 8 * (double(b) + 0.5) / double(count) - 4;
        bins.push_back({1 + std::floor(1e6 * std::exp(-x * x / 2)), x, 0});
    }
    return bins;
}

/// Prefix sums and weights at each position, with the padding that kernels need at the end.
struct Prefixes {
    std::vector<double> sums;
    std::vector<double> weights;

    explicit Prefixes(const std::vector<Bin>& bins)
        : sums(bins.size() + 1 + kernels::kRowBlock),
          weights(bins.size() + 1 + kernels::kRowBlock) {
        for (std::size_t b = 0; b < bins.size(); ++b) {
            sums[b + 1] = sums[b] + bins[b].mean * bins[b].weight;
            weights[b + 1] = weights[b] + bins[b].weight;
        }
    }
    [[nodiscard]] double gain(std::size_t i, std::size_t j) const {
        const double sum = sums[j] - sums[i];
        return sum * sum / (weights[j] - weights[i]);
    }
};

/// Times the second row: partitions into two intervals.
void fill_row(benchmark::State& state) {
    constexpr std::size_t kBins = 1024;
    const Prefixes prefixes(normal_bins(kBins));
    std::vector<double> first(prefixes.sums.size());
    const std::vector<std::uint32_t> first_choice(prefixes.sums.size());
    for (std::size_t j = 1; j <= kBins; ++j) first[j] = prefixes.gain(0, j);
    std::vector<double> gain(prefixes.sums.size());
    std::vector<std::uint32_t> choice(prefixes.sums.size());
    const kernels::RowInput input{prefixes.sums, prefixes.weights, first, first_choice, 1, kBins};
    const auto body = [&] { kernels::fill_row(input, 2, kBins, gain, choice); };
    body();
    bool right = true;
    for (std::size_t j = 2; j <= kBins; ++j) {
        double best = -1;
        for (std::size_t i = 1; i < j; ++i) best = std::max(best, first[i] + prefixes.gain(i, j));
        right &= std::abs(gain[j] - best) <= 1e-12 * best;
    }
    if (checked(state, right)) time_bytes(state, kBins * sizeof(Bin), body);
}

double cost_of(const std::vector<Bin>& bins, const std::vector<std::size_t>& boundaries) {
    double cost = 0;
    for (const Bin& found : cluster::clusters_of(bins, boundaries)) cost += found.spread;
    return cost;
}

void good_partition(benchmark::State& state, std::size_t bin_count, std::size_t k) {
    const std::vector<Bin> bins = normal_bins(bin_count);
    const double found = cost_of(bins, cluster::good_partition(bins, k));
    const double least = cost_of(bins, cluster::optimal_partition(bins, k));
    if (!checked(state, found <= least * (1 + 1e-4) && found >= least * (1 - 1e-7))) return;
    time_bytes(state, bin_count * sizeof(Bin),
               [&] { benchmark::DoNotOptimize(cluster::good_partition(bins, k).data()); });
    state.counters["above_optimum"] = found / least - 1;
}

void optimal_partition(benchmark::State& state, std::size_t bin_count, std::size_t k) {
    const std::vector<Bin> bins = normal_bins(bin_count);
    const std::vector<std::size_t> boundaries = cluster::optimal_partition(bins, k);
    const bool right =
        boundaries.size() == k + 1 && std::is_sorted(boundaries.begin(), boundaries.end()) &&
        cost_of(bins, boundaries) <= cost_of(bins, cluster::good_partition(bins, k)) * (1 + 1e-7);
    if (!checked(state, right)) return;
    time_bytes(state, bin_count * sizeof(Bin),
               [&] { benchmark::DoNotOptimize(cluster::optimal_partition(bins, k).data()); });
}

}  // namespace

int main(int argc, char** argv) {
    using bench::on_every_target;
    on_every_target("fill_row/bins:1024", fill_row);
    for (const auto& [bins, k] : {std::pair<std::size_t, std::size_t>{4096, 16},
                                  {4096, 64},
                                  {4096, 256},
                                  {65536, 16},
                                  {65536, 256}}) {
        const std::string size = "/bins:" + std::to_string(bins) + "/k:" + std::to_string(k);
        on_every_target("good_partition" + size,
                        [bins = bins, k = k](auto& state) { good_partition(state, bins, k); });
        if (bins > 4096) continue;
        on_every_target("optimal_partition" + size,
                        [bins = bins, k = k](auto& state) { optimal_partition(state, bins, k); });
    }
    return bench::run(argc, argv);
}
