#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stages/kernels/pack_bits.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
//
#include <hwy/highway.h>

#include <algorithm>
#include <cstring>

#include "stages/kernels/pack_bits.hpp"
#include "stages/tensor/error.hpp"

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

constexpr std::size_t kRegister = 16;  // bytes
constexpr int kNothing = 0x80;         // of a lookup

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

/// Bytes on one side of a step, and in all.
struct Side {
    std::size_t step;
    std::size_t bytes;
};

/// step(register of `from`) is a register of `to`. Whole registers are read and written where there
/// is room, of which the next step overwrites the end; then what is left is filled up.
template <class Step>
HWY_INLINE void for_each_step(const std::uint8_t* HWY_RESTRICT from, Side source,
                              std::uint8_t* HWY_RESTRICT to, Side target, const Step& step) {
    std::size_t read = 0;
    std::size_t written = 0;
    for (; read + kRegister <= source.bytes && written + kRegister <= target.bytes;
         read += source.step, written += target.step)
        hn::StoreU(step(hn::LoadU(kBytes, from + read)), kBytes, to + written);
    for (; read < source.bytes; read += source.step, written += target.step) {
        HWY_ALIGN std::uint8_t rest[kRegister] = {};
        std::memcpy(rest, from + read, std::min(source.step, source.bytes - read));
        hn::Store(step(hn::Load(kBytes, rest)), kBytes, rest);
        std::memcpy(to + written, rest, std::min(target.step, target.bytes - written));
    }
}

Side packed_side(std::size_t count, int n_bits) {
    const auto bits = static_cast<std::size_t>(n_bits);
    return {2 * bits, count / 8 * bits};
}

void pack_of_target(const std::uint8_t* HWY_RESTRICT values, std::size_t count, int n_bits,
                    std::uint8_t* HWY_RESTRICT packed) {
    const Bytes order = string_order(n_bits);
    for_each_step(values, {kRegister, count}, packed, packed_side(count, n_bits),
                  [&](Bytes some) HWY_ATTR { return pack_sixteen(some, order, n_bits); });
}

void unpack_of_target(const std::uint8_t* HWY_RESTRICT packed, std::size_t count, int n_bits,
                      std::uint8_t* HWY_RESTRICT values) {
    const Bytes order = lane_order(n_bits);
    for_each_step(packed, packed_side(count, n_bits), values, {kRegister, count},
                  [&](Bytes some) HWY_ATTR { return unpack_sixteen(some, order, n_bits); });
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
