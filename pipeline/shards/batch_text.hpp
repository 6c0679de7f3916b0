// An estimate of a Slurm job as people, programs and shells read it.
#pragma once

#include <string>
#include <vector>

#include "pipeline/shards/batch_estimate.hpp"

namespace pal {

/// The command that submits the job. `words`: further options of `run`; quoted here where a shell
/// needs it. An empty output becomes OUT.h5.
[[nodiscard]] std::string submit_line(const BatchEstimate& estimate, const BatchWish& wish,
                                      const std::string& input, const std::string& output,
                                      const std::vector<std::string>& words);

/// Says how each number of the estimate comes about, five lines.
[[nodiscard]] std::string estimate_reasons(const BatchEstimate& estimate, const BatchWish& wish);

/// `line`: that of submit_line().
[[nodiscard]] std::string estimate_json(const BatchEstimate& estimate, const std::string& line);

/// Says that a task takes longer than wish.minutes, and why; empty: none does.
[[nodiscard]] std::string long_tasks_warning(const BatchEstimate& estimate, const BatchWish& wish);

}  // namespace pal
