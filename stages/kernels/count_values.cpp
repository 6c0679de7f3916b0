#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stages/kernels/count_values.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
//
#include <hwy/highway.h>

#include <algorithm>
#include <cstring>

#include "stages/kernels/count_values.hpp"
#include "stages/kernels/prefetch.hpp"
#include "stages/tensor/error.hpp"

HWY_BEFORE_NAMESPACE();
namespace pal::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Number of values whose slots are stored before the increments: the stores then do not stand
// between the loads.
constexpr std::size_t kTogether = 64;

/// Returns the slots of one register of values. Adding 2^23 rounds; the mantissa is the result.
template <class D>
HWY_INLINE hn::VFromD<hn::RebindToUnsigned<D>> slots_of(D d, const EvenBins& grid,
                                                        hn::VFromD<D> values) {
    constexpr float kWhole = 0x1p23F;
    constexpr std::uint32_t kMantissa = 0x7FFFFF;
    const hn::RebindToUnsigned<D> du;
    const auto place = hn::Mul(hn::Sub(values, hn::Set(d, grid.low)), hn::Set(d, grid.per_unit));
    const auto last = hn::Set(d, static_cast<float>(grid.bins + 1));
    const auto near = hn::Max(hn::Min(place, last), hn::Zero(d));
    const auto bits = hn::BitCast(du, hn::Add(near, hn::Set(d, kWhole)));
    // Min and Max treat a NaN differently on each target.
    return hn::Min(hn::And(bits, hn::Set(du, kMantissa)), hn::Set(du, grid.bins + 1));
}

/// Stores the slots of one register of values. Returns whether one is the first or the last slot.
HWY_INLINE bool store_slots(const float* HWY_RESTRICT values, const EvenBins& grid,
                            std::uint32_t* HWY_RESTRICT slots) {
    const hn::CappedTag<float, kTogether> d;
    const hn::RebindToUnsigned<decltype(d)> du;
    const auto first = hn::Zero(du);
    const auto last = hn::Set(du, grid.bins + 1);
    auto outside = hn::MaskFromVec(first);
    for (std::size_t v = 0; v < kTogether; v += hn::Lanes(d)) {
        const auto own = slots_of(d, grid, hn::LoadU(d, values + v));
        hn::Store(own, du, slots + v);
        outside = hn::Or(outside, hn::Or(hn::Eq(own, first), hn::Eq(own, last)));
    }
    return !hn::AllFalse(du, outside);
}

/// Calls body(values, how many of them count) for runs of kTogether values. The last run is filled
/// up.
template <class Body>
HWY_INLINE void for_each_run(const float* HWY_RESTRICT values, std::size_t count,
                             const Body& body) {
    std::size_t v = 0;
    for (; v + kTogether <= count; v += kTogether) {
        prefetch_ahead(values + v, kTogether);
        body(values + v, kTogether);
    }
    if (v == count) return;
    float rest[kTogether] = {};
    std::memcpy(rest, values + v, (count - v) * sizeof(float));
    body(rest, count - v);
}

void even_bins_of_target(const float* HWY_RESTRICT values, std::size_t count, const EvenBins& grid,
                         std::uint32_t* HWY_RESTRICT counts) {
    HWY_ALIGN std::uint32_t slots[kTogether];
    for_each_run(values, count, [&](const float* run, std::size_t length) HWY_ATTR {
        store_slots(run, grid, slots);
        for (std::size_t v = 0; v < length; ++v) ++counts[slots[v]];
    });
}

void outside_of_target(const float* HWY_RESTRICT values, std::size_t count, const EvenBins& grid,
                       std::vector<float>& outside) {
    HWY_ALIGN std::uint32_t slots[kTogether];
    for_each_run(values, count, [&](const float* run, std::size_t length) HWY_ATTR {
        if (HWY_LIKELY(!store_slots(run, grid, slots))) return;
        for (std::size_t v = 0; v < length; ++v) {
            if (slots[v] - 1 >= grid.bins) outside.push_back(run[v]);
        }
    });
}

void patterns_of_target(const float* HWY_RESTRICT values, std::size_t count,
                        const Patterns& patterns, std::uint32_t* HWY_RESTRICT counts) {
    const hn::CappedTag<float, kTogether> d;
    const hn::RebindToUnsigned<decltype(d)> du;
    const hn::RebindToSigned<decltype(d)> di;
    const auto first = hn::Set(du, patterns.first);
    const auto last = hn::Set(du, patterns.magnitudes - 1);
    const auto of_negative = hn::Set(du, patterns.magnitudes);
    HWY_ALIGN std::uint32_t slots[kTogether];
    for_each_run(values, count, [&](const float* run, std::size_t length) HWY_ATTR {
        for (std::size_t v = 0; v < kTogether; v += hn::Lanes(d)) {
            const auto value = hn::LoadU(d, run + v);
            const auto sign = hn::BitCast(du, hn::BroadcastSignBit(hn::BitCast(di, value)));
            const auto pattern =
                hn::ShiftRightSame(hn::BitCast(du, hn::Abs(value)), patterns.shift);
            const auto magnitude = hn::Min(hn::Sub(hn::Max(pattern, first), first), last);
            hn::Store(hn::Add(magnitude, hn::And(sign, of_negative)), du, slots + v);
        }
        for (std::size_t v = 0; v < length; ++v) ++counts[slots[v]];
    });
}

}  // namespace
}  // namespace pal::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pal::kernels {

HWY_EXPORT(even_bins_of_target);
HWY_EXPORT(outside_of_target);
HWY_EXPORT(patterns_of_target);

void count_even_bins(std::span<const float> values, const EvenBins& grid,
                     std::span<std::uint32_t> counts) {
    PAL_ASSERT(grid.bins <= kMostEvenBins && counts.size() == grid.slots());
    HWY_DYNAMIC_DISPATCH(even_bins_of_target)(values.data(), values.size(), grid, counts.data());
}

void collect_outside(std::span<const float> values, const EvenBins& grid,
                     std::vector<float>& outside) {
    PAL_ASSERT(grid.bins <= kMostEvenBins);
    HWY_DYNAMIC_DISPATCH(outside_of_target)(values.data(), values.size(), grid, outside);
}

void count_patterns(std::span<const float> values, const Patterns& patterns,
                    std::span<std::uint32_t> counts) {
    PAL_ASSERT(counts.size() == patterns.slots());
    HWY_DYNAMIC_DISPATCH(patterns_of_target)
    (values.data(), values.size(), patterns, counts.data());
}

}  // namespace pal::kernels
#endif  // HWY_ONCE
