// Opens the weights of a dataset for reading in blocks, or reads them at once.
#pragma once

#include <cstdint>
#include <optional>

#include "io/read/checkpoint.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

/// Opens the weights of a floating-point dataset. See CheckpointReader::open_weights. The result
/// refers to `checkpoint`.
[[nodiscard]] Weights open_weights(const Checkpoint& checkpoint, const DatasetInfo& dataset,
                                   std::optional<std::uint64_t> kept_bytes);

/// Reads all weights of a floating-point dataset by the library, in row-major order: double for
/// f64, else float. Throws Error(kInput) that names the dataset. Thread-safe.
[[nodiscard]] WeightValues read_weights(const Checkpoint& checkpoint, const DatasetInfo& dataset);

}  // namespace pal
