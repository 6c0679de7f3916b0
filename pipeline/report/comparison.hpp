// Compares two palettized files tensor by tensor: A is the base, B is judged against it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/read/checkpoint_info.hpp"
#include "stages/decode.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

enum class Presence { kAbsent, kDense, kPalettized };

/// A tensor in one of the files.
struct ComparedSide {
    Presence presence = Presence::kAbsent;
    Shape shape;
    std::string type;  // "float32", "string", ...; the byte order does not count
    std::uint64_t weight_count = 0;
    std::uint64_t bytes = 0;  // indices, LUTs and scales, or the dense weights
    const PalettizedTensorInfo* palettized = nullptr;  // in the CheckpointInfo; null if dense
    std::optional<ErrorReport> reported;               // by the file
    std::optional<ErrorReport> measured;               // against the original, if it is given

    /// The measured error, or else the reported one. A dense tensor has no error.
    [[nodiscard]] std::optional<ErrorReport> error() const;
};

struct ComparedTensor {
    std::string path;
    ComparedSide a;
    ComparedSide b;
};

/// Returns tensors that are palettized in A or B, that only one file has, or that differ in shape
/// or type. Sorted by path. The result points into both infos.
[[nodiscard]] std::vector<ComparedTensor> compared_tensors(const CheckpointInfo& a,
                                                           const CheckpointInfo& b);

/// Returns the SQNR of B minus that of A, in dB: infinite if one of them has no error, 0 if neither
/// has. Returns nothing if shapes or types differ, or if an error or a tensor is missing.
[[nodiscard]] std::optional<double> difference_db(const ComparedTensor& tensor);

/// Sorts by difference_db(), greatest loss of B first, then by the SQNR of B and by path. Tensors
/// without a difference come last.
void sort_worst_first(std::vector<ComparedTensor>& tensors);

/// Returns remarks beside the numbers, as "dense in A; ..."; mostly empty.
[[nodiscard]] std::string remark(const ComparedTensor& tensor);

/// Totals of one file, over the tensors that are palettized in A or B.
struct ComparedTotals {
    std::uint64_t palettized = 0;
    std::uint64_t weights = 0;
    std::uint64_t bytes = 0;
    std::optional<double>
        sqnr_db;  // over the tensors that sqnr_db counts; nothing if there are none
};
struct ComparisonTotals {
    ComparedTotals a;
    ComparedTotals b;
    std::uint64_t measured_tensors = 0;  // those that sqnr_db counts, in both files
};
/// `sqnr_db` counts tensors with a difference_db() and an error in A or B.
[[nodiscard]] ComparisonTotals totals_of(const std::vector<ComparedTensor>& tensors);

}  // namespace pal
