#include "stages/cluster/bounds/boundary_windows.hpp"

#include <algorithm>
#include <utility>

#include "stages/cluster/bounds/straddling.hpp"
#include "stages/cluster/partition/good_partition.hpp"
#include "stages/cluster/partition/partition.hpp"
#include "stages/cluster/partition/priced_partition.hpp"

namespace pal::cluster {

namespace {

/// A solution of the relaxed problem at the best price.
struct Relaxed {
    Priced best;
    std::vector<double> totals;  // [position] least total of the bins in front of it
    double slack = 0;
};

Relaxed relaxed(std::span<const Bin> bins, std::span<const double> gains, std::size_t k,
                double price, bool search_on) {
    const PrefixCosts costs(bins);
    PricedProgram<PrefixCosts> program(costs, gains);
    PriceSearch search(k, price);
    Priced last = program.solve(price);
    while (search_on && search.add(last)) last = program.solve(search.price());
    if (search_on && last.price != search.best().price) last = program.solve(search.best().price);
    const Slack slack = program.slack();
    const std::span<const double> totals = program.totals();
    return {last,
            {totals.begin(), totals.end()},
            (slack.excess + slack.rounding) * static_cast<double>(k + 1)};
}

/// Solves from the other end.
Relaxed relaxed_backwards(std::span<const Bin> bins, std::span<const double> gains, std::size_t k,
                          double price) {
    std::vector<Bin> reversed(bins.rbegin(), bins.rend());
    for (Bin& bin : reversed) bin.mean = -bin.mean;
    const std::vector<double> reversed_gains(gains.rbegin(), gains.rend());
    Relaxed result = relaxed(reversed, reversed_gains, k, price, false);
    std::reverse(result.totals.begin(), result.totals.end());
    return result;
}

struct Good {
    double cost = 0;
    std::vector<double> centroids;
};

Good good_lut_of(const BinnedData& data, std::size_t k) {
    Good good;
    for (const Bin& cluster : clusters_of(data.bins(), good_partition(data.bins(), k))) {
        good.cost += cluster.spread;
        good.centroids.push_back(data.coordinates().back(cluster.mean));
    }
    return good;
}

}  // namespace

BoundaryWindows boundary_windows(const BinnedData& data, std::size_t k) {
    const std::span<const Bin> bins = data.bins();
    if (k >= bins.size()) return {};
    const Good good = good_lut_of(data, k);
    const double cost = data.raised(good.cost);
    if (!(cost > 0)) return {};

    double price = 2 * cost / static_cast<double>(k);
    double saving = data.most_saved(good.centroids, k);
    std::vector<double> gains;
    Relaxed front;
    for (int round = 0; round < 2; ++round) {
        gains = straddling_gains(data.extents(), saving, data.rounding());
        front = relaxed(bins, gains, k, price, true);
        price = front.best.price;
        // One cluster more than k saves at most its price and what the bound leaves open.
        saving = std::min(saving, data.raised(cost - front.best.bound(k) + front.slack + price));
    }
    // Bins that are left out would add their own spread.
    if (2 * *std::max_element(gains.begin(), gains.end()) > price) return {};
    const Relaxed back = relaxed_backwards(bins, gains, k, price);

    const double all = price * static_cast<double>(k) + front.slack + back.slack;
    std::vector<std::uint8_t> open(bins.size());
    for (std::size_t b = 0; b < bins.size(); ++b) {
        const double lower_edge = front.totals[b] + back.totals[b];
        const double upper_edge = front.totals[b + 1] + back.totals[b + 1];
        const double least = std::min(b == 0 ? upper_edge : lower_edge,
                                      b + 1 == bins.size() ? lower_edge : upper_edge);
        open[b] = data.lowered(least - gains[b] - all) <= cost ? 1 : 0;
    }
    return {std::move(open), price};
}

}  // namespace pal::cluster
