#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stages/kernels/pack_bits.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
//
#include <hwy/highway.h>

#include <algorithm>
#include <cstring>

#include "stages/error.hpp"
#include "stages/kernels/pack_bits.hpp"

HWY_BEFORE_NAMESPACE();
namespace pal::kernels::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void pack_of_target(const std::uint8_t* HWY_RESTRICT values, std::size_t count, int n_bits,
                    std::uint8_t* HWY_RESTRICT packed) {
    for (; count > 0; count -= 8, values += 8, packed += n_bits) {
        std::uint64_t eight = 0;
        for (int v = 0; v < 8; ++v) eight = eight << n_bits | values[v];
        for (int byte = n_bits; byte-- > 0; eight >>= 8U)
            packed[byte] = static_cast<std::uint8_t>(eight);
    }
}

void unpack_of_target(const std::uint8_t* HWY_RESTRICT packed, std::size_t count, int n_bits,
                      std::uint8_t* HWY_RESTRICT values) {
    const std::uint64_t low = (std::uint64_t{1} << n_bits) - 1;
    for (; count > 0; count -= 8, values += 8, packed += n_bits) {
        std::uint64_t eight = 0;
        for (int byte = 0; byte < n_bits; ++byte) eight = eight << 8U | packed[byte];
        for (int v = 8; v-- > 0; eight >>= n_bits)
            values[v] = static_cast<std::uint8_t>(eight & low);
    }
}

#else

namespace hn = hwy::HWY_NAMESPACE;

// Two eights in a register of 16 bytes. Neighbours are joined thrice: bytes to pairs, pairs to
// fours, fours to eights, the first value always to the more significant end; then the bytes of an
// eight are turned round. On little-endian machines the first value is the lower one of a lane.
constexpr hn::FixedTag<std::uint8_t, 16> kBytes;
constexpr hn::FixedTag<std::uint16_t, 8> kPairs;
constexpr hn::FixedTag<std::uint32_t, 4> kFours;
constexpr hn::FixedTag<std::uint64_t, 2> kEights;
using Bytes = hn::Vec<hn::FixedTag<std::uint8_t, 16> >;

constexpr std::size_t kValues = 16;
constexpr int kNothing = 0x80;  // of a lookup

/// The byte of the lanes that comes at each place of the string.
HWY_INLINE Bytes string_order(int n_bits) {
    HWY_ALIGN std::uint8_t order[16];
    for (int place = 0; place < 16; ++place) {
        const int eight = place / n_bits;
        const int lane = 8 * eight + n_bits - 1 - place % n_bits;
        order[place] = static_cast<std::uint8_t>(eight < 2 ? lane : kNothing);
    }
    return hn::Load(kBytes, order);
}

/// The inverse.
HWY_INLINE Bytes lane_order(int n_bits) {
    HWY_ALIGN std::uint8_t order[16];
    for (int place = 0; place < 16; ++place) {
        const int byte = n_bits - 1 - place % 8;
        order[place] = static_cast<std::uint8_t>(byte >= 0 ? place / 8 * n_bits + byte : kNothing);
    }
    return hn::Load(kBytes, order);
}

/// Lanes of two halves, the lower of which comes first, to values of twice `bits`.
template <class D>
HWY_INLINE Bytes joined(D d, Bytes halves, int bits) {
    constexpr int kHalf = sizeof(hn::TFromD<D>) * 4;
    const auto lanes = hn::BitCast(d, halves);
    const auto second = hn::ShiftRight<kHalf>(lanes);
    const auto first = hn::ShiftRight<kHalf>(hn::ShiftLeft<kHalf>(lanes));
    return hn::BitCast(kBytes, hn::Or(hn::ShiftLeftSame(first, bits), second));
}

template <class D>
HWY_INLINE Bytes halved(D d, Bytes whole, int bits) {
    using Lane = hn::TFromD<D>;
    constexpr int kHalf = sizeof(Lane) * 4;
    const auto lanes = hn::BitCast(d, whole);
    const auto low = hn::Set(d, static_cast<Lane>((std::uint64_t{1} << bits) - 1));
    const auto second = hn::And(lanes, low);
    return hn::BitCast(kBytes,
                       hn::Or(hn::ShiftRightSame(lanes, bits), hn::ShiftLeft<kHalf>(second)));
}

