#include "pipeline/ranks/mpi.hpp"

#define OMPI_SKIP_MPICXX
#include <mpi.h>

#include <chrono>
#include <cstdlib>
#include <mutex>
#include <numeric>
#include <thread>
#include <utility>

#include "stages/tensor/error.hpp"

namespace pal {

namespace {

constexpr int kQuestion = 1;
constexpr int kAnswer = 2;
constexpr int kGathered = 3;

void nap() { std::this_thread::sleep_for(std::chrono::microseconds(100)); }

/// Waits without keeping a CPU busy, as MPI_Wait would: another rank may need it.
void wait_for(MPI_Request request) {
    for (int done = 0;;) {
        MPI_Test(&request, &done, MPI_STATUS_IGNORE);
        if (done != 0) return;
        nap();
    }
}

using Numbers = Ranks::Numbers;

void send(const Numbers& numbers, int to, int tag) {
    MPI_Request request = nullptr;
    MPI_Isend(numbers.data(), static_cast<int>(numbers.size()), MPI_UINT64_T, to, tag,
              MPI_COMM_WORLD, &request);
    wait_for(request);
}

/// Receives a message if one is there; returns whether it was. from: a rank, or MPI_ANY_SOURCE,
/// which becomes the rank of the sender.
bool receive(Numbers& numbers, int& from, int tag) {
    int there = 0;
    MPI_Status status{};
    MPI_Iprobe(from, tag, MPI_COMM_WORLD, &there, &status);
    if (there == 0) return false;
    int count = 0;
    MPI_Get_count(&status, MPI_UINT64_T, &count);
    numbers.resize(static_cast<std::size_t>(count));
    from = status.MPI_SOURCE;
    MPI_Recv(numbers.data(), count, MPI_UINT64_T, from, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    return true;
}

}  // namespace

/// The thread of rank 0 that answers what other ranks ask.
class MpiRanks::Server {
  public:
    Server(Serve serve, std::size_t others) : serve_(std::move(serve)) {
        thread_ = std::thread([this, others] { answer_until_last(others); });
    }
    ~Server() { thread_.join(); }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    Numbers answer(std::size_t rank, const Numbers& question) {
        const std::lock_guard lock(mutex_);
        return serve_(rank, question);
    }

  private:
    void answer_until_last(std::size_t others) {
        for (Numbers question; others > 0;) {
            int from = MPI_ANY_SOURCE;
            if (!receive(question, from, kQuestion)) {
                nap();
                continue;
            }
            const Numbers numbers = answer(static_cast<std::size_t>(from), question);
            send(numbers, from, kAnswer);
            if (numbers.empty()) --others;
        }
    }

    Serve serve_;
    std::mutex mutex_;
    std::thread thread_;
};

namespace {

std::size_t ranks_on_this_machine() {
    MPI_Comm neighbours = nullptr;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &neighbours);
    int size = 1;
    MPI_Comm_size(neighbours, &size);
    MPI_Comm_free(&neighbours);
    return static_cast<std::size_t>(size);
}

}  // namespace

bool started_by_mpirun() {
    for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"}) {
        if (std::getenv(name) != nullptr) return true;  // NOLINT(concurrency-mt-unsafe): at start
    }
    return false;
}

MpiRanks::MpiRanks() {
    int provided = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided);
    int rank = 0;
    int size = 1;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    rank_ = static_cast<std::size_t>(rank);
    size_ = static_cast<std::size_t>(size);
    on_this_machine_ = ranks_on_this_machine();
    if (size_ > 1 && provided < MPI_THREAD_MULTIPLE) {
        MPI_Finalize();
        throw Error(ErrorCode::kUsage, "this MPI was built without MPI_THREAD_MULTIPLE");
    }
}

MpiRanks::~MpiRanks() { MPI_Finalize(); }

std::vector<std::string> MpiRanks::all_gather(const std::string& own) const {
    const int bytes = static_cast<int>(own.size());
    std::vector<int> counts(size_);
    MPI_Request request = nullptr;
    MPI_Iallgather(&bytes, 1, MPI_INT, counts.data(), 1, MPI_INT, MPI_COMM_WORLD, &request);
    wait_for(request);
    std::vector<int> begins(size_);
    std::exclusive_scan(counts.begin(), counts.end(), begins.begin(), 0);
    std::string all(static_cast<std::size_t>(begins.back() + counts.back()), ' ');
    MPI_Iallgatherv(own.data(), bytes, MPI_CHAR, all.data(), counts.data(), begins.data(), MPI_CHAR,
                    MPI_COMM_WORLD, &request);
    wait_for(request);
    std::vector<std::string> texts;
    for (std::size_t r = 0; r < size_; ++r)
        texts.push_back(
            all.substr(static_cast<std::size_t>(begins[r]), static_cast<std::size_t>(counts[r])));
    return texts;
}

/// Gathers message by message: MPI_Gatherv counts all of them together in an int.
std::vector<Ranks::Numbers> MpiRanks::gather(Numbers own) const {
    if (rank_ > 0) {
        send(own, 0, kGathered);
        return {};
    }
    std::vector<Numbers> all(size_);
    all.front() = std::move(own);
    for (std::size_t rank = 1; rank < size_; ++rank) {
        for (int from = static_cast<int>(rank); !receive(all[rank], from, kGathered);) nap();
    }
    return all;
}

void MpiRanks::serve(const Serve& serve) { server_ = std::make_unique<Server>(serve, size_ - 1); }

Ranks::Numbers MpiRanks::ask(const Numbers& question) const {
    if (server_) return server_->answer(rank_, question);
    send(question, 0, kQuestion);
    Numbers numbers;
    for (int from = 0; !receive(numbers, from, kAnswer);) nap();
    return numbers;
}

void MpiRanks::finish_serving() { server_.reset(); }

void MpiRanks::abort(int code) const { MPI_Abort(MPI_COMM_WORLD, code); }

}  // namespace pal
