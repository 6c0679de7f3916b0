#include "stages/cluster/histogram/counted_histogram.hpp"

#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "stages/cluster/arithmetic/rough_math.hpp"
#include "stages/cluster/histogram/sample.hpp"
#include "stages/kernels/count_bins.hpp"
#include "stages/kernels/sort.hpp"

namespace pal::cluster {

namespace {

using kernels::KeySplit;
using kernels::kLeadingKeys;

constexpr std::uint32_t kTrailingKeyBits = 16;
constexpr std::size_t kFew = std::size_t{1} << 12;

float float_of(std::uint32_t bits) noexcept { return std::bit_cast<float>(bits); }
bool is_finite_key(std::uint32_t key) noexcept { return (key & 0x7F80U) != 0x7F80U; }

/// Returns the distance of neighbouring values with this leading key: 2^(exponent - 150).
double step_of(std::uint32_t key) noexcept {
    const std::uint64_t exponent = std::max(key >> 7U & 0xFFU, 1U);
    return std::bit_cast<double>((exponent - 150 + 1023) << 52U);
}

/// Return keys in the order of their values, and back: negative ones by falling magnitude, then
/// positive ones.
std::uint32_t key_at(std::uint32_t place) noexcept {
    return place < kLeadingKeys / 2 ? static_cast<std::uint32_t>(kLeadingKeys) - 1 - place
                                    : place - static_cast<std::uint32_t>(kLeadingKeys / 2);
}
std::uint32_t place_of(std::uint32_t key) noexcept {
    return key >= kLeadingKeys / 2 ? static_cast<std::uint32_t>(kLeadingKeys) - 1 - key
                                   : key + static_cast<std::uint32_t>(kLeadingKeys / 2);
}

struct KeyCount {
    std::uint32_t key = 0;
    std::uint32_t count = 0;
    std::uint32_t bits = 0;  // number of bits by which the key is split
};

/// Counts leading keys. The table behind it is kept clean between uses.
class KeyCounter {
  public:
    void add(std::uint32_t key) noexcept {
        if (counts_[key]++ == 0)
            touched_[place_of(key) / 64] |= std::uint64_t{1} << place_of(key) % 64;
    }

    /// Returns the counts in the order of the values, and empties the counter.
    std::vector<KeyCount> take() {
        std::vector<KeyCount> result;
        for (std::size_t word = 0; word < touched_.size(); ++word) {
            for (std::uint64_t left = touched_[word]; left != 0; left &= left - 1) {
                const std::uint32_t key = key_at(static_cast<std::uint32_t>(
                    word * 64 + static_cast<std::size_t>(std::countr_zero(left))));
                result.push_back({key, counts_[key], 0});
                counts_[key] = 0;
            }
            touched_[word] = 0;
        }
        return result;
    }

  private:
    std::vector<std::uint32_t> counts_ = std::vector<std::uint32_t>(kLeadingKeys);
    std::array<std::uint64_t, kLeadingKeys / 64> touched_{};  // by place
};

KeyCounter& thread_counter() {
    thread_local KeyCounter counter;
    return counter;
}

std::vector<KeyCount> sampled_keys(const FloatBlocks& values) {
    KeyCounter& counter = thread_counter();
    // All of few values are looked at.
    for (const float value : sampled(values, values.count <= kFew ? 1 : 15))
        counter.add(std::bit_cast<std::uint32_t>(value) >> 16);
    return counter.take();
}

/// Returns log2 of: the cube root of a key's density, times the key's width.
float log_measure(std::uint32_t key, float count) noexcept {
    const int exponent = std::max<int>(static_cast<int>(key >> 7U & 0xFFU), 1);
    return (rough_log2(count) + 2 * static_cast<float>(exponent - 134)) / 3;
}

/// Splits each key so that bins share out the cube root of the density evenly. There are
/// `fine_bins` in all, a little more by rounding up. Returns the log_measure that is due to one
/// bin.
float share_out(std::vector<KeyCount>& keys, std::size_t fine_bins, bool sampled) {
    std::vector<float> measures(keys.size());
    float total = 0;
    for (std::size_t k = 0; k < keys.size(); ++k) {
        measures[k] = log_measure(keys[k].key, static_cast<float>(keys[k].count));
    }
    // Measures relative to the largest keep the sums in range.
    const float largest = *std::max_element(measures.begin(), measures.end());
    for (float& measure : measures) total += rough_exp2(measure -= largest);
    const float a_bin = rough_log2(total / static_cast<float>(fine_bins));
    for (std::size_t k = 0; k < keys.size(); ++k) {
        // A sampled count stands for many; a full one cannot use more bins than it has values.
        const float usable =
            sampled ? 16.0F : std::min(16.0F, rough_log2(static_cast<float>(keys[k].count)) + 2);
        keys[k].bits =
            static_cast<std::uint32_t>(std::ceil(std::clamp(measures[k] - a_bin, 0.0F, usable)));
    }
    return largest + a_bin;
}

/// Tables of one thread, clean between uses: splits say "uncounted", bins are 0.
struct Tables {
    std::vector<KeySplit> splits =
        std::vector<KeySplit>(kLeadingKeys, KeySplit{0, kernels::kUncounted});
    std::vector<std::uint64_t> bins;
};
Tables& thread_tables() {
    thread_local Tables tables;
    return tables;
}

struct Count {
    std::uint64_t count = 0;
    std::uint64_t trailing = 0;  // sum of trailing bits
};

/// Counts of one thread.
class Counts {
  public:
    explicit Counts(std::size_t bin_count) : packed_(bin_count) {}

