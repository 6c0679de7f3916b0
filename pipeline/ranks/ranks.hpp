// The processes of one job that work on one checkpoint together (mpirun). Built without
// H5PALETTIZE_MPI, or not started by mpirun, a process is alone: rank 0 of 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pal {

class Ranks {
  public:
    /// Joins the job; once in a process. Throws Error(kUsage) where MPI cannot be used by several
    /// threads. What MPI itself meets ends the job.
    Ranks();
    /// Leaves it; waits for all.
    ~Ranks();
    Ranks(const Ranks&) = delete;
    Ranks& operator=(const Ranks&) = delete;

    [[nodiscard]] std::size_t rank() const noexcept { return rank_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// How many of them share the memory of this machine.
    [[nodiscard]] std::size_t on_this_machine() const noexcept { return on_this_machine_; }

    /// What each rank says, by rank; all call it, and wait without using a CPU.
    [[nodiscard]] std::vector<std::string> all_gather(const std::string& own) const;

    using Numbers = std::vector<std::uint64_t>;
    /// On rank 0 the numbers of each rank, by rank; nothing on the others. All call it, not while
    /// anything is served.
    [[nodiscard]] std::vector<Numbers> gather(Numbers own) const;

    /// Called by one at a time. An empty answer is the last that the rank asks for.
    using Serve = std::function<Numbers(std::size_t rank, const Numbers& question)>;
    /// Rank 0 answers from now on what ranks ask, in a thread of its own.
    void serve(const Serve& serve);
    /// Asks rank 0.
    [[nodiscard]] Numbers ask(const Numbers& question) const;
    /// On rank 0: until each of the others has had its last answer.
    void finish_serving();

  private:
    struct Server;
    std::size_t rank_ = 0;
    std::size_t size_ = 1;
    std::size_t on_this_machine_ = 1;
    std::unique_ptr<Server> server_;
};

}  // namespace pal
