// Tensor results as bytes: for the journal of a run and for other ranks of a job.
#pragma once

#include <string>
#include <string_view>

#include "stages/tensor_result.hpp"

namespace pal {

/// Returns all of a result but its detail, as CBOR. Numbers keep every bit. O(size of the result).
[[nodiscard]] std::string to_bytes(const TensorResult& result);

/// Reads what to_bytes() returned. Throws Error(kInput) if `bytes` is anything else.
[[nodiscard]] TensorResult result_from_bytes(std::string_view bytes);

}  // namespace pal
