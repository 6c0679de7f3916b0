#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stages/kernels/unshuffle.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
//
#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>

#include "stages/kernels/unshuffle.hpp"
#include "stages/tensor/error.hpp"

HWY_BEFORE_NAMESPACE();
namespace pal::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Puts elements `begin` .. count - 1 together, byte by byte.
void unshuffle_rest(const std::uint8_t* HWY_RESTRICT from, std::size_t begin, std::size_t count,
                    std::size_t element_bytes, std::uint8_t* HWY_RESTRICT to) {
    for (std::size_t b = 0; b < element_bytes; ++b) {
        const std::uint8_t* plane = from + b * count;
        for (std::size_t e = begin; e < count; ++e) to[e * element_bytes + b] = plane[e];
    }
}

void unshuffle2(const std::uint8_t* HWY_RESTRICT from, std::size_t count,
                std::uint8_t* HWY_RESTRICT to) {
    const hn::ScalableTag<std::uint8_t> d;
    const std::size_t lanes = hn::Lanes(d);
    std::size_t e = 0;
    for (; e + lanes <= count; e += lanes) {
        hn::StoreInterleaved2(hn::LoadU(d, from + e), hn::LoadU(d, from + count + e), d,
                              to + 2 * e);
    }
    unshuffle_rest(from, e, count, 2, to);
}

void unshuffle4(const std::uint8_t* HWY_RESTRICT from, std::size_t count,
                std::uint8_t* HWY_RESTRICT to) {
    const hn::ScalableTag<std::uint8_t> d;
    const std::size_t lanes = hn::Lanes(d);
    std::size_t e = 0;
    for (; e + lanes <= count; e += lanes) {
        const auto plane = [&](std::size_t b)
                               HWY_ATTR { return hn::LoadU(d, from + b * count + e); };
        hn::StoreInterleaved4(plane(0), plane(1), plane(2), plane(3), d, to + 4 * e);
    }
    unshuffle_rest(from, e, count, 4, to);
}

/// Works on pairs of bytes first, then on four pairs side by side.
void unshuffle8(const std::uint8_t* HWY_RESTRICT from, std::size_t count,
                std::uint8_t* HWY_RESTRICT to) {
    std::size_t e = 0;
#if HWY_TARGET != HWY_SCALAR  // there a vector of bytes has no room for a pair
    const hn::ScalableTag<std::uint8_t> d;
    const hn::ScalableTag<std::uint16_t> d16;
    const std::size_t lanes = hn::Lanes(d);
    HWY_ALIGN std::uint8_t pairs[4][2 * HWY_MAX_BYTES];
    for (; e + lanes <= count; e += lanes) {
        for (std::size_t p = 0; p < 4; ++p) {
            const std::uint8_t* plane = from + 2 * p * count + e;
            hn::StoreInterleaved2(hn::LoadU(d, plane), hn::LoadU(d, plane + count), d, pairs[p]);
        }
        const std::size_t half = hn::Lanes(d16);
        for (std::size_t part = 0; part < 2; ++part) {
            const auto pair = [&](std::size_t p) HWY_ATTR {
                return hn::Load(d16, reinterpret_cast<const std::uint16_t*>(  // NOLINT: bytes
                                         pairs[p]) +
                                         part * half);
            };
            auto* out = reinterpret_cast<std::uint16_t*>(to + 8 * e) + part * 4 * half;  // NOLINT
            hn::StoreInterleaved4(pair(0), pair(1), pair(2), pair(3), d16, out);
        }
    }
#endif
    unshuffle_rest(from, e, count, 8, to);
}

void unshuffle(const std::uint8_t* HWY_RESTRICT from, std::size_t count, std::size_t element_bytes,
               std::uint8_t* HWY_RESTRICT to) {
    switch (element_bytes) {
        case 2:
            return unshuffle2(from, count, to);
        case 4:
            return unshuffle4(from, count, to);
        case 8:
            return unshuffle8(from, count, to);
        default:
            return unshuffle_rest(from, 0, count, element_bytes, to);
    }
}

}  // namespace pal::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pal::kernels {

HWY_EXPORT(unshuffle);

void unshuffle(std::span<const std::byte> shuffled, std::size_t element_bytes,
               std::span<std::byte> elements) {
    PAL_ASSERT(element_bytes > 0 && shuffled.size() == elements.size());
    const std::size_t count = shuffled.size() / element_bytes;
    HWY_DYNAMIC_DISPATCH(unshuffle)
    (reinterpret_cast<const std::uint8_t*>(shuffled.data()), count, element_bytes,  // NOLINT: bytes
     reinterpret_cast<std::uint8_t*>(elements.data()));                             // NOLINT: bytes
    const auto whole = static_cast<std::ptrdiff_t>(count * element_bytes);
    std::copy(shuffled.begin() + whole, shuffled.end(), elements.begin() + whole);
}

}  // namespace pal::kernels
#endif  // HWY_ONCE
