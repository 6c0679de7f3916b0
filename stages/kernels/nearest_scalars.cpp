#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stages/kernels/nearest_scalars.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
//
#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "stages/kernels/convert-inl.hpp"
#include "stages/kernels/convert.hpp"
#include "stages/kernels/error_lanes-inl.hpp"
#include "stages/kernels/nearest_scalars.hpp"
#include "stages/kernels/prefetch.hpp"
#include "stages/kernels/search_among_16-inl.hpp"
#include "stages/tensor/error.hpp"

HWY_BEFORE_NAMESPACE();
namespace pal::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Finds the place among the distinct entries, and the entry.
HWY_ATTR void find_among_16(const float* HWY_RESTRICT values, std::size_t count,
                            const float* HWY_RESTRICT thresholds, const float* HWY_RESTRICT entries,
                            std::uint8_t* HWY_RESTRICT indices, float* HWY_RESTRICT nearest) {
    std::size_t v = 0;
    const SearchAmong16 search(thresholds, entries);
    for (; v + kSearchLanes <= count; v += kSearchLanes)
        search.find(values + v, indices + v, nearest + v);
    find_rest(values + v, count - v, thresholds, entries, indices + v, nearest + v);
}

/// Finds the same, and adds up the errors, for all values but the last few. Returns how many those
/// are. Entries take no way through memory.
HWY_ATTR std::size_t measure_among_16(const float* HWY_RESTRICT values, std::size_t count,
                                      const float* HWY_RESTRICT thresholds,
                                      const float* HWY_RESTRICT entries,
                                      std::uint8_t* HWY_RESTRICT indices, ErrorLanes& lanes) {
    std::size_t v = 0;
    const SearchAmong16 search(thresholds, entries);
    ErrorVectors errors;
    HWY_ALIGN float nearest[kSearchLanes];
    for (; v + kSearchLanes <= count; v += kSearchLanes) {
        prefetch_ahead(values + v, kSearchLanes);
        search.find(values + v, indices + v, nearest);
        for (std::size_t part = 0; part < kSearchLanes; part += kErrorLanes)
            errors.add(values + v + part, nearest + part);
    }
    errors.store(lanes);
    return v;
}

/// The same for values as 16 bits, in short pieces. The next ones are read from memory while one is
/// searched: 12 percent less time than from a block that was converted before.
HWY_ATTR std::size_t measure_stored_among_16(const std::uint16_t* HWY_RESTRICT patterns,
                                             bool bfloat16, std::size_t count,
                                             const float* HWY_RESTRICT thresholds,
                                             const float* HWY_RESTRICT entries,
                                             std::uint8_t* HWY_RESTRICT indices,
                                             ErrorLanes& lanes) {
    constexpr std::size_t kPiece = 128;
    const SearchAmong16 search(thresholds, entries);
    ErrorVectors errors;
    HWY_ALIGN float values[kPiece];
    HWY_ALIGN float nearest[kSearchLanes];
    const std::size_t whole = count - count % kSearchLanes;
    for (std::size_t begin = 0; begin < whole; begin += kPiece) {
        const std::size_t length = HWY_MIN(kPiece, whole - begin);
        bfloat16 ? bfloat16_to_floats(patterns + begin, length, values)
                 : halves_to_floats(patterns + begin, length, values);
        for (std::size_t v = 0; v < length; v += kSearchLanes) {
            search.find(values + v, indices + begin + v, nearest);
            for (std::size_t part = 0; part < kSearchLanes; part += kErrorLanes)
                errors.add(values + v + part, nearest + part);
        }
    }
    errors.store(lanes);
    return whole;
}

/// Looks up nearest[v] = entries[indices[v]].
HWY_ATTR void look_up(const std::uint8_t* HWY_RESTRICT indices, std::size_t count,
                      const float* HWY_RESTRICT entries, float* HWY_RESTRICT nearest) {
    const hn::ScalableTag<float> d;
    const hn::RebindToSigned<decltype(d)> di;
    const hn::Rebind<std::uint8_t, decltype(d)> d8;
    const std::size_t lanes = hn::Lanes(d);
    std::size_t v = 0;
    for (; v + lanes <= count; v += lanes) {
        const auto places = hn::PromoteTo(di, hn::LoadU(d8, indices + v));
        hn::StoreU(hn::GatherIndex(d, entries, places), d, nearest + v);
    }
    for (; v < count; ++v) nearest[v] = entries[indices[v]];
}

}  // namespace pal::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pal::kernels {

