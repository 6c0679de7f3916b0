// Two palettizations side by side, tensor by tensor: A is what there was, B what is judged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/checkpoint_info.hpp"
#include "stages/decode.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

enum class Presence { kAbsent, kDense, kPalettized };

/// A tensor in one of the two files.
struct ComparedSide {
    Presence presence = Presence::kAbsent;
    Shape shape;
    std::string type;  // "float32", "string", ...; without the byte order
    std::uint64_t weight_count = 0;
    std::uint64_t bytes = 0;  // indices, LUTs and scales, or the dense weights
    const PalettizedTensorInfo* palettized =
        nullptr;                          // of the CheckpointInfo; null where it is not
    std::optional<ErrorReport> reported;  // by the file
    std::optional<ErrorReport> measured;  // against the original, where one is given

    /// What was measured, else what is reported. A dense tensor loses nothing.
    [[nodiscard]] std::optional<ErrorReport> error() const;
};

struct ComparedTensor {
    std::string path;
    ComparedSide a;
    ComparedSide b;
};

/// The tensors that are palettized in A or B, in one of them only, or of another shape or type
/// there, by path. Refers to both infos.
[[nodiscard]] std::vector<ComparedTensor> compared_tensors(const CheckpointInfo& a,
                                                           const CheckpointInfo& b);

/// SQNR of B minus that of A: infinite where one of them loses nothing, 0 where neither does.
/// nullopt where that means nothing: another shape or type, in one file only, an error unknown.
[[nodiscard]] std::optional<double> difference_db(const ComparedTensor& tensor);

/// Where B lost most against A first, those without a difference last; then by B's SQNR and path.
void sort_worst_first(std::vector<ComparedTensor>& tensors);

/// What is to be said of a tensor beside numbers, "dense in A; ..."; empty mostly.
[[nodiscard]] std::string remark(const ComparedTensor& tensor);

/// Of the tensors that are palettized in A or B.
struct ComparedTotals {
    std::uint64_t palettized = 0;
    std::uint64_t weights = 0;
    std::uint64_t bytes = 0;
    std::optional<double> sqnr_db;  // of all that lose something and have a difference; else null
};
struct ComparisonTotals {
    ComparedTotals a;
    ComparedTotals b;
    std::uint64_t measured_tensors = 0;  // that sqnr_db is of, in both
};
[[nodiscard]] ComparisonTotals totals_of(const std::vector<ComparedTensor>& tensors);

}  // namespace pal
