// The one run flow: prepare, execute, publish. A run of one file is a batch of one. Ranks of a job
// take their tasks from rank 0, and hand their results to it.
#pragma once

#include "pipeline/cli/options.hpp"
#include "pipeline/ranks/ranks.hpp"

namespace pal {

/// Runs a command line of `run`, alone or together with the other ranks. Returns the exit code.
/// Throws Error if the process is alone.
int run(const Arguments& arguments, Ranks& ranks);

}  // namespace pal
