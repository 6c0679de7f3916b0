// Measures two palettizations against the original that both were made from.
#pragma once

#include <string>
#include <vector>

#include "io/read/checkpoint_reader.hpp"
#include "pipeline/report/comparison.hpp"

namespace pal {

/// Sets ComparedSide::measured of every palettized side: decodes the tensor and reads its original
/// weights. `tensors` come from compared_tensors() of the same files. Shows progress on stderr.
/// Returns one line for each tensor that the original lacks. Throws Error(kInput).
[[nodiscard]] std::vector<std::string> measure_comparison(std::vector<ComparedTensor>& tensors,
                                                          const CheckpointReader& original,
                                                          const CheckpointReader& a,
                                                          const CheckpointReader& b);

}  // namespace pal
