// Where the ranks of a job keep what they have done until it is merged.
#pragma once

#include <cstddef>
#include <string>

namespace pal {

/// Beside the output `target`.
[[nodiscard]] std::string folder_of_ranks(const std::string& target);
/// The shard of a rank, in that folder.
[[nodiscard]] std::string shard_of_rank(const std::string& target, std::size_t rank,
                                        std::size_t ranks);

/// Makes the folder of a job of several ranks, and removes what jobs of other sizes left there; see
/// clear_other_jobs(). ranks: 1 for a run without a job. Throws Error(kOutput).
void prepare_folder_of_ranks(const std::string& target, std::size_t ranks, bool resume);

/// Removes what a job of another number of ranks left for `target`; does nothing where there is
/// none. Throws Error(kUsage) instead where it is to be resumed: it would not be seen.
void clear_other_jobs(const std::string& target, std::size_t ranks, bool resume);

/// Removes what the ranks have made, which is merged; their journals, by which others know that
/// they still work there, they remove themselves.
void remove_parts(const std::string& target, std::size_t ranks) noexcept;

}  // namespace pal
