// Floating-point values as integers of the same order.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace pal::cluster {

template <class Real>
using KeyBits = std::conditional_t<std::is_same_v<Real, float>, std::uint32_t, std::uint64_t>;

/// Bits in the order of the values: negative numbers turned over, positive ones above them; -0 is
/// +0.
template <class Real>
[[nodiscard]] KeyBits<Real> key_of_value(Real value) noexcept {
    constexpr int kTop = std::numeric_limits<KeyBits<Real>>::digits - 1;
    constexpr KeyBits<Real> kSign = KeyBits<Real>{1} << kTop;
    const auto bits = std::bit_cast<KeyBits<Real>>(value + Real{0});
    return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

}  // namespace pal::cluster
