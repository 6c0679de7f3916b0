#include "configs/rules/find_candidate.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "configs/model/tensor_name.hpp"
#include "configs/text/nearest.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

std::vector<std::string> paths_of(const Candidate& candidate) {
    std::vector<std::string> paths{candidate.path};
    paths.insert(paths.end(), candidate.aliases.begin(), candidate.aliases.end());
    return paths;
}

bool has_dotted_path(const Candidate& candidate, const std::string& dotted) {
    return std::any_of(candidate.paths.begin(), candidate.paths.end(), [&](const TensorPath& path) {
        const std::vector<std::string> spellings = dotted_paths(path.path, path.name);
        return std::find(spellings.begin(), spellings.end(), dotted) != spellings.end();
    });
}

[[noreturn]] void fail_unknown(const std::vector<Candidate>& candidates, const std::string& text) {
    std::vector<std::string> known;
    for (const Candidate& candidate : candidates) {
        for (const std::string& path : paths_of(candidate)) known.push_back(path);
    }
    const bool dotted = !text.starts_with('/');
    std::vector<std::string> near = nearest_names(dotted ? "/" + text : text, known);
    throw Error(ErrorCode::kUsage,
                near.empty()
                    ? "'" + text + "': this file has no datasets"
                    : fmt::format("'{}': this file has no such dataset; the nearest are {}", text,
                                  fmt::join(near, ", ")));
}

}  // namespace

std::size_t find_candidate(const std::vector<Candidate>& candidates, const std::string& text) {
    for (std::size_t c = 0; c < candidates.size(); ++c) {
        const std::vector<std::string> paths = paths_of(candidates[c]);
        if (std::find(paths.begin(), paths.end(), text) != paths.end()) return c;
    }
    std::string dotted = text.substr(text.starts_with('/') ? 1 : 0);
    std::replace(dotted.begin(), dotted.end(), '/', '.');
    std::vector<std::size_t> found;
    for (std::size_t c = 0; c < candidates.size(); ++c) {
        if (has_dotted_path(candidates[c], dotted)) found.push_back(c);
    }
    if (found.empty()) fail_unknown(candidates, text);
    if (found.size() == 1) return found.front();
    std::vector<std::string> paths;
    paths.reserve(found.size());
    for (const std::size_t c : found) paths.push_back(candidates[c].path);
    throw Error(ErrorCode::kUsage, fmt::format("'{}': several datasets are called so: {}", text,
                                               fmt::join(paths, ", ")));
}

}  // namespace pal
