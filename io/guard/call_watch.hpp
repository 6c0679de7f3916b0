// A bound for calls of the HDF5 library that do not return: 1.10.8 loops for hours in some damaged
// indices. Private to io/.
#pragma once

#include <atomic>
#include <cstdint>
#include <ctime>

namespace pal::h5 {

/// Marks a call while it lives; under hdf5_lock(). Two stores.
class WatchedCall {
  public:
    WatchedCall() noexcept;
    ~WatchedCall();
    WatchedCall(const WatchedCall&) = delete;
    WatchedCall& operator=(const WatchedCall&) = delete;
};

/// From now on a call that takes a thread more time of the processor than a file of so many bytes
/// explains ends the process as a crash would (io/guard/last_wish): 10 s, and a second for each 20
/// MB. Time that the disk takes does not count. Starts a thread, once.
void watch_calls(std::uint64_t file_bytes);

}  // namespace pal::h5
