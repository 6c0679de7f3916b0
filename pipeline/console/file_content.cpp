#include "pipeline/console/file_content.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "io/guard/limits.hpp"
#include "pipeline/console/bytes_for_people.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

std::string file_content(const std::string& path, std::size_t most_bytes,
                         const std::string& no_wanted) {
    std::ifstream file(path, std::ios::binary);
    std::string content;
    std::vector<char> part(std::size_t{1} << 20);
    while (file && content.size() <= most_bytes) {
        file.read(part.data(), static_cast<std::streamsize>(part.size()));
        content.append(part.data(), static_cast<std::size_t>(file.gcount()));
    }
    if (content.size() > most_bytes) {
        throw Error(ErrorCode::kInput, path + ": has more than " + bytes_for_people(most_bytes) +
                                           ", which is " + no_wanted);
    }
    if (!file.eof() || file.bad())  // missing, or a folder
        throw system_error(ErrorCode::kInput, path + ": cannot be read", errno);
    return content;
}

}  // namespace pal
