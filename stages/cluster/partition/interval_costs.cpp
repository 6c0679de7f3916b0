#include "stages/cluster/partition/interval_costs.hpp"

#include <bit>
#include <limits>

#include "stages/cluster/arithmetic/carried_sum.hpp"

namespace pal::cluster {

namespace {

constexpr std::size_t kBlock = 32;  // n / 32 blocks and up to 27 levels: fewer entries than bins

}  // namespace

PrefixCosts::PrefixCosts(std::span<const Bin> bins) : prefix_(bins.size() + 1) {
    CarriedSum weight;
    CarriedSum sum;
    CarriedSum squares;
    double magnitude = 0;
    double largest = 0;
    bool whole = true;  // whole weights add up and subtract exactly
    for (std::size_t b = 0; b < bins.size(); ++b) {
        const Bin& bin = bins[b];
        weight.add(bin.weight);
        sum.add(bin.weight * bin.mean);
        squares.add(bin.weight * bin.mean * bin.mean + bin.spread);
        prefix_[b + 1] = {weight.value(), sum.value(), squares.value()};
        magnitude += bin.weight * std::abs(bin.mean);
        largest = std::max(largest, std::abs(bin.mean));
        whole = whole && bin.weight == std::trunc(bin.weight);
    }
    // cost = squares - mean * sum: each has a few roundings of its prefix sums.
    constexpr double kRounding = 2 * std::numeric_limits<double>::epsilon();
    doubt_ = kRounding * (prefix_.back().squares + 2 * largest * magnitude +
                          (whole ? 0.0 : largest * largest * prefix_.back().weight));
}

MergedCosts::MergedCosts(std::span<const Bin> bins)
    : bins_(bins), to_block_end_(bins.begin(), bins.end()), from_block_begin_(to_block_end_) {
    const std::size_t count = bins.size();
    for (std::size_t b = 1; b < count; ++b) {
        if (b % kBlock != 0)
            from_block_begin_[b] = merged(from_block_begin_[b - 1], from_block_begin_[b]);
    }
    for (std::size_t b = count; b-- > 1;) {
        if (b % kBlock != 0) to_block_end_[b - 1] = merged(to_block_end_[b - 1], to_block_end_[b]);
    }
    std::vector<Bin> level;
    for (std::size_t b = 0; b < count; b += kBlock) level.push_back(to_block_end_[b]);
    const std::size_t blocks = level.size();
    table_.push_back(level);
    for (std::size_t half = 1; half < blocks; half *= 2) {
        // Each run of 2 * half blocks gets moments from a block to the middle, or from the middle
        // to a block.
        level = table_.front();
        for (std::size_t middle = half; middle < blocks; middle += 2 * half) {
            for (std::size_t b = middle - 1; b-- > middle - half;)
                level[b] = merged(level[b], level[b + 1]);
            for (std::size_t b = middle + 1; b < std::min(middle + half, blocks); ++b)
                level[b] = merged(level[b - 1], level[b]);
        }
        table_.push_back(level);
    }
}

/// Returns blocks first .. last, both included, as one bin.
Bin MergedCosts::blocks(std::size_t first, std::size_t last) const noexcept {
    if (first == last) return table_.front()[first];
    const auto level = static_cast<std::size_t>(std::bit_width(first ^ last));
    return merged(table_[level][first], table_[level][last]);
}

double MergedCosts::operator()(std::size_t begin, std::size_t end) const noexcept {
    const std::size_t first = begin / kBlock;
    const std::size_t last = (end - 1) / kBlock;
    if (first == last) {
        Bin all = bins_[begin];
        for (std::size_t b = begin + 1; b < end; ++b) all = merged(all, bins_[b]);
        return all.spread;
    }
    Bin all = to_block_end_[begin];
    if (last - first > 1) all = merged(all, blocks(first + 1, last - 1));
    return merged(all, from_block_begin_[end - 1]).spread;
}

}  // namespace pal::cluster
