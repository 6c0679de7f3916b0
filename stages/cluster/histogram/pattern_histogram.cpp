#include "stages/cluster/histogram/pattern_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>

#include "stages/cluster/histogram/counted_by.hpp"
#include "stages/kernels/count_values.hpp"
#include "stages/kernels/prefetch.hpp"

namespace pal::cluster {

namespace {

using PatternCounts = std::span<const std::uint32_t>;

constexpr std::size_t kMagnitudes = 1 << 15;

/// Appends a bin for each magnitude above 0 that occurs, ascending. value_of(m) is the value that
/// counts[m] counts.
template <class ValueOf>
void append_magnitudes(PatternCounts counts, const ValueOf& value_of,
                       std::vector<CountedBin>& bins) {
    constexpr std::size_t kTogether = 32;  // most do not occur
    std::size_t at = bins.size();
    const auto occurring =
        std::count_if(counts.begin(), counts.end(), [](auto c) { return c > 0; });
    bins.resize(at + static_cast<std::size_t>(occurring) + 1);  // and one that is written in vain
    for (std::size_t begin = 1; begin < counts.size(); begin += kTogether) {
        const auto some = counts.subspan(begin, std::min(kTogether, counts.size() - begin));
        if (std::accumulate(some.begin(), some.end(), 0U, std::bit_or<>()) == 0) continue;
        for (std::size_t m = begin; m < begin + some.size(); ++m) {
            const double value = value_of(static_cast<std::uint32_t>(m));
            bins[at] = {static_cast<double>(counts[m]), value, value, value};
            at += counts[m] > 0 ? 1 : 0;
        }
    }
    bins.resize(at);
}

/// Returns the value of each pattern without its sign.
std::span<const float> magnitudes_of(DType dtype) {
    const auto table_of = [](float (*value_of)(std::uint16_t)) {
        std::vector<float> table(kMagnitudes);
        for (std::size_t m = 0; m < kMagnitudes; ++m)
            table[m] = value_of(static_cast<std::uint16_t>(m));
        return table;
    };
    static const std::vector<float> halves = table_of(half_to_float);
    static const std::vector<float> bfloats = table_of(bfloat16_to_float);
    return dtype == DType::kF16 ? halves : bfloats;
}

/// Makes a histogram of counts of the finite magnitudes, 0 first.
template <class ValueOf>
CountedHistogram histogram_of(PatternCounts positive, PatternCounts negative,
                              const ValueOf& value_of) {
    CountedHistogram result;
    append_magnitudes(
        negative, [&](std::uint32_t m) { return -value_of(m); }, result.bins);
    std::reverse(result.bins.begin(), result.bins.end());
    const double zeros = static_cast<double>(positive.front()) + negative.front();
    if (zeros > 0) result.bins.push_back({zeros, 0, 0, 0});
    append_magnitudes(positive, value_of, result.bins);
    return result;
}

bool none(PatternCounts counts) {
    return std::all_of(counts.begin(), counts.end(), [](std::uint32_t c) { return c == 0; });
}

/// Counts the stored 16 bits.
CountedHistogram stored_histogram(const FloatBlocks& values, DType dtype) {
    const std::uint32_t infinity = dtype == DType::kF16 ? 0x7C00 : 0x7F80;
    const auto counts =
        counted_by(values.for_each_stored, 2 * kMagnitudes,
                   [](std::span<const std::uint16_t> block, std::span<std::uint32_t> own) {
                       kernels::for_each_prefetched(block.data(), block.size(),
                                                    [&](std::size_t begin, std::size_t end) {
                                                        for (std::size_t v = begin; v < end; ++v)
                                                            ++own[block[v]];
                                                    });
                   });
    const PatternCounts positive = PatternCounts(counts).first(kMagnitudes);
    const PatternCounts negative = PatternCounts(counts).subspan(kMagnitudes);
    if (!none(positive.subspan(infinity)) || !none(negative.subspan(infinity))) return {{}, false};
    return histogram_of(
        positive.first(infinity), negative.first(infinity),
        [values = magnitudes_of(dtype)](std::uint32_t m) -> double { return values[m]; });
}

}  // namespace

CountedHistogram pattern_histogram(const FloatBlocks& values, DType dtype) {
    if (values.for_each_stored) return stored_histogram(values, dtype);
    const auto& patterns =
        dtype == DType::kF16 ? kernels::kHalfPatterns : kernels::kBFloat16Patterns;
    const auto counts = counted_by(values.for_each, patterns.slots(),
                                   [&](std::span<const float> block, std::span<std::uint32_t> own) {
                                       kernels::count_patterns(block, patterns, own);
                                   });
    const PatternCounts positive = PatternCounts(counts).first(patterns.magnitudes);
    const PatternCounts negative = PatternCounts(counts).subspan(patterns.magnitudes);
    if (positive.back() != 0 || negative.back() != 0) return {{}, false};
    return histogram_of(positive, negative, [&patterns](std::uint32_t m) -> double {
        return std::bit_cast<float>((m + patterns.first) << patterns.shift);
    });
}

}  // namespace pal::cluster
