#include "io/files/places.hpp"

#include <cstdlib>
#include <sstream>
#include <string_view>

#include "io/files/regular_file.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace fs = std::filesystem;

namespace {

fs::path below_prefix(const std::string& prefix, const fs::path& folder, const fs::path& name) {
    constexpr std::string_view kOrigin = "${ORIGIN}";
    if (!prefix.starts_with(kOrigin)) return fs::path(prefix) / name;
    return fs::path(folder.string() + prefix.substr(kOrigin.size())) / name;
}

}  // namespace

std::vector<fs::path> places_of(const std::string& name, const char* variable,
                                const std::string& own_path) {
    std::error_code unknown;
    const fs::path folder = fs::absolute(own_path).parent_path();
    const bool absolute = fs::path(name).is_absolute();
    const fs::path below = absolute ? fs::path(name).filename() : fs::path(name);
    std::vector<fs::path> places;
    if (absolute) places.emplace_back(name);
    if (const char* value = std::getenv(variable); value != nullptr && *value != '\0') {
        places.push_back(below_prefix(value, folder, below));
        std::istringstream prefixes(value);
        for (std::string prefix; std::getline(prefixes, prefix, ':');)
            places.push_back(below_prefix(prefix, folder, below));
    }
    places.push_back(below);
    places.push_back(folder / below);
    places.push_back(fs::weakly_canonical(own_path, unknown).parent_path() / below);
    return places;
}

std::string pipe_among(const std::vector<fs::path>& places) {
    for (const fs::path& place : places) {
        if (may_block(place)) return place.string();
    }
    return "";
}

void refuse_pipe(const std::string& place) {
    throw Error(ErrorCode::kInput,
                "leads to " + place + ", which is not a regular file; nothing is read there");
}

void require_no_pipe(const std::vector<fs::path>& places) {
    if (const std::string pipe = pipe_among(places); !pipe.empty()) refuse_pipe(pipe);
}

}  // namespace pal
