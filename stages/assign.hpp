// Assign stage: finds the nearest LUT entry of every weight or vector of weights, packs the indices
// and measures the error, in one pass. Distances are those to the LUT as stored.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "stages/decode.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

/// Assigns all weights in one pass. Ties and equal entries go to the lower index.
/// source   weights as clustering saw them
/// given    indices to keep instead of the nearest, by position; or empty
/// tensor   complete but for its chunks, scalar LUTs ascending; tensor.chunks is filled
/// Returns what measure_error(source.weights, tensor) would return. Parallel over chunks; each
/// thread holds one chunk at a time beside the result.
ErrorReport assign(const ScaledWeights& source, std::span<const std::uint8_t> given,
                   PalettizedTensor& tensor);

/// Chunks that are assigned each time they are asked for, from the weights. For tensors whose
/// packed indices are too large to be held. Different chunks may be read in parallel.
class LaterAssignment : public ChunkSource {
  public:
    /// Error of the tensor. Call it after every chunk has been read. chunks: of this source.
    [[nodiscard]] virtual ErrorReport error(const PackedChunks& chunks) const = 0;
};

/// Prepares the same assignment chunk by chunk. weights: as loaded. tensor: with its scales.
[[nodiscard]] std::shared_ptr<const LaterAssignment> assign_later(Weights weights,
                                                                  std::vector<std::uint8_t> given,
                                                                  PalettizedTensor tensor);

}  // namespace pal
