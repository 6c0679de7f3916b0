// The result of a run on one file: what the report says beyond the plan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/plan/plan.hpp"
#include "stages/tensor_result.hpp"

namespace pal {

/// A tensor that was planned but stayed dense, since its weights turned out not to be finite.
struct LeftDense {
    std::size_t entry = 0;  ///< position in Plan::entries
    std::string reason;
};

struct FileResult {
    std::vector<TensorResult> tensors;  ///< one per Plan::palettized(), in that order
    std::vector<LeftDense> left_dense;
    std::string input;  ///< name of the file
    std::string output;
    std::uint64_t file_bytes_in = 0;
    std::uint64_t file_bytes_out = 0;
    double wall_seconds = 0;
    std::size_t threads = 1;
    Engine engine = Engine::kFast;
    bool described = false;     ///< the report holds the details of each tensor
    bool kept = false;          ///< an earlier run made the output, and it stays
    std::string profile_json;   ///< the report's "profile"; empty if nothing was recorded
    std::string profile_table;  ///< the same for people, with the time of publishing
};

/// Returns all of a result but details of tensors, as CBOR. Numbers keep every bit.
[[nodiscard]] std::string to_bytes(const FileResult& result);

/// Reads what to_bytes() returned. Throws Error(kInput) if `bytes` is anything else.
[[nodiscard]] FileResult file_result_from_bytes(std::string_view bytes);

/// Makes the plan say what the run found: turns the tensors of `left_dense` dense. Throws
/// Error(kInput) if the result does not fit the plan.
void apply_result(Plan& plan, const FileResult& result);

}  // namespace pal
