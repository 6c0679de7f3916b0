// The assign stage: every weight (or vector of weights) gets the index of its nearest LUT entry,
// against the LUT as stored.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stages/tensor.hpp"

namespace pal {

/// Nearest entry of each value; ties go to the lower index, and so do equal entries.
/// lut: k entries, 1 <= k <= 256, ascending. O(values * log k). Thread-safe; serial.
template <class Real>
void assign_nearest(std::span<const Real> values, std::span<const double> lut,
                    std::span<std::uint8_t> indices);

/// The indices of a whole tensor, by index position. weights: scaled where the spec says so. lut:
/// [group][entries][cluster_dim]; scalar LUTs ascending. Parallel over blocks.
[[nodiscard]] std::vector<std::uint8_t> assign(const WeightValues& weights,
                                               const Geometry& geometry,
                                               const std::vector<double>& lut, std::size_t entries);

}  // namespace pal
