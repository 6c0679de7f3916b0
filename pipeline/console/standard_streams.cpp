#include "pipeline/console/standard_streams.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <iostream>

#include "stages/tensor/error.hpp"

namespace pal {

void open_missing_standard_streams() noexcept {
    for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number) {
        if (::fcntl(number, F_GETFD) >= 0) continue;
        // open() takes the lowest free number, which is this one. A failure cannot be reported.
        if (::open("/dev/null", O_RDONLY) != number) ::_exit(static_cast<int>(ErrorCode::kOutput));
    }
}

void print_when_done(const std::string& text, const std::string& output) {
    std::cout << text << std::flush;
    if (std::cout) return;
    throw Error(ErrorCode::kOutput,
                output + ": is complete, but standard output cannot be written");
}

bool reader_of_stdout_is_gone() noexcept {
    pollfd stream{STDOUT_FILENO, POLLOUT, 0};
    return ::poll(&stream, 1, 0) == 1 && (stream.revents & POLLERR) != 0;
}

}  // namespace pal
