// Estimates the size of an output file from a plan alone: payload, and what HDF5 needs around it.
#pragma once

#include <cstdint>

#include "pipeline/plan/plan.hpp"

namespace pal {

/// Root attributes of an output, and its group /h5palettize with the configuration.
inline constexpr std::uint64_t kDocumentBytes = 5632;

/// Returns the bytes that HDF5 and the format take for a palettized tensor beside stored_bytes():
/// object headers, attributes, the index of chunks, the tensor's part of /h5palettize/config.
/// Measured on HDF5 1.10; within some 300 bytes.
[[nodiscard]] std::uint64_t structure_bytes(const Geometry& geometry,
                                            const PalettizationSpec& spec);

/// Returns what a dense dataset takes in its file, header included.
[[nodiscard]] std::uint64_t dense_file_bytes(const DatasetInfo& dataset) noexcept;

/// Returns what a palettized entry takes in the output file.
[[nodiscard]] std::uint64_t palettized_file_bytes(const PlanEntry& entry);

/// Returns the size of the output file of a plan of a whole file: within 2 % and 4 KiB.
[[nodiscard]] std::uint64_t planned_file_bytes(const Plan& plan);
/// Returns an upper bound on it, with a margin for each palettized tensor.
[[nodiscard]] std::uint64_t most_file_bytes(const Plan& plan, std::uint64_t tensor_margin);

}  // namespace pal
