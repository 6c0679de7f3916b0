#include "pipeline/console/file_content.hpp"

#include <unistd.h>

#include <cerrno>
#include <vector>

#include "io/guard/limits.hpp"
#include "pipeline/console/bytes_for_people.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

std::string file_content(const Descriptor& file, const std::string& path, std::size_t most_bytes,
                         const std::string& no_wanted) {
    std::string content;
    std::vector<char> part(std::size_t{1} << 20);
    ssize_t count = -1;
    do {
        count = file.is_open() ? ::read(file.get(), part.data(), part.size()) : -1;
        if (count > 0) content.append(part.data(), static_cast<std::size_t>(count));
    } while (content.size() <= most_bytes && (count > 0 || (count < 0 && errno == EINTR)));
    if (count < 0)  // missing, or a folder
        throw system_error(ErrorCode::kInput, path + ": cannot be read", errno);
    if (content.size() > most_bytes) {
        throw Error(ErrorCode::kInput, path + ": has more than " + bytes_for_people(most_bytes) +
                                           ", which is " + no_wanted);
    }
    return content;
}

}  // namespace pal
