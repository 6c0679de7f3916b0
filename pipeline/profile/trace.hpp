// A run as a trace (--trace) that Perfetto and chrome://tracing open: the Trace Event Format of
// Chrome, one complete event for each stage and tensor and for each phase, by process and thread.
#pragma once

#include <string>
#include <vector>

#include "pipeline/graph/recorder.hpp"
#include "pipeline/profile/recording.hpp"

namespace pal {

/// slices: as Recorder::slices() gives them. Paths as in the report
/// (pipeline/console/json_path.hpp).
[[nodiscard]] std::string trace_json(const std::vector<Slice>& slices);

/// Of a job: a process for each rank.
[[nodiscard]] std::string trace_json(const std::vector<Recording>& ranks);

}  // namespace pal
