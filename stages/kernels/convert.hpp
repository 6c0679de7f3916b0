// Conversions and scans of blocks of weights. Same results on every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pal::kernels {

/// IEEE half patterns and bfloat16 patterns as floats, exactly. Same length; no alignment needed.
void halves_to_floats(std::span<const std::uint16_t> patterns, std::span<float> values);
void bfloat16_to_floats(std::span<const std::uint16_t> patterns, std::span<float> values);

/// Whether all are neither NaN nor infinite.
[[nodiscard]] bool all_finite(std::span<const float> values);
[[nodiscard]] bool all_finite(std::span<const double> values);

/// The largest magnitude, 0 for no values. Finite values only.
[[nodiscard]] float max_magnitude(std::span<const float> values);
/// largest[i] becomes max(largest[i], |values[i]|). Same length; finite values only.
void max_magnitudes(std::span<const float> values, std::span<float> largest);

}  // namespace pal::kernels
