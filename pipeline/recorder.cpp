#include "pipeline/recorder.hpp"

#include <algorithm>
#include <tuple>

namespace pal {

void Recorder::add(Slice slice) {
    OfThread& own = threads_.local();
    slice.thread = own.number;
    own.slices.push_back(slice);
}

std::vector<Slice> Recorder::slices() const {
    std::vector<Slice> all;
    for (const OfThread& one : threads_)
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
