// What the ways to run by several ranks of one job share. Only for pipeline/commands/.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pipeline/cli/options.hpp"
#include "pipeline/ranks/ranks.hpp"

namespace pal {

/// The command line of a rank: without --memory it has its share of what one process would have.
[[nodiscard]] Arguments arguments_of_rank(const Arguments& arguments, const Ranks& ranks);

/// Runs `work`, the steps that all ranks take together (pipeline/ranks/agreement); rank 0 speaks
/// for all. Returns the exit code of the job.
int run_job(const Ranks& ranks, const std::function<void()>& work);

/// Throws Error(kUsage) for options that several ranks do not take.
void refuse_for_ranks(const Arguments& arguments);

/// What all have said must be the same. Throws JobFailed on all ranks, and names the first other.
void require_alike(const Ranks& ranks, const std::string& stopped,
                   const std::vector<std::string>& identities);

}  // namespace pal
