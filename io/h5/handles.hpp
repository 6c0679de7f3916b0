// Calls of the HDF5 C library: one lock, calls that throw, handles that close themselves. The
// distribution's library is not thread-safe, so every C call takes hdf5_lock(), and nothing else is
// done under it. Iteration callbacks run with the lock held and therefore only collect names.
#pragma once

#include <hdf5.h>

#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "io/guard/call_watch.hpp"
#include "stages/tensor/error.hpp"

namespace pal::h5 {

/// Not recursive: call no function of this folder with it held.
[[nodiscard]] std::mutex& hdf5_lock();

/// A failed library call. The caller knows whether it was about the input or the output. For
/// H5Ocopy, which works on both, while_writing() tells. Its code is kLimit where a limit was met.
class Failure : public Error {
  public:
    explicit Failure(const std::string& text, bool while_writing = false,
                     ErrorCode code = ErrorCode::kInput)
        : Error(code, text), while_writing_(while_writing) {}
    [[nodiscard]] bool while_writing() const noexcept { return while_writing_; }

  private:
    bool while_writing_;
};

/// Gets ready for a call: switches the library's own printing off for this thread, and clears errno
/// (if the call crashes or fails, errno is its own). Call it with the lock held.
void begin_call();
/// Takes the reason for the call that just failed from the error stack. Throws std::bad_alloc where
/// a callback ran out of memory. Call it with the lock held.
[[nodiscard]] Failure failure_of(std::string_view what);

/// Tells that a callback of the call under way ran out of memory.
void callback_ran_out_of_memory() noexcept;

/// Runs the body of a callback of the library. No exception may pass through the library: it would
/// keep its own lock, and the next thread that calls would wait for ever. Returns -1, with which a
/// callback ends its call, where body() runs out of memory.
template <class Body>
herr_t in_callback(const Body& body) noexcept {
    try {
        body();
        return 0;
    } catch (const std::bad_alloc&) {
        callback_ran_out_of_memory();
        return -1;
    }
}

/// Runs a C call under the lock and returns its result. A negative one throws Failure("cannot
/// <what>: <the library's reason>").
template <class Function>
auto call(std::string_view what, const Function& function) {
    const std::lock_guard<std::mutex> lock(hdf5_lock());
    const WatchedCall watched;
    begin_call();
    const auto result = function();
    if (result < 0) throw failure_of(what);
    return result;
}

/// Runs a C call under the lock. Returns true if it succeeded; never throws.
template <class Function>
bool succeeds(const Function& function) noexcept {
    const std::lock_guard<std::mutex> lock(hdf5_lock());
    const WatchedCall watched;
    begin_call();
    return function() >= 0;
}

/// Owns an identifier of the library and closes it.
template <herr_t (*Close)(hid_t)>
class Handle {
  public:
    Handle() = default;
    explicit Handle(hid_t id) noexcept : id_(id) {}
    Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
    Handle& operator=(Handle&& other) noexcept {
        if (this != &other) {
            reset();
            id_ = std::exchange(other.id_, H5I_INVALID_HID);
        }
        return *this;
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() { reset(); }

    [[nodiscard]] hid_t get() const noexcept { return id_; }
    [[nodiscard]] explicit operator bool() const noexcept { return id_ >= 0; }
    void reset() noexcept {
        if (id_ >= 0) succeeds([id = id_] { return Close(id); });
        id_ = H5I_INVALID_HID;
    }
    /// Closes, and throws Failure if that fails: the only way to learn that buffered data did not
    /// reach the disk.
    void close_checked(std::string_view what) {
        const hid_t id = std::exchange(id_, H5I_INVALID_HID);
        if (id >= 0) call(what, [id] { return Close(id); });
    }

  private:
    hid_t id_ = H5I_INVALID_HID;
};

using File = Handle<H5Fclose>;
using Group = Handle<H5Gclose>;
using Dataset = Handle<H5Dclose>;
using Attribute = Handle<H5Aclose>;
using Type = Handle<H5Tclose>;
using Space = Handle<H5Sclose>;
using Plist = Handle<H5Pclose>;
using Object = Handle<H5Oclose>;

}  // namespace pal::h5
