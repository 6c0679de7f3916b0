// The assign stage: every weight (or vector of weights) gets the index of its nearest LUT entry,
// against the LUT as stored; the indices are packed, and what was lost is measured, in one pass.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "stages/decode.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

/// One pass over the weights. source: as clustering saw them. tensor: all but its chunks; scalar
/// LUTs ascending. given: indices to keep instead of the nearest, by position, or empty. Fills
/// tensor.chunks and returns what the tensor lost: what measure_error(weights, tensor) would say.
/// Parallel over chunks; one chunk at a time and thread in memory beside the result.
ErrorReport assign(const ScaledWeights& source, std::span<const std::uint8_t> given,
                   PalettizedTensor& tensor);

/// Chunks that are found when they are asked for, each anew, from the weights: for tensors whose
/// packed indices are too large to be held. Different chunks may be read side by side.
class LaterAssignment : public ChunkSource {
  public:
    /// What the tensor lost, once every chunk has been read. chunks: of this source.
    [[nodiscard]] virtual ErrorReport error(const PackedChunks& chunks) const = 0;
};

/// As assign, but chunk by chunk; weights as loaded, tensor with its scales.
[[nodiscard]] std::shared_ptr<const LaterAssignment> assign_later(Weights weights,
                                                                  std::vector<std::uint8_t> given,
                                                                  PalettizedTensor tensor);

}  // namespace pal
