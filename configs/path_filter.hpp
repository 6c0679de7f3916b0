// --include and --exclude: a regular expression over dataset paths. Only for configs/.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "configs/config.hpp"
#include "configs/pattern.hpp"

namespace pal {

class PathFilter {
  public:
    /// `option` names it in messages: "--include". An empty expression matches nothing and is never
    /// missed. Throws Error(kUsage) for a bad pattern.
    PathFilter(const std::string& option, const std::string& expression);

    /// Counts what matched.
    bool matches(const Candidate& candidate);

    /// After all candidates: Error(kUsage) where none matched. `kind`: of datasets that it looks
    /// at.
    void require_matches(const std::string& kind, const std::vector<Candidate>& candidates) const;

    [[nodiscard]] const std::string& label() const { return label_; }

  private:
    std::string label_;  // "--include 'RE'"
    std::optional<Pattern> pattern_;
    std::size_t matched_ = 0;
};

/// Some paths that could be selected, for messages.
[[nodiscard]] std::string sample_paths(const std::vector<Candidate>& candidates);

}  // namespace pal
