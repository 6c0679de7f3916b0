// A run of several files, each the work of one process: one after the other, or handed out to the
// ranks of a job. Each output appears when it is done; reports and indexes follow when all are.
#pragma once

#include <optional>

#include "pipeline/run/prepare.hpp"
#include "pipeline/run/publish.hpp"

namespace pal {

/// Executes and publishes all files of a batch that are to do. publication: none on ranks that do
/// not lead. Throws Error and JobFailed, and logs which files are done and stay.
void run_batch(Run& run, std::optional<Publication>& publication);

}  // namespace pal
