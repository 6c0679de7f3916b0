// A run as a trace (--trace) that Perfetto and chrome://tracing open: the Trace Event Format of
// Chrome, one complete event for each stage and tensor and for each phase, by thread.
#pragma once

#include <string>
#include <vector>

#include "pipeline/recorder.hpp"

namespace pal {

/// slices: as Recorder::slices() gives them. Paths as in the report (pipeline/json_path.hpp).
[[nodiscard]] std::string trace_json(const std::vector<Slice>& slices);

}  // namespace pal
