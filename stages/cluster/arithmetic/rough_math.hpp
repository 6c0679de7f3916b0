// Rough functions: quick, about right, and the same on every machine.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace pal::cluster {

/// Returns the cube root of a positive number to about 5 percent (the first guess of FreeBSD's
/// cbrt).
inline double rough_cube_root(double x) noexcept {
    constexpr std::uint64_t kBias = 715094163;
    const auto bits = std::bit_cast<std::uint64_t>(x);
    return std::bit_cast<double>(((bits >> 32) / 3 + kBias) << 32);
}

/// Return log2 and its inverse, by straight lines between powers of two: within 0.09 of the truth.
inline float rough_log2(float value) noexcept {
    return static_cast<float>(std::bit_cast<std::int32_t>(value)) * 0x1p-23F - 127.0F;
}
inline float rough_exp2(float value) noexcept {
    const float clamped = std::clamp(value, -126.0F, 127.0F);
    return std::bit_cast<float>(static_cast<std::int32_t>((clamped + 127.0F) * 0x1p23F));
}

}  // namespace pal::cluster
