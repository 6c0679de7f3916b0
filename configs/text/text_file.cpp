#include "configs/text/text_file.hpp"

#include <filesystem>
#include <fstream>

#include "stages/tensor/error.hpp"

namespace pal {

std::string read_text_file(const std::string& path, const std::string& name) {
    constexpr std::size_t kMostBytes = 4U << 20;
    const auto refuse = [&](const std::string& why) { throw Error(ErrorCode::kUsage, name + why); };
    if (std::error_code ignored; std::filesystem::is_directory(path, ignored))
        refuse(": is a folder; give a file");
    std::ifstream stream(path, std::ios::binary);
    if (!stream) refuse(": cannot be read; give a file that is there");
    std::string text(kMostBytes + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad()) refuse(": cannot be read; give a file");
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kMostBytes) refuse(": has more than 4 MiB, which is not read");
    return text;
}

}  // namespace pal
