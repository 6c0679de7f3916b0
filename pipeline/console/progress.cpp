#include "pipeline/console/progress.hpp"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <utility>

#include "pipeline/console/bytes_for_people.hpp"
#include "pipeline/console/printable.hpp"

namespace pal {

namespace {

double pace(const ProgressState& state) {  // bytes per second
    return state.seconds > 0
               ? static_cast<double>(state.bytes_done - state.earlier_bytes) / state.seconds
               : 0;
}

std::string duration_of(double seconds) {
    const auto whole = static_cast<std::uint64_t>(std::ceil(seconds));
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

/// Returns the last bytes, from the begin of a UTF-8 character on.
std::string last_bytes(const std::string& text, std::size_t most) {
    std::size_t begin = text.size() - std::min(text.size(), most);
    while (begin < text.size() && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U)
        ++begin;
    return text.substr(begin);
}

}  // namespace

double seconds_left(const ProgressState& state) {
    const double bytes_a_second = pace(state);
    if (!(bytes_a_second > 0)) return -1;
    return static_cast<double>(state.bytes - state.bytes_done) / bytes_a_second;
}

std::string progress_text(const ProgressState& state, std::size_t width) {
    std::string text =
        fmt::format("{} of {} tensors, {} of {}", state.tensors_done, state.tensors,
                    bytes_for_people(state.bytes_done), bytes_for_people(state.bytes));
    if (const double left = seconds_left(state); left >= 0) {
        text += fmt::format(", {:.2f} GB/s, {} left", pace(state) / 1e9, duration_of(left));
    }
    if (text.size() > width) return text.substr(0, width);
    constexpr std::size_t kLeastOfPath = 8;
    const std::string path = printable(state.current);
    const std::size_t room = width - text.size();
    if (path.empty() || room < 2 + std::min(kLeastOfPath, path.size())) return text;
    if (path.size() + 2 <= room) return text + ": " + path;
    return text + ": ..." + last_bytes(path, room - 5);
}

Progress::Progress(std::uint64_t tensors, std::uint64_t bytes, ProgressOutput output)
    : output_(std::move(output)) {
    state_.tensors = tensors;
    state_.bytes = bytes;
    if (output_.interval.count() == 0) return;
    // The new thread inherits the mask: other threads handle signals.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    shower_ = std::jthread([this](const std::stop_token& stopped) { show_until(stopped); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Progress::~Progress() {
    if (!shower_.joinable()) return;
    shower_.request_stop();
    shower_.join();
    output_.end();
}

void Progress::add_earlier(std::uint64_t tensors, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    state_.tensors_done += tensors;
    state_.bytes_done += bytes;
    state_.earlier_bytes += bytes;
}

void Progress::begin(const std::string& path) {
    const std::lock_guard lock(mutex_);
    state_.current = path;
}

void Progress::end(std::uint64_t bytes, std::uint64_t tensors) {
    const std::lock_guard lock(mutex_);
    state_.tensors_done += tensors;
    state_.bytes_done += bytes;
}

ProgressState Progress::state_now() const {
    ProgressState state = state_;
    state.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    return state;
}

void Progress::show_until(const std::stop_token& stopped) {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, stopped, output_.interval, [] { return false; })) {
        if (stopped.stop_requested()) return;
        const ProgressState state = state_now();
        lock.unlock();
        output_.show(state);
        lock.lock();
    }
}

}  // namespace pal
