#include "pipeline/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "stages/error.hpp"

namespace pal {

void open_missing_standard_streams() noexcept {
    for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number) {
        if (::fcntl(number, F_GETFD) >= 0) continue;
        // The lowest number that is free, so this one. There is nowhere to say that it failed.
        if (::open("/dev/null", O_RDONLY) != number) ::_exit(static_cast<int>(ErrorCode::kOutput));
    }
}

}  // namespace pal
