// The processes that carry out a run: one alone, or the ranks of a job. They take its steps
// together: if a step fails on one, all stop, and rank 0 says why.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pipeline/cli/options.hpp"
#include "pipeline/graph/recorder.hpp"
#include "pipeline/ranks/ranks.hpp"

namespace pal {

class Team {
  public:
    /// stopped: message of an interrupted run.
    Team(Ranks& ranks, std::string stopped) : ranks_(ranks), stopped_(std::move(stopped)) {}

    [[nodiscard]] bool is_alone() const noexcept { return ranks_.size() == 1; }
    /// True for rank 0, and for a process that is alone.
    [[nodiscard]] bool leads() const noexcept { return ranks_.rank() == 0; }
    [[nodiscard]] Ranks& ranks() const noexcept { return ranks_; }
    [[nodiscard]] const std::string& stopped() const noexcept { return stopped_; }

    using Step = std::function<std::string()>;
    /// Runs the step on every rank. Returns what each has to say, by rank. Throws JobFailed on all
    /// ranks if it failed on one. A process that is alone lets exceptions of the step through.
    /// phases: if given, waiting for the others is recorded there.
    std::vector<std::string> together(const Step& step, Phases* phases = nullptr) const;

    /// Runs the step on the leader; the others wait for it. Throws as together() does.
    void lead(const std::function<void()>& step, Phases* phases = nullptr) const;

    /// Checks that all ranks said the same; names the first that did not. Throws as together().
    void require_alike(const std::vector<std::string>& identities) const;

  private:
    Ranks& ranks_;
    std::string stopped_;
};

/// Returns the arguments of one rank: without --memory it gets its share of what one process would
/// have.
[[nodiscard]] Arguments arguments_of_rank(const Arguments& arguments, const Ranks& ranks);

/// Runs `work` and turns JobFailed into the exit code. Ranks above 0 log errors only.
int exit_code_of(const Ranks& ranks, const std::function<void()>& work);

}  // namespace pal
