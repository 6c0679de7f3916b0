// Conversions and scans of blocks of weights, with the same results on every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pal::kernels {

/// Convert IEEE half patterns, and bfloat16 patterns, to floats, exactly. Both spans have one
/// length; no alignment is needed.
void halves_to_floats(std::span<const std::uint16_t> patterns, std::span<float> values);
void bfloat16_to_floats(std::span<const std::uint16_t> patterns, std::span<float> values);

/// Returns whether no value is NaN or infinite.
[[nodiscard]] bool all_finite(std::span<const float> values);
[[nodiscard]] bool all_finite(std::span<const double> values);

/// Returns the largest magnitude, 0 for no values. Finite values only.
[[nodiscard]] float max_magnitude(std::span<const float> values);
/// Raises largest[i] to max(largest[i], |values[i]|). Both spans have one length. Finite values
/// only.
void max_magnitudes(std::span<const float> values, std::span<float> largest);

}  // namespace pal::kernels
