// Checks a palettized checkpoint as a whole against the checkpoint it was made from.
#pragma once

#include <string>
#include <vector>

#include "io/read/checkpoint_reader.hpp"
#include "pipeline/report/verify.hpp"

namespace pal {

struct VerifiedTensor {
    std::string path;
    TensorCheck check;
};

struct Verification {
    std::vector<std::string> differences;  // outside the palettized tensors, one line each
    std::vector<VerifiedTensor> tensors;   // by falling SQNR
    Dropped dropped;                       // not there by intention, and not compared

    /// Holds if there are no differences and no problems.
    [[nodiscard]] bool ok() const;
};

/// Decodes and checks every palettized tensor, and compares the rest of both files. A tensor with
/// an SQNR below `min_sqnr_db` has a problem. Shows progress on stderr. Throws Error(kInput) for
/// files that cannot be read.
[[nodiscard]] Verification verify_checkpoint(const CheckpointReader& original,
                                             const CheckpointReader& palettized,
                                             double min_sqnr_db);

[[nodiscard]] std::string verification_json(const Verification& verification);
/// A line for each tensor, then the verdict. Differences and problems are only counted.
[[nodiscard]] std::string verification_table(const Verification& verification);

}  // namespace pal
