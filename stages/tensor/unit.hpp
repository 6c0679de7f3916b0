// Powers of two that bring values near 1, so that sums of them and of their squares stay in range.
// Multiplying by such a unit is exact unless the product leaves the normal range.
#pragma once

#include <algorithm>
#include <cmath>

namespace pal {

/// Unit that brings `largest` near 1; 1 where largest is 0. largest: >= 0.
[[nodiscard]] inline double unit_for(double largest) noexcept {
    return largest > 0 ? std::ldexp(1.0, std::clamp(-std::ilogb(largest), -1022, 1022)) : 1;
}

/// Unit for values that are squared: 1 where squares of values up to `largest` stay in range as
/// they are.
[[nodiscard]] inline double unit_for_squares(double largest) noexcept {
    return largest > 0x1p-300 && largest < 0x1p300 ? 1 : unit_for(largest);
}

}  // namespace pal
