#include "configs/path_filter.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pal {

PathFilter::PathFilter(const std::string& option, const std::string& expression)
    : label_(option + " '" + expression + "'") {
    if (!expression.empty()) pattern_.emplace(expression, label_);
}

bool PathFilter::matches(const Candidate& candidate) {
    const bool hit = pattern_ && pattern_->matches(candidate.path);
    matched_ += hit ? 1 : 0;
    return hit;
}

void PathFilter::require_matches(const std::string& kind,
                                 const std::vector<Candidate>& candidates) const {
    if (!pattern_ || matched_ > 0) return;
    throw Error(ErrorCode::kUsage,
                fmt::format("{}: matches no {}; it must match a whole path, such as {}", label_,
                            kind, sample_paths(candidates)));
}

std::string sample_paths(const std::vector<Candidate>& candidates) {
    std::vector<std::string> paths;
    for (const Candidate& candidate : candidates) {
        if (candidate.is_float && candidate.rank >= 2 && candidate.element_count > 1 &&
            paths.size() < 4) {
            paths.push_back(candidate.path);
        }
    }
    return paths.empty() ? "(there is none)" : fmt::format("{}", fmt::join(paths, ", "));
}

}  // namespace pal