HWY_EXPORT(find_among_16);
HWY_EXPORT(measure_among_16);
HWY_EXPORT(measure_stored_among_16);
HWY_EXPORT(look_up);

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::size_t kKeys = std::size_t{1} << 16;       // sign, exponent, 7 bits of the mantissa
constexpr std::size_t kTablePays = std::size_t{1} << 15;  // making it costs some 100 us
constexpr std::size_t kMostSteps = 3;  // thresholds inside a key; more are searched by halves

/// Returns the largest float at which the lower of two neighbouring entries is still the nearer one
/// or ties.
float threshold_between(double lower, double upper) {
    const double middle = lower + (upper - lower) / 2;
    const auto threshold = static_cast<float>(middle);
    return static_cast<double>(threshold) > middle ? std::nextafter(threshold, -kInfinity)
                                                   : threshold;
}

}  // namespace

NearestScalars::NearestScalars(std::span<const double> lut, std::size_t expected) {
    PAL_ASSERT(!lut.empty() && lut.size() <= entries_.size());
    thresholds_.fill(kInfinity);
    entries_[0] = static_cast<float>(lut[0]);
    distinct_ = 1;
    for (std::size_t e = 1; e < lut.size(); ++e) {
        if (lut[e] == lut[e - 1]) continue;
        PAL_ASSERT(lut[e] > lut[e - 1]);
        thresholds_[distinct_ - 1] = threshold_between(lut[e - 1], lut[e]);
        entries_[distinct_] = static_cast<float>(lut[e]);
        first_index_[distinct_] = static_cast<std::uint8_t>(e);
        first_of_all_ = first_of_all_ && e == distinct_;
        ++distinct_;
    }
    if (distinct_ > 16 && expected >= kTablePays) make_table();
}

void NearestScalars::make_table() {
    start_.resize(kKeys);
    std::size_t below = 0;  // thresholds below what has been passed
    for (std::uint32_t place = 0; place < kKeys; ++place) {  // keys in the order of their values
        const bool negative = place < kKeys / 2;
        const auto key =
            static_cast<std::uint32_t>(negative ? kKeys - 1 - place : place - kKeys / 2);
        if ((key & 0x7F80U) == 0x7F80U) continue;  // NaN and infinity
        const std::uint32_t near = key << 16U;
        const std::uint32_t far = near | 0xFFFFU;
        const auto low = std::bit_cast<float>(negative ? far : near);
        const auto high = std::bit_cast<float>(negative ? near : far);
        while (thresholds_[below] < low) ++below;
        start_[key] = static_cast<std::uint8_t>(below);
        while (thresholds_[below] < high) ++below;
        most_steps_ = std::max<std::size_t>(most_steps_, below - start_[key]);
    }
    if (most_steps_ > kMostSteps) start_.clear();
}

void NearestScalars::find(std::span<const float> values, std::span<std::uint8_t> indices,
                          std::span<float> nearest) const {
    PAL_ASSERT(values.size() == indices.size() && values.size() == nearest.size());
    if (distinct_ <= 16) {
        HWY_DYNAMIC_DISPATCH(find_among_16)
        (values.data(), values.size(), thresholds_.data(), entries_.data(), indices.data(),
         nearest.data());
    } else if (!start_.empty()) {
        find_by_table(values, indices.data(), nearest.data());
    } else {
        find_by_halves(values, indices.data(), nearest.data());
    }
    name_first(indices);
}

ErrorSums NearestScalars::find_and_measure(std::span<const float> values,
                                           std::span<std::uint8_t> indices,
                                           std::span<float> nearest) const {
    PAL_ASSERT(values.size() == indices.size() && values.size() == nearest.size());
    ErrorLanes lanes;
    std::size_t measured = 0;
    if (distinct_ <= 16) {
        measured =
            HWY_DYNAMIC_DISPATCH(measure_among_16)(values.data(), values.size(), thresholds_.data(),
                                                   entries_.data(), indices.data(), lanes);
        name_first(indices.first(measured));
    }
    if (measured == 0) {
        find(values, indices, nearest);
        return error_sums(values, std::span<const float>(nearest));
    }
    find(values.subspan(measured), indices.subspan(measured), nearest.subspan(measured));
    return lanes.finished(values, std::span<const float>(nearest), measured, 1.0);
}

