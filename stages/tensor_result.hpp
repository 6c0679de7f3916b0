// The result of a tensor: everything known of it once it is palettized. One struct travels from the
// stages that fill it to the report, the journal, other ranks and the merge of shards.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "stages/decode.hpp"
#include "stages/describe.hpp"
#include "stages/sensitivities.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

struct TensorResult {
    bool finished = false;  ///< reached the end of the graph, failed or not
    bool failed = false;    ///< then `code` and `message` say why, and the rest means nothing
    ErrorCode code = ErrorCode::kCheckFailed;
    std::string message;
    double seconds = 0;  ///< spent inside the stages; 0 if an earlier run did the work
    ErrorReport error;
    std::optional<double> optimality_gap;        ///< proven bound, see cluster_groups.hpp
    std::optional<WeightedError> weighted;       ///< only with sensitivities
    std::string palette_fingerprint;             ///< of LUT, scales and zero points; 16 hex digits
    std::string indices_fingerprint;             ///< of the packed chunks as written; 16 hex digits
    std::shared_ptr<const TensorDetail> detail;  ///< only if a report asked for it
};

}  // namespace pal
