// Writes a run as a trace (--trace) that Perfetto and chrome://tracing open. The format is Chrome's
// Trace Event Format, with one complete event per stage and tensor, and per phase.
#pragma once

#include <string>
#include <vector>

#include "pipeline/graph/recorder.hpp"
#include "pipeline/profile/recording.hpp"

namespace pal {

/// Trace of one process. slices: the result of Recorder::slices(). Paths are escaped as in the
/// report (pipeline/console/json_path.hpp).
[[nodiscard]] std::string trace_json(const std::vector<Slice>& slices);

/// Trace of a job, with one process per rank.
[[nodiscard]] std::string trace_json(const std::vector<Recording>& ranks);

}  // namespace pal
