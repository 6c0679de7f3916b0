#include "stages/cluster/partition/proven_partition.hpp"

#include <algorithm>
#include <cmath>

#include "stages/cluster/arithmetic/sum_of.hpp"
#include "stages/cluster/partition/priced_partition.hpp"
#include "stages/tensor/error.hpp"

namespace pal::cluster {

namespace {

using Boundaries = std::vector<std::size_t>;

constexpr std::size_t kCoarseBinsACluster = 128;
constexpr int kMostPrices = 16;

/// Guesses the price as if the cost fell with the square of the number of clusters.
double rough_price(double cost_of_one, std::size_t k) {
    const auto clusters = static_cast<double>(k);
    return 2 * cost_of_one / (clusters * clusters * clusters);
}

/// Returns a price at which about k clusters are best.
double price_of(std::span<const Bin> bins, std::size_t k) {
    const PrefixCosts costs(bins);
    PricedProgram<PrefixCosts> program(costs, {});
    PriceSearch search(k, rough_price(costs(0, bins.size()), k));
    while (search.price() > 0 && search.add(program.solve(search.price()))) {
    }
    return search.price();
}

/// Joins runs of neighbouring bins.
std::vector<Bin> joined(std::span<const Bin> bins, std::size_t run) {
    std::vector<Bin> result;
    result.reserve(bins.size() / run + 1);
    for (std::size_t b = 0; b < bins.size(); ++b) {
        if (b % run == 0) {
            result.push_back(bins[b]);
        } else {
            result.back() = merged(result.back(), bins[b]);
        }
    }
    return result;
}

double good_price(std::span<const Bin> bins, double cost_of_one, std::size_t k) {
    const std::size_t run = bins.size() / (kCoarseBinsACluster * k);
    return run < 4 ? rough_price(cost_of_one, k) : price_of(joined(bins, run), k);
}

/// Guesses the price at which k clusters are best, from the density of the bins (Panter and Dite
/// 1951). The cost falls with the square of the number of clusters.
double guessed_price(std::span<const Bin> bins, std::size_t k) {
    constexpr std::size_t kRun = 4;
    double measure = 0;  // integral of the cube root of the density
    for (std::size_t begin = 0; begin + 1 < bins.size(); begin += kRun) {
        const std::size_t end = std::min(begin + kRun, bins.size() - 1);
        const double extent = bins[end].mean - bins[begin].mean;
        const auto run = bins.subspan(begin, end - begin);
        const double weight = sum_of(run.size(), [run](std::size_t b) { return run[b].weight; });
        measure += std::cbrt(weight * extent * extent);
    }
    const double share = measure / static_cast<double>(k);
    return share * share * share / 6;
}

template <class Costs>
double cost_of(const Costs& costs, const Boundaries& boundaries) {
    double cost = 0;
    for (std::size_t c = 0; c + 1 < boundaries.size(); ++c)
        cost += costs(boundaries[c], boundaries[c + 1]);
    return cost;
}

/// Makes a solution of k clusters from two solutions for one price, one of fewer clusters and one
/// of more. It takes the first clusters of the few and the last ones of the many. They are joined
/// where a cluster of the many lies inside one of the few. The result costs no more than the two do
/// (Aggarwal, Schieber and Tokuyama 1994).
Boundaries joined_at(const Boundaries& few, const Boundaries& many, std::size_t k) {
    const std::size_t ahead = many.size() - 1 - k;
    std::size_t i = 0;
    while (few[i + 1] < many[i + ahead + 1]) ++i;
    Boundaries result(few.begin(), few.begin() + static_cast<std::ptrdiff_t>(i + 1));
    result.insert(result.end(), many.begin() + static_cast<std::ptrdiff_t>(i + ahead + 1),
                  many.end());
    PAL_ASSERT(result.size() == k + 1);
    return result;
}

}  // namespace

template <class Costs>
std::optional<Boundaries> proven_partition(std::span<const Bin> bins, const Costs& costs,
                                           std::size_t k, double price, double tolerance) {
    const double guess = price > 0 ? price : good_price(bins, costs(0, bins.size()), k);
    if (!(guess > 0)) return std::nullopt;
    PricedProgram<Costs> program(costs, {});
    PriceSearch search(k, guess);
    Boundaries few;
    Boundaries many;
    Priced last;
    do {
        last = program.solve(search.price());
        (last.clusters < k ? few : many) = program.boundaries();
    } while (search.add(last));
    if (last.clusters != k) {
        if (few.empty() || many.empty()) return std::nullopt;
        many = joined_at(few, many, k);
        if (last.price != search.best().price) last = program.solve(search.best().price);
    }
    const double cost = cost_of(costs, many);
    const double bound = last.bound(k) - static_cast<double>(k) * program.slack().excess;
    if (!(cost - bound <= tolerance * cost)) return std::nullopt;
    return many;
}

Boundaries quick_partition(std::span<const Bin> bins, std::size_t k, double tolerance) {
    const PrefixCosts costs(bins);
    PricedProgram<PrefixCosts> program(costs, {});
    PriceSearch search(k, guessed_price(bins, k));
    const auto within = [&](double cost) {
        return costs.doubt() * static_cast<double>(k) <= tolerance * cost;
    };
    Boundaries few;
    Boundaries many;
    for (int prices = 0; prices < kMostPrices && search.price() > 0; ++prices) {
        const Priced solved = program.solve(search.price());
        const bool goes_on = search.add(solved);
        (solved.clusters < k ? few : many) = program.boundaries();
        if (solved.clusters == k) return within(cost_of(costs, many)) ? many : Boundaries();
        if (!few.empty() && !many.empty()) {
            Boundaries joined = joined_at(few, many, k);
            const double cost = cost_of(costs, joined);
            if (within(cost) && cost - search.best().bound(k) <= tolerance * cost) return joined;
        }
        if (!goes_on) break;
    }
    return {};
}

template std::optional<Boundaries> proven_partition<PrefixCosts>(std::span<const Bin>,
                                                                 const PrefixCosts&, std::size_t,
                                                                 double, double);
template std::optional<Boundaries> proven_partition<MergedCosts>(std::span<const Bin>,
                                                                 const MergedCosts&, std::size_t,
                                                                 double, double);

}  // namespace pal::cluster