    void add(std::span<const float> values, std::span<const KeySplit> splits) {
        while (!values.empty()) {
            if (counted_ == kernels::kMostCounted) unpack();
            const std::size_t length = std::min(values.size(), kernels::kMostCounted - counted_);
            kernels::count_bins(values.first(length), splits, packed_, set_aside_);
            counted_ += length;
            values = values.subspan(length);
        }
    }

    void add_to(std::vector<Count>& totals, std::vector<std::uint32_t>& set_aside) {
        for (std::size_t b = 0; b < packed_.size(); ++b) {
            totals[b].count += packed_[b] >> 40;
            totals[b].trailing += packed_[b] & (kernels::kOneCounted - 1);
        }
        for (std::size_t b = 0; b < unpacked_.size(); ++b) {
            totals[b].count += unpacked_[b].count;
            totals[b].trailing += unpacked_[b].trailing;
        }
        set_aside.insert(set_aside.end(), set_aside_.begin(), set_aside_.end());
    }

  private:
    /// Makes room once the 24 bits of count are full.
    void unpack() {
        unpacked_.resize(packed_.size());
        for (std::size_t b = 0; b < packed_.size(); ++b) {
            unpacked_[b].count += packed_[b] >> 40;
            unpacked_[b].trailing += packed_[b] & (kernels::kOneCounted - 1);
            packed_[b] = 0;
        }
        counted_ = 0;
    }

