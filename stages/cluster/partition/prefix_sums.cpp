#include "stages/cluster/partition/prefix_sums.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "stages/cluster/arithmetic/carried_sum.hpp"
#include "stages/cluster/arithmetic/rounding.hpp"

namespace pal::cluster {

namespace {

// Bins of a block. Sums are plain inside a block and carry their rounding errors over blocks:
// nearly the precision of the latter at nearly the speed of the former.
constexpr std::size_t kSummed = 32;

/// Returns whether the weight is a whole number below 2^53: such weights add up exactly.
bool whole(double weight) noexcept {
    constexpr double kExact = 0x1p53;
    return weight < kExact && static_cast<double>(static_cast<std::int64_t>(weight)) == weight;
}

}  // namespace

void PrefixSums::build(std::span<const Bin> bins, std::size_t padding) {
    weights_.resize(bins.size() + 1 + padding);
    sums_.resize(bins.size() + 1 + padding);
    weights_[0] = sums_[0] = 0;
    CarriedSum weights;
    CarriedSum sums;
    CarriedSum squares;
    double moment = 0;
    bool exact = true;
    bool rising = true;
    for (std::size_t block = 0; block < bins.size(); block += kSummed) {
        const double weight_before = weights.value();
        const double sum_before = sums.value();
        double weight = 0;
        double sum = 0;
        double square = 0;
        double absolute = 0;
        const std::size_t end = std::min(bins.size(), block + kSummed);
        for (std::size_t b = block; b < end; ++b) {
            const Bin& bin = bins[b];
            const double first = bin.weight * bin.mean;
            weight += bin.weight;
            sum += first;
            square += first * bin.mean + bin.spread;
            absolute += std::abs(first);
            weights_[b + 1] = weight_before + weight;
            sums_[b + 1] = sum_before + sum;
            rising = rising && weights_[b + 1] > weights_[b];
            exact = exact && whole(bin.weight);
        }
        weights.add(weight);
        sums.add(sum);
        squares.add(square);
        moment += absolute;
    }
    std::fill_n(weights_.begin() + static_cast<std::ptrdiff_t>(bins.size() + 1), padding, 0.0);
    std::fill_n(sums_.begin() + static_cast<std::ptrdiff_t>(bins.size() + 1), padding, 0.0);
    squares_ = squares.value();
    const double largest = std::max(std::abs(bins.front().mean), std::abs(bins.back().mean));
    magnitude_ =
        squares_ + 2 * largest * moment + (exact ? 0.0 : largest * largest * weights.value());
    constexpr double kSmallest = 0x1p-300;  // below it, squares of sums of weights may underflow
    if (!rising || !(weights.value() > kSmallest) || !(weights.value() < 1 / kSmallest))
        magnitude_ = std::numeric_limits<double>::infinity();
}

double PrefixSums::doubt(std::size_t intervals) const noexcept {
    // An interval's gain has a few roundings of its prefix sums. Those of the sums inside blocks,
    // half an epsilon an addition, meet each value once.
    return kEpsilon * magnitude_ *
           (2 * static_cast<double>(intervals) + static_cast<double>(kSummed) / 2);
}

}  // namespace pal::cluster
