// Writes the description of a tensor (stages/describe.hpp) for the JSON report.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>

#include "stages/describe.hpp"

namespace pal {

/// Returns how much to keep of each tensor. A page with 1,000 tensors stays below 3 MB.
[[nodiscard]] DetailLimits detail_limits(std::size_t tensor_count) noexcept;

/// Value of "detail" in a report. Errors and LUT entries are whole numbers, to be multiplied by
/// "mse_unit" and "lut_unit"; the largest have 4 and 5 digits (docs/report.md).
[[nodiscard]] nlohmann::ordered_json detail_json(const TensorDetail& detail);

}  // namespace pal
