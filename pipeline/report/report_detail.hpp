// What stages/describe.hpp finds in a tensor, as the JSON report keeps it.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>

#include "stages/describe.hpp"

namespace pal {

/// How much is kept of each of so many tensors: a page with 1,000 of them stays below 3 MB.
[[nodiscard]] DetailLimits detail_limits(std::size_t tensor_count) noexcept;

/// Errors and LUT entries are whole numbers, to be multiplied by "mse_unit" and "lut_unit": 4 and 5
/// digits for the largest (docs/report.md).
[[nodiscard]] nlohmann::ordered_json detail_json(const TensorDetail& detail);

}  // namespace pal
