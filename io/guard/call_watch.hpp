// Ends the process when a call of the HDF5 library does not return: 1.10.8 loops for hours in some
// damaged indices.
#pragma once

#include <atomic>
#include <cstdint>
#include <ctime>

namespace pal::h5 {

/// Marks a call of the library while it lives. Hold hdf5_lock(). Cost: four stores.
class WatchedCall {
  public:
    WatchedCall() noexcept;
    ~WatchedCall();
    WatchedCall(const WatchedCall&) = delete;
    WatchedCall& operator=(const WatchedCall&) = delete;
};

/// Tells whether this thread, by its number in the system, is inside a call. Signal handlers may
/// call it.
[[nodiscard]] bool is_calling(long thread) noexcept;

/// Watches the calls of the library from now on. A call may take 10 s of processor time and
/// a second more for each 20 MB of the file. Waiting for the disk does not count. A longer call
/// ends the process by give_up_on_input(). With several files the largest counts. Starts a thread,
/// once.
void watch_calls(std::uint64_t file_bytes);

}  // namespace pal::h5
