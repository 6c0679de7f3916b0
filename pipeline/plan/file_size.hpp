// Foresees the size of an output file from a plan alone: what is copied, what is palettized, and
// what HDF5 needs around it.
#pragma once

#include <cstdint>

#include "pipeline/plan/plan.hpp"

namespace pal {

/// Returns the bytes of a dataset that are in other files.
[[nodiscard]] std::uint64_t bytes_elsewhere(const DatasetInfo& dataset) noexcept;

/// Returns what a palettized entry takes in the output file.
[[nodiscard]] std::uint64_t palettized_file_bytes(const PlanEntry& entry);

/// Returns the size of the output file of a plan of a whole file, within 1 % in most cases.
[[nodiscard]] std::uint64_t planned_file_bytes(const Plan& plan);
/// Returns the same with what numbers in texts may take more than usual.
[[nodiscard]] std::uint64_t most_file_bytes(const Plan& plan);

}  // namespace pal
