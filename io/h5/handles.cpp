#include "io/h5/handles.hpp"

#include <cstdlib>

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

void silence_errors() {
    // It stays off: reports of the library while the process ends are no messages to users either.
    thread_local bool silent = false;
    if (!silent) silent = H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
}

namespace {

struct ErrorStack {
    std::string innermost;
    bool has_write_error = false;
};

herr_t take_frame(unsigned frame, const H5E_error2_t* error, void* data) {
    auto& stack = *static_cast<ErrorStack*>(data);
    if (frame == 0 && error->desc != nullptr) stack.innermost = error->desc;
    // Only the file driver's own frame counts: frames further out say "write" of caches and headers
    // that the library wanted to read first.
    if (frame == 0 && error->min_num == H5E_WRITEERROR) stack.has_write_error = true;
    return 0;
}

}  // namespace

Failure failure_of(std::string_view what) {
    ErrorStack stack;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_frame, &stack);
    H5Eclear2(H5E_DEFAULT);
    std::string text = stack.innermost;
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
    return Failure("cannot " + std::string(what) + ": " + text, stack.has_write_error);
}

}  // namespace pal::h5
