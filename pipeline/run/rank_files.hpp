// Places of the shards that the ranks of a job make of one file, until they are merged.
#pragma once

#include <cstddef>
#include <string>

namespace pal {

/// Returns the folder of the shards, beside the output `target`.
[[nodiscard]] std::string folder_of_ranks(const std::string& target);
/// Returns the shard of a rank, in that folder.
[[nodiscard]] std::string shard_of_rank(const std::string& target, std::size_t rank,
                                        std::size_t ranks);

/// Makes the folder of a job of several ranks, and removes what jobs of other sizes left there; see
/// clear_other_jobs(). ranks: 1 for a run without a job. Throws Error(kOutput).
void prepare_folder_of_ranks(const std::string& target, std::size_t ranks, bool resume);

/// Removes what a job of another number of ranks left for `target`, if anything. With `resume` it
/// throws Error(kUsage) instead, since the work of that job would be lost.
void clear_other_jobs(const std::string& target, std::size_t ranks, bool resume);

/// Removes the shards of all ranks, which are merged. Each rank removes its own journal, by which
/// others know that it still works there.
void remove_parts(const std::string& target, std::size_t ranks) noexcept;

}  // namespace pal
