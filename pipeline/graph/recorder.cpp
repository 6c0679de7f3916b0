#include "pipeline/graph/recorder.hpp"

#include <oneapi/tbb/enumerable_thread_specific.h>

#include <algorithm>
#include <atomic>
#include <tuple>

namespace pal {

/// Each thread adds to slices of its own.
class Recorder::Threads {
  public:
    struct OfThread {
        std::uint32_t number = 0;
        std::vector<Slice> slices;
    };
    Threads() { static_cast<void>(own()); }  // number 0 is the thread that makes the recorder

    [[nodiscard]] OfThread& own() { return threads_.local(); }
    [[nodiscard]] auto begin() const { return threads_.begin(); }
    [[nodiscard]] auto end() const { return threads_.end(); }

  private:
    std::atomic<std::uint32_t> count_{0};
    tbb::enumerable_thread_specific<OfThread> threads_{[this] { return OfThread{count_++, {}}; }};
};

Recorder::Recorder() : threads_(std::make_unique<Threads>()) {}
Recorder::~Recorder() = default;

void Recorder::add(Slice slice) {
    Threads::OfThread& own = threads_->own();
    slice.thread = own.number;
    own.slices.push_back(slice);
}

std::vector<Slice> Recorder::slices() const {
    std::vector<Slice> all;
    for (const Threads::OfThread& one : *threads_)
        all.insert(all.end(), one.slices.begin(), one.slices.end());
    std::sort(all.begin(), all.end(), [](const Slice& a, const Slice& b) {
        return std::tie(a.thread, a.start) < std::tie(b.thread, b.start);
    });
    return all;
}

void Phases::enter(std::string_view name, Activity activity) {
    if (recorder_ == nullptr) return;
    leave();
    Present& present = present_.emplace();
    present.slice.name = name;
    present.slice.activity = activity;
    present.slice.start = present.slice.ready = recorder_->time_of(Clock::now());
    present.work.emplace(&present.meter);
}

void Phases::leave() {
    if (!present_) return;
    present_->work.reset();
    Slice slice = present_->slice;
    slice.end = recorder_->time_of(Clock::now());
    slice.add(present_->meter);
    present_.reset();
    recorder_->add(slice);
}

void Phases::count_bytes(std::uint64_t in, std::uint64_t out) noexcept {
    if (!present_) return;
    present_->slice.bytes_in += in;
    present_->slice.bytes_out += out;
}

}  // namespace pal