HWY_INLINE Bytes pack_sixteen(Bytes values, Bytes order, int n_bits) {
    const Bytes pairs = joined(kPairs, values, n_bits);
    const Bytes fours = joined(kFours, pairs, 2 * n_bits);
    return hn::TableLookupBytesOr0(joined(kEights, fours, 4 * n_bits), order);
}

HWY_INLINE Bytes unpack_sixteen(Bytes packed, Bytes order, int n_bits) {
    const Bytes fours = halved(kEights, hn::TableLookupBytesOr0(packed, order), 4 * n_bits);
    return halved(kPairs, halved(kFours, fours, 2 * n_bits), n_bits);
}

void pack_of_target(const std::uint8_t* HWY_RESTRICT values, std::size_t count, int n_bits,
                    std::uint8_t* HWY_RESTRICT packed) {
    const Bytes order = string_order(n_bits);
    const std::size_t step = 2 * static_cast<std::size_t>(n_bits);
    const std::size_t packed_bytes = count / 8 * static_cast<std::size_t>(n_bits);
    std::size_t at = 0;
    // A whole register is stored, of which the next one overwrites the end.
    for (; count >= kValues && at + kValues <= packed_bytes; count -= kValues, at += step) {
        hn::StoreU(pack_sixteen(hn::LoadU(kBytes, values), order, n_bits), kBytes, packed + at);
        values += kValues;
    }
    for (; count > 0; at += step) {
        const std::size_t length = std::min(count, kValues);
        HWY_ALIGN std::uint8_t rest[kValues] = {};
        std::memcpy(rest, values, length);
        hn::Store(pack_sixteen(hn::Load(kBytes, rest), order, n_bits), kBytes, rest);
        std::memcpy(packed + at, rest, std::min(step, packed_bytes - at));
        values += length;
        count -= length;
    }
}

void unpack_of_target(const std::uint8_t* HWY_RESTRICT packed, std::size_t count, int n_bits,
                      std::uint8_t* HWY_RESTRICT values) {
    const Bytes order = lane_order(n_bits);
    const std::size_t step = 2 * static_cast<std::size_t>(n_bits);
    const std::size_t packed_bytes = count / 8 * static_cast<std::size_t>(n_bits);
    std::size_t at = 0;
    for (; count >= kValues && at + kValues <= packed_bytes; count -= kValues, at += step) {
        hn::StoreU(unpack_sixteen(hn::LoadU(kBytes, packed + at), order, n_bits), kBytes, values);
        values += kValues;
    }
    for (; count > 0; at += step) {
        const std::size_t length = std::min(count, kValues);
        HWY_ALIGN std::uint8_t rest[kValues] = {};
        std::memcpy(rest, packed + at, std::min(step, packed_bytes - at));
        hn::Store(unpack_sixteen(hn::Load(kBytes, rest), order, n_bits), kBytes, rest);
        std::memcpy(values, rest, length);
        values += length;
        count -= length;
    }
}

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace
}  // namespace pal::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pal::kernels {

HWY_EXPORT(pack_of_target);
HWY_EXPORT(unpack_of_target);

void pack_eights(std::span<const std::uint8_t> values, int n_bits, std::span<std::uint8_t> packed) {
    PAL_ASSERT(n_bits >= 1 && n_bits <= 7 && values.size() % 8 == 0);
    PAL_ASSERT(packed.size() == values.size() / 8 * static_cast<std::size_t>(n_bits));
    HWY_DYNAMIC_DISPATCH(pack_of_target)(values.data(), values.size(), n_bits, packed.data());
}

void unpack_eights(std::span<const std::uint8_t> packed, int n_bits,
                   std::span<std::uint8_t> values) {
    PAL_ASSERT(n_bits >= 1 && n_bits <= 7 && values.size() % 8 == 0);
    PAL_ASSERT(packed.size() == values.size() / 8 * static_cast<std::size_t>(n_bits));
    HWY_DYNAMIC_DISPATCH(unpack_of_target)(packed.data(), values.size(), n_bits, values.data());
}

}  // namespace pal::kernels
#endif  // HWY_ONCE
