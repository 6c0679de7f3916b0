// One file, shared by the ranks of a job: each palettizes the pieces that rank 0 hands out into a
// shard of its own, and rank 0 merges the shards. The output's bytes are those of one process.
#pragma once

#include "pipeline/run/execute.hpp"

namespace pal {

/// See execute(). All ranks call it.
[[nodiscard]] FinishedOutput execute_shared(Run& run, RankRecorder& recording);

}  // namespace pal
