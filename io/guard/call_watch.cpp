#include "io/guard/call_watch.hpp"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <mutex>
#include <thread>

#include "io/guard/last_wish.hpp"

namespace pal::h5 {

namespace {

constexpr double kLeastSeconds = 10;
constexpr double kBytesPerSecond = 20e6;  // a tenth of the speed of gunzip

// Number of beginnings and ends of calls: odd while a call is under way.
std::atomic<std::uint64_t> call_number{0};
// Processor clock of the thread that calls.
std::atomic<clockid_t> caller_clock{CLOCK_THREAD_CPUTIME_ID};
std::atomic<double> most_seconds{kLeastSeconds};

// Number of the thread that calls; 0 while none does.
std::atomic<long> calling_thread{0};

struct Caller {
    long thread = ::syscall(SYS_gettid);
    clockid_t clock = CLOCK_THREAD_CPUTIME_ID;
    Caller() noexcept { pthread_getcpuclockid(pthread_self(), &clock); }
};

/// Returns the processor time of a thread; negative where the thread is gone.
double seconds_of(clockid_t clock) noexcept {
    timespec time{};
    if (::clock_gettime(clock, &time) != 0) return -1;
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

[[noreturn]] void watch() {
    std::uint64_t seen = 0;
    double begin = 0;
    for (;;) {
        std::this_thread::sleep_for(std::chrono::seconds(1));
        const std::uint64_t number = call_number;
        const double now = seconds_of(caller_clock);
        if (number != seen) {
            seen = number;
            begin = now;
        } else if (number % 2 == 1 && now - begin > most_seconds && number == call_number) {
            give_up_on_input();
        }
    }
}

}  // namespace

WatchedCall::WatchedCall() noexcept {
    static const thread_local Caller self;
    caller_clock.store(self.clock, std::memory_order_relaxed);
    calling_thread.store(self.thread, std::memory_order_relaxed);
    call_number.fetch_add(1, std::memory_order_release);
}
WatchedCall::~WatchedCall() {
    call_number.fetch_add(1, std::memory_order_release);
    calling_thread.store(0, std::memory_order_relaxed);
}

bool is_calling(long thread) noexcept { return calling_thread == thread; }

void watch_calls(std::uint64_t file_bytes) {
    const double seconds = kLeastSeconds + static_cast<double>(file_bytes) / kBytesPerSecond;
    if (seconds > most_seconds) most_seconds = seconds;
    static std::once_flag once;
    std::call_once(once, [] {
        // The new thread inherits this mask, so that signals go to the other threads.
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        std::thread(watch).detach();
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
    });
}

}  // namespace pal::h5