ErrorSums NearestScalars::find_and_measure_stored(std::span<const std::uint16_t> patterns,
                                                  bool bfloat16,
                                                  std::span<std::uint8_t> indices) const {
    PAL_ASSERT(takes_stored() && patterns.size() == indices.size());
    ErrorLanes lanes;
    const std::size_t measured = HWY_DYNAMIC_DISPATCH(measure_stored_among_16)(
        patterns.data(), bfloat16, patterns.size(), thresholds_.data(), entries_.data(),
        indices.data(), lanes);
    name_first(indices.first(measured));
    // lanes.finished() looks only at the values that are left.
    std::array<float, kErrorLanes * 2> values{};
    std::array<float, kErrorLanes * 2> nearest{};
    const std::size_t left = patterns.size() - measured;
    PAL_ASSERT(left < values.size());
    const std::span some(values.data(), left);
    bfloat16 ? bfloat16_to_floats(patterns.subspan(measured), some)
             : halves_to_floats(patterns.subspan(measured), some);
    find(some, indices.subspan(measured), std::span(nearest.data(), left));
    return lanes.finished(std::span<const float>(some),
                          std::span<const float>(nearest.data(), left), 0, 1.0);
}

/// Makes every index name the first of equal entries.
void NearestScalars::name_first(std::span<std::uint8_t> indices) const {
    if (first_of_all_) return;
    for (std::uint8_t& index : indices) index = first_index_[index];
}

/// Works in two passes over what the L1 cache holds. One pass that also stored the entries would
/// take 40 percent longer.
void NearestScalars::find_by_table(std::span<const float> values, std::uint8_t* indices,
                                   float* nearest) const {
    constexpr std::size_t kTogether = 2048;
    const auto with_steps = [&](auto steps) {
        for (std::size_t begin = 0; begin < values.size(); begin += kTogether) {
            const auto some = values.subspan(begin, std::min(kTogether, values.size() - begin));
            step_from_table<steps>(some, indices + begin);
            HWY_DYNAMIC_DISPATCH(look_up)
            (indices + begin, some.size(), entries_.data(), nearest + begin);
        }
    };
    switch (most_steps_) {
        case 0:
        case 1:
            return with_steps(std::integral_constant<std::size_t, 1>());
        case 2:
            return with_steps(std::integral_constant<std::size_t, 2>());
        default:
            return with_steps(std::integral_constant<std::size_t, kMostSteps>());
    }
}

template <std::size_t kSteps>
void NearestScalars::step_from_table(std::span<const float> values,
                                     std::uint8_t* HWY_RESTRICT indices) const {
    const float* HWY_RESTRICT thresholds = thresholds_.data();
    const std::uint8_t* HWY_RESTRICT start = start_.data();
    for (std::size_t v = 0; v < values.size(); ++v) {
        const float x = values[v];
        std::size_t place = start[std::bit_cast<std::uint32_t>(x) >> 16U];
        for (std::size_t s = 0; s < kSteps; ++s) place += x > thresholds[place] ? 1U : 0U;
        indices[v] = static_cast<std::uint8_t>(place);
    }
}

void NearestScalars::find_by_halves(std::span<const float> values, std::uint8_t* indices,
                                    float* nearest) const {
    const std::size_t span = std::bit_ceil(distinct_);
    constexpr std::size_t kTogether = 8;  // independent searches hide each other's latency
    std::size_t v = 0;
    for (; v + kTogether <= values.size(); v += kTogether) {
        std::array<std::size_t, kTogether> place{};
        for (std::size_t half = span / 2; half > 0; half /= 2) {
            for (std::size_t i = 0; i < kTogether; ++i) {
                place[i] += values[v + i] > thresholds_[place[i] + half - 1] ? half : 0;
            }
        }
        for (std::size_t i = 0; i < kTogether; ++i) {
            indices[v + i] = static_cast<std::uint8_t>(place[i]);
            nearest[v + i] = entries_[place[i]];
        }
    }
    for (; v < values.size(); ++v) {
        std::size_t place = 0;
        for (std::size_t half = span / 2; half > 0; half /= 2) {
            place += values[v] > thresholds_[place + half - 1] ? half : 0;
        }
        indices[v] = static_cast<std::uint8_t>(place);
        nearest[v] = entries_[place];
    }
}

}  // namespace pal::kernels
#endif  // HWY_ONCE