    std::vector<std::uint64_t> packed_;
    std::vector<Count> unpacked_;
    std::vector<std::uint32_t> set_aside_;
    std::size_t counted_ = 0;
};

struct Counted {
    std::vector<Count> bins;
    std::vector<std::uint32_t> set_aside;  // bits
};

Counted count_all(const FloatBlocks& values, std::span<const KeySplit> splits,
                  std::size_t bin_count) {
    tbb::enumerable_thread_specific<Counts> counts([&] { return Counts(bin_count); });
    values.for_each([&](std::span<const float> block) { counts.local().add(block, splits); });
    Counted result;
    result.bins.resize(bin_count);
    for (Counts& count : counts) count.add_to(result.bins, result.set_aside);
    return result;
}

CountedBin bin_of(std::uint32_t key, std::uint32_t first_trailing, std::uint32_t last_trailing,
                  const Count& count) {
    const double base = float_of(key << 16U);
    const double step = key < kLeadingKeys / 2 ? step_of(key) : -step_of(key);
    const double near = base + step * first_trailing;
    const double far = base + step * last_trailing;
    CountedBin bin;
    bin.weight = static_cast<double>(count.count);
    bin.mean = base + step * (static_cast<double>(count.trailing) / bin.weight);
    bin.low = std::min(near, far);
    bin.high = std::max(near, far);
    return bin;
}

/// Returns the bins of values that were set aside, ascending. bits_of(key, number of its values):
/// number of bits by which a key is split.
template <class BitsOf>
std::vector<CountedBin> bins_of_rest(const std::vector<std::uint32_t>& set_aside,
                                     const BitsOf& bits_of) {
    std::vector<float> values(set_aside.size());
    for (std::size_t v = 0; v < values.size(); ++v)
        values[v] = float_of(set_aside[v]) + 0.0F;  // -0 is +0
    kernels::sort_ascending(values);
    const auto bits_at = [&](std::size_t v) { return std::bit_cast<std::uint32_t>(values[v]); };
    std::vector<CountedBin> bins;
    for (std::size_t v = 0; v < values.size();) {
        const std::uint32_t key = bits_at(v) >> kTrailingKeyBits;
        std::size_t end = v;
        while (end < values.size() && bits_at(end) >> kTrailingKeyBits == key) ++end;
        const std::uint32_t shift = kTrailingKeyBits - bits_of(key, end - v);
        while (v < end) {
            const std::uint32_t cell = bits_at(v) >> shift;
            Count count;
            for (; v < end && bits_at(v) >> shift == cell; ++v) {
                ++count.count;
                count.trailing += bits_at(v) & 0xFFFFU;
            }
            const std::uint32_t first = cell << shift & 0xFFFFU;
            bins.push_back(bin_of(key, first, first + ((1U << shift) - 1), count));
        }
    }
    return bins;
}

/// Returns the bins of the split keys, ascending.
std::vector<CountedBin> bins_of_keys(const std::vector<KeyCount>& keys,
                                     const std::vector<Count>& counts) {
    std::vector<CountedBin> bins;
    bins.reserve(counts.size());
    std::size_t first = 0;
    for (const KeyCount& key : keys) {
        const std::uint32_t width = 1U << (kTrailingKeyBits - key.bits);
        const std::uint32_t parts = 1U << key.bits;
        for (std::uint32_t p = 0; p < parts; ++p) {
            // Negative values rise as their bits fall.
            const std::uint32_t part = key.key < kLeadingKeys / 2 ? p : parts - 1 - p;
            const Count& count = counts[first + part];
            if (count.count == 0) continue;
            bins.push_back(bin_of(key.key, part * width, part * width + (width - 1), count));
        }
        first += parts;
    }
    return bins;
}

/// Joins the two bins of -0 and +0, which are one value.
void join_zeros(std::vector<CountedBin>& bins) {
    const auto zero =
        std::adjacent_find(bins.begin(), bins.end(),
                           [](const auto& a, const auto& b) { return a.mean == 0 && b.mean == 0; });
    if (zero == bins.end()) return;
    zero->weight += (zero + 1)->weight;
    zero->high = (zero + 1)->high;
    bins.erase(zero + 1);
}

template <class BitsOf>
CountedHistogram histogram_of(const FloatBlocks& values, const std::vector<KeyCount>& keys,
                              const BitsOf& rest_bits) {
    Tables& tables = thread_tables();
    std::size_t bin_count = 0;
    for (const KeyCount& key : keys) {
        tables.splits[key.key] = {static_cast<std::uint32_t>(bin_count),
                                  kTrailingKeyBits - key.bits};
        bin_count += std::size_t{1} << key.bits;
    }
    Counted counted = count_all(values, tables.splits, bin_count);
    for (const KeyCount& key : keys) tables.splits[key.key] = {0, kernels::kUncounted};

    CountedHistogram result;
    result.finite = std::all_of(counted.set_aside.begin(), counted.set_aside.end(),
                                [](std::uint32_t bits) { return is_finite_key(bits >> 16U); });
    if (!result.finite) return result;
    const std::vector<CountedBin> split = bins_of_keys(keys, counted.bins);
    const std::vector<CountedBin> rest = bins_of_rest(counted.set_aside, rest_bits);
    result.bins.resize(split.size() + rest.size());
    std::merge(split.begin(), split.end(), rest.begin(), rest.end(), result.bins.begin(),
               [](const CountedBin& a, const CountedBin& b) { return a.low < b.low; });
    join_zeros(result.bins);
    return result;
}

/// Returns the keys of all values, unsplit.
std::vector<KeyCount> all_keys(const FloatBlocks& values) {
    tbb::enumerable_thread_specific<KeyCounter> counters;
    values.for_each([&](std::span<const float> block) {
        KeyCounter& counter = counters.local();
        for (const float value : block) counter.add(std::bit_cast<std::uint32_t>(value) >> 16U);
    });
    std::vector<std::uint64_t> counts(kLeadingKeys);
    for (KeyCounter& counter : counters) {
        for (const KeyCount& key : counter.take()) counts[place_of(key.key)] += key.count;
    }
    std::vector<KeyCount> keys;
    for (std::uint32_t place = 0; place < kLeadingKeys; ++place) {
        if (counts[place] == 0) continue;
        const auto count = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(counts[place], std::numeric_limits<std::uint32_t>::max()));
        keys.push_back({key_at(place), count, 0});
    }
    return keys;
}

}  // namespace

CountedHistogram counted_histogram(const FloatBlocks& values, std::size_t fine_bins, int passes) {
    std::vector<KeyCount> keys = passes == 1 ? sampled_keys(values) : all_keys(values);
    std::erase_if(keys, [](const KeyCount& key) { return !is_finite_key(key.key); });
    if (keys.empty()) {
        return histogram_of(values, keys, [](std::uint32_t, std::size_t) { return 0U; });
    }
    const float a_bin = share_out(keys, fine_bins, passes == 1);
    std::uint64_t looked_at = 0;
    for (const KeyCount& key : keys) looked_at += key.count;
    const float share = static_cast<float>(looked_at) / static_cast<float>(values.count);
    return histogram_of(values, keys, [&](std::uint32_t key, std::size_t count) {
        const float measure = log_measure(key, static_cast<float>(count) * share);
        return static_cast<std::uint32_t>(std::ceil(std::clamp(measure - a_bin, 0.0F, 16.0F)));
    });
}

}  // namespace pal::cluster
