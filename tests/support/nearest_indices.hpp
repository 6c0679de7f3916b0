// Runs the assign stage on weights and a LUT alone.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "stages/assign.hpp"
#include "stages/pack.hpp"

namespace pal::test {

/// Returns the index of the nearest entry at each index position. lut:
/// [group][entries][cluster_dim], 2 to 256 entries, a power of two.
inline std::vector<std::uint8_t> nearest_indices(const Weights& weights, const Geometry& geometry,
                                                 const std::vector<double>& lut,
                                                 std::size_t entries) {
    PalettizedTensor tensor;
    tensor.dtype = weights.is_double() ? DType::kF64 : DType::kF32;
    tensor.n_bits = std::countr_zero(entries);
    tensor.geometry = geometry;
    tensor.lut = lut;
    assign({weights, geometry, tensor.dtype, {}}, {}, tensor);
    return unpack_indices(tensor);
}

}  // namespace pal::test
