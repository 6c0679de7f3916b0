// The one run flow: prepare, execute, publish. A run of one file is a batch of one. The ranks of a
// job differ only in where their tasks come from and where results go.
#pragma once

#include "pipeline/cli/options.hpp"
#include "pipeline/ranks/ranks.hpp"

namespace pal {

/// Runs a command line of `run` on this process, or on all ranks of the job it belongs to. Returns
/// the exit code; throws Error if the process is alone.
int run(const Arguments& arguments, Ranks& ranks);

}  // namespace pal
