// The processes of one job that work on one checkpoint together (mpirun).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pal {

/// This process as a rank of its job, and its connection to the others. The class itself is a
/// process that is alone: rank 0 of 1. MpiRanks (pipeline/ranks/mpi.hpp) is one of several.
class Ranks {
  public:
    Ranks() = default;
    virtual ~Ranks() = default;
    Ranks(const Ranks&) = delete;
    Ranks& operator=(const Ranks&) = delete;

    [[nodiscard]] virtual std::size_t rank() const noexcept { return 0; }
    [[nodiscard]] virtual std::size_t size() const noexcept { return 1; }
    /// Number of ranks that share the memory of this machine.
    [[nodiscard]] virtual std::size_t on_this_machine() const noexcept { return 1; }

    /// Returns the text of each rank, by rank. All ranks call it; they wait without using a CPU.
    [[nodiscard]] virtual std::vector<std::string> all_gather(const std::string& own) const;

    using Numbers = std::vector<std::uint64_t>;
    /// Returns the numbers of each rank, by rank, on rank 0; nothing on the others. All ranks call
    /// it, at a time when rank 0 does not serve.
    [[nodiscard]] virtual std::vector<Numbers> gather(Numbers own) const;

    /// Answers the question of a rank. An empty answer is the last one that this rank asks for.
    using Serve = std::function<Numbers(std::size_t rank, const Numbers& question)>;
    /// On rank 0: answers from now on, in a thread of its own. `serve` is called by one thread at
    /// a time.
    virtual void serve(const Serve& serve);
    /// Asks rank 0 and waits for its answer. Thread-safe against the serving thread.
    [[nodiscard]] virtual Numbers ask(const Numbers& question) const;
    /// On rank 0: waits until every other rank has had its last answer, and stops serving.
    virtual void finish_serving();

    /// Ends all ranks of the job with this exit code; does nothing for a process that is alone. For
    /// an error outside of the steps that ranks take together: the others would wait for ever.
    virtual void abort(int code) const;

  private:
    Serve serve_;
};

/// Joins the job that mpirun started this process for; called once in a process. Without MPI, or
/// without mpirun, the process is alone. The destructor of the result leaves the job and waits for
/// all ranks.
///
/// Throws Error(kUsage) if several threads cannot use MPI. Errors of MPI itself end the job.
[[nodiscard]] std::unique_ptr<Ranks> join_job();

}  // namespace pal
