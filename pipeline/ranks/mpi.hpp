// Ranks over MPI. Only builds with MPI have this; mpi.h is included by the source alone.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/ranks/ranks.hpp"

namespace pal {

/// Returns whether mpirun started this process. Starting MPI in any other process takes a tenth of
/// a second and starts a server.
[[nodiscard]] bool started_by_mpirun();

/// One rank of a job of mpirun. At most one object in a process, once.
class MpiRanks final : public Ranks {
  public:
    /// Starts MPI. Throws Error(kUsage) if several threads cannot use it.
    MpiRanks();
    /// Waits for all ranks.
    ~MpiRanks() override;
    MpiRanks(const MpiRanks&) = delete;
    MpiRanks& operator=(const MpiRanks&) = delete;

    [[nodiscard]] std::size_t rank() const noexcept override { return rank_; }
    [[nodiscard]] std::size_t size() const noexcept override { return size_; }
    [[nodiscard]] std::size_t on_this_machine() const noexcept override { return on_this_machine_; }
    [[nodiscard]] std::vector<std::string> all_gather(const std::string& own) const override;
    [[nodiscard]] std::vector<Numbers> gather(Numbers own) const override;
    void serve(const Serve& serve) override;
    [[nodiscard]] Numbers ask(const Numbers& question) const override;
    void finish_serving() override;
    void abort(int code) const override;

  private:
    class Server;
    std::size_t rank_ = 0;
    std::size_t size_ = 1;
    std::size_t on_this_machine_ = 1;
    std::unique_ptr<Server> server_;  // on rank 0, while it serves
};

}  // namespace pal
