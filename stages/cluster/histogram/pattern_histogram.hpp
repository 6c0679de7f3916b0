// A histogram of types of 16 bits: one bin a value, so that nothing is lost.
#pragma once

#include "stages/cluster/histogram/counted_histogram.hpp"
#include "stages/cluster/types/points.hpp"
#include "stages/tensor/dtype.hpp"

namespace pal::cluster {

/// A bin for each value of f16 or bf16 that occurs. O(n), quickest where values are at hand as they
/// are stored.
[[nodiscard]] CountedHistogram pattern_histogram(const FloatBlocks& values, DType dtype);

}  // namespace pal::cluster
