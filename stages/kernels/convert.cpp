#include "stages/kernels/convert.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stages/kernels/convert.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "stages/kernels/convert-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace pal::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

bool all_finite(const float* HWY_RESTRICT values, std::size_t count) {
    const hn::ScalableTag<float> df;
    const hn::RebindToUnsigned<decltype(df)> du;
    const std::size_t lanes = hn::Lanes(df);
    const auto exponent = hn::Set(du, 0x7F800000U);
    auto found = hn::Zero(du);  // a lane becomes all ones once its exponent is the largest
    std::size_t v = 0;
    for (; v + lanes <= count; v += lanes) {
        const auto bits =
            hn::And(hn::LoadU(du, reinterpret_cast<const std::uint32_t*>(values + v)), exponent);
        found = hn::Or(found, hn::VecFromMask(du, hn::Eq(bits, exponent)));
    }
    bool finite = hn::AllTrue(du, hn::Eq(found, hn::Zero(du)));
    for (; v < count; ++v) {
        std::uint32_t bits = 0;
        hwy::CopyBytes<4>(values + v, &bits);
        finite = finite && (bits & 0x7F800000U) != 0x7F800000U;
    }
    return finite;
}

float max_magnitude(const float* HWY_RESTRICT values, std::size_t count) {
    const hn::ScalableTag<float> df;
    const std::size_t lanes = hn::Lanes(df);
    auto largest = hn::Zero(df);
    std::size_t v = 0;
    for (; v + lanes <= count; v += lanes) {
        largest = hn::Max(largest, hn::Abs(hn::LoadU(df, values + v)));
    }
    float result = hn::GetLane(hn::MaxOfLanes(df, largest));
    for (; v < count; ++v) {
        const float magnitude = values[v] < 0 ? -values[v] : values[v];
        result = magnitude > result ? magnitude : result;
    }
    return result;
}

void max_magnitudes(const float* HWY_RESTRICT values, std::size_t count,
                    float* HWY_RESTRICT largest) {
    const hn::ScalableTag<float> df;
    const std::size_t lanes = hn::Lanes(df);
    std::size_t v = 0;
    for (; v + lanes <= count; v += lanes) {
        hn::StoreU(hn::Max(hn::LoadU(df, largest + v), hn::Abs(hn::LoadU(df, values + v))), df,
                   largest + v);
    }
    for (; v < count; ++v) {
        const float magnitude = values[v] < 0 ? -values[v] : values[v];
        largest[v] = magnitude > largest[v] ? magnitude : largest[v];
    }
}

}  // namespace pal::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <cmath>

#include "stages/tensor/error.hpp"

namespace pal::kernels {

HWY_EXPORT(halves_to_floats);
HWY_EXPORT(bfloat16_to_floats);
HWY_EXPORT(all_finite);
HWY_EXPORT(max_magnitude);
HWY_EXPORT(max_magnitudes);

void halves_to_floats(std::span<const std::uint16_t> patterns, std::span<float> values) {
    PAL_ASSERT(patterns.size() == values.size());
    HWY_DYNAMIC_DISPATCH(halves_to_floats)(patterns.data(), values.size(), values.data());
}

void bfloat16_to_floats(std::span<const std::uint16_t> patterns, std::span<float> values) {
    PAL_ASSERT(patterns.size() == values.size());
    HWY_DYNAMIC_DISPATCH(bfloat16_to_floats)(patterns.data(), values.size(), values.data());
}

bool all_finite(std::span<const float> values) {
    return HWY_DYNAMIC_DISPATCH(all_finite)(values.data(), values.size());
}

bool all_finite(std::span<const double> values) {
    return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

float max_magnitude(std::span<const float> values) {
    return HWY_DYNAMIC_DISPATCH(max_magnitude)(values.data(), values.size());
}

void max_magnitudes(std::span<const float> values, std::span<float> largest) {
    PAL_ASSERT(values.size() == largest.size());
    HWY_DYNAMIC_DISPATCH(max_magnitudes)(values.data(), values.size(), largest.data());
}

}  // namespace pal::kernels
#endif  // HWY_ONCE
