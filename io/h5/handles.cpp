#include "io/h5/handles.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>

#include "io/guard/limits.hpp"
#include "io/guard/memory_fence.hpp"

namespace pal::h5 {

std::mutex& hdf5_lock() {
    // The library reads this variable when it opens a file. A lock needs a writable file system
    // that supports locks; checkpoints on network storage often have none.
    static const int once = ::setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);
    static_cast<void>(once);
    // Owners close what they opened. The library's handler at exit would close a file that could
    // not be written a second time, and 1.10.8 crashes in that.
    static const herr_t no_handler = ::H5dont_atexit();
    static_cast<void>(no_handler);
    static const herr_t no_plugins = ::H5PLset_loading_state(0);
    static_cast<void>(no_plugins);
    static std::mutex* const mutex =
        new std::mutex;  // never destroyed: handles may outlive statics
    return *mutex;
}

namespace {

bool callback_lacked_memory = false;  // of the call under way

struct ErrorStack {
    std::array<char, 1024> innermost{};
    bool has_write_error = false;
};

/// Allocates nothing: see in_callback().
herr_t take_frame(unsigned frame, const H5E_error2_t* error, void* data) {
    auto& stack = *static_cast<ErrorStack*>(data);
    if (frame == 0 && error->desc != nullptr)
        std::string_view(error->desc).copy(stack.innermost.data(), stack.innermost.size() - 1);
    // Only the file driver's own frame counts: frames further out say "write" of caches and headers
    // that the library wanted to read first.
    if (frame == 0 && error->min_num == H5E_WRITEERROR) stack.has_write_error = true;
    return 0;
}

/// Returns the errno in the library's text about a failed call of the system, or 0.
int errno_in(std::string_view text) {
    constexpr std::string_view marker = "errno = ";
    const auto at = text.find(marker);
    return at == std::string_view::npos ? 0 : std::atoi(text.data() + at + marker.size());
}

}  // namespace

void begin_call() {
    // It stays off: reports of the library while the process ends are no messages to users either.
    thread_local bool silent = false;
    if (!silent) silent = H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
    callback_lacked_memory = false;
    errno = 0;
}

void callback_ran_out_of_memory() noexcept { callback_lacked_memory = true; }

Failure failure_of(std::string_view what) {
    const int error_of_call = errno;
    ErrorStack stack;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_frame, &stack);
    H5Eclear2(H5E_DEFAULT);
    if (callback_lacked_memory) throw std::bad_alloc();
    std::string text = stack.innermost.data();
    // Behind a fence the file asks for more memory than makes sense for it.
    const bool lacked_memory = error_of_call == ENOMEM && !MemoryFence::is_closed();
    const char* const advice = limit_advice(lacked_memory ? ENOMEM : errno_in(text));
    // System errors come with times, descriptors and addresses; people want strerror's part alone.
    constexpr std::string_view marker = "error message = '";
    if (const auto at = text.find(marker); at != std::string::npos) {
        const auto begin = at + marker.size();
        text = text.substr(begin, text.find('\'', begin) - begin);
    }
    for (char& c : text) {
        if (c == '\n') c = ' ';
    }
    if (text.empty()) text = "the HDF5 library gives no reason";
    const std::string whole = "cannot " + std::string(what) + ": " + text;
    if (advice == nullptr) return Failure(whole, stack.has_write_error);
    return Failure(whole + advice, stack.has_write_error, ErrorCode::kLimit);
}

}  // namespace pal::h5
