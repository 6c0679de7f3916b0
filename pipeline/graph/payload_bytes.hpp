// Counts the bytes of messages between stages, as a file would store them: LUTs and indices.
// Weights count where they are read (stages/parallel/work_meter.hpp); other payloads do not count.
#pragma once

#include <cstdint>

#include "stages/chain.hpp"
#include "stages/pack.hpp"
#include "stages/tensor/dtype.hpp"

namespace pal {

template <class Payload>
[[nodiscard]] std::uint64_t payload_bytes(const Payload&) noexcept {
    return 0;
}

[[nodiscard]] inline std::uint64_t payload_bytes(const Clustered& clustered) noexcept {
    return clustered.luts.lut.size() * sizeof(double);
}

[[nodiscard]] inline std::uint64_t lut_bytes(const PalettizedTensor& tensor) noexcept {
    return tensor.lut.size() * dtype_bytes(tensor.dtype) + tensor.quantized_lut.size();
}

[[nodiscard]] inline std::uint64_t payload_bytes(const Quantized& quantized) noexcept {
    return lut_bytes(quantized.tensor);
}

/// Counts the packed indices of a large tensor too, which may not have been found yet.
[[nodiscard]] inline std::uint64_t payload_bytes(const Packed& packed) {
    return lut_bytes(packed.tensor) + index_bytes(packed.tensor.geometry, packed.tensor.n_bits);
}

}  // namespace pal
