// Sums over the tensors of one plan or of several.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "pipeline/plan/plan.hpp"

namespace pal {

struct TensorTotals {
    std::uint64_t tensors = 0;
    std::uint64_t palettized = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t palettized_weights = 0;
    std::uint64_t palettized_bytes = 0;
    std::uint64_t file_bytes_in = 0;
    std::uint64_t file_bytes_out = 0;  // estimated

    void add(const TensorTotals& more) noexcept;
};

[[nodiscard]] TensorTotals totals_of(const Plan& plan);

/// Returns "totals" of a report. Sizes of files are those of a plan; a run knows better.
[[nodiscard]] nlohmann::ordered_json totals_json(const TensorTotals& totals);
/// Returns "3 tensors: 2 palettized at 4.01 bits per weight, 1 dense; tensors 33.75 MiB -> 4.23
/// MiB".
[[nodiscard]] std::string totals_for_people(const TensorTotals& totals);

/// Sets "dropped" of a report, where something is left out.
void put_dropped(nlohmann::ordered_json& report, const Dropped& dropped);
/// Returns "left out: 12 datasets, 34.20 MiB: /optimizer_weights" and a newline; empty where
/// nothing is left out.
[[nodiscard]] std::string dropped_for_people(const Dropped& dropped);

}  // namespace pal
