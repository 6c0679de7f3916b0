// Conversion of 16 stored bits to floats, per target. Included once for each instruction set, by
// Highway's rules.
#if defined(PAL_CONVERT_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef PAL_CONVERT_INL
#undef PAL_CONVERT_INL
#else
#define PAL_CONVERT_INL
#endif

#include <hwy/highway.h>

#include "stages/kernels/prefetch.hpp"

HWY_BEFORE_NAMESPACE();
namespace pal::kernels::HWY_NAMESPACE {

// Converts through the exponent alone (van der Zijp). Shifted into a float's fields, a half is
// 2^-112 of its value, denormals included. Infinity and NaN need the largest exponent.
HWY_ATTR inline void halves_to_floats(const std::uint16_t* HWY_RESTRICT patterns, std::size_t count,
                                      float* HWY_RESTRICT values) {
    namespace hn = hwy::HWY_NAMESPACE;
    const hn::ScalableTag<float> df;
    const hn::RebindToUnsigned<decltype(df)> du;
    const hn::Rebind<std::uint16_t, decltype(df)> d16;
    const auto scale = hn::Set(df, 0x1p112F);
    const auto convert = [&](auto bits) HWY_ATTR {
        const auto sign = hn::ShiftLeft<16>(hn::And(bits, hn::Set(du, 0x8000U)));
        const auto magnitude = hn::ShiftLeft<13>(hn::And(bits, hn::Set(du, 0x7FFFU)));
        const auto number = hn::BitCast(du, hn::Mul(hn::BitCast(df, magnitude), scale));
        const auto special = hn::Gt(magnitude, hn::Set(du, (0x7BFFU << 13)));
        const auto all =
            hn::IfThenElse(special, hn::Or(magnitude, hn::Set(du, 0x7F800000U)), number);
        return hn::BitCast(df, hn::Or(all, sign));
    };
    const std::size_t lanes = hn::Lanes(df);
    std::size_t v = 0;
    for (; v + lanes <= count; v += lanes) {
        prefetch_ahead(patterns + v, lanes);
        hn::StoreU(convert(hn::PromoteTo(du, hn::LoadU(d16, patterns + v))), df, values + v);
    }
    for (; v < count; ++v) {
        const hn::CappedTag<float, 1> d1;
        const hn::RebindToUnsigned<decltype(d1)> u1;
        const std::uint32_t bits = patterns[v];
        const std::uint32_t magnitude = (bits & 0x7FFFU) << 13;
        const auto number = hn::BitCast(
            u1, hn::Mul(hn::BitCast(d1, hn::Set(u1, magnitude)), hn::Set(d1, 0x1p112F)));
        const std::uint32_t all =
            magnitude > (0x7BFFU << 13) ? magnitude | 0x7F800000U : hn::GetLane(number);
        values[v] = hn::GetLane(hn::BitCast(d1, hn::Set(u1, all | ((bits & 0x8000U) << 16))));
    }
}

HWY_ATTR inline void bfloat16_to_floats(const std::uint16_t* HWY_RESTRICT patterns,
                                        std::size_t count, float* HWY_RESTRICT values) {
    for_each_prefetched(patterns, count, [&](std::size_t begin, std::size_t end) HWY_ATTR {
        for (std::size_t v = begin; v < end; ++v) {
            const std::uint32_t bits = static_cast<std::uint32_t>(patterns[v]) << 16;
            hwy::CopyBytes<4>(&bits, values + v);
        }
    });
}

}  // namespace pal::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
