// A regular expression that must match a whole text, as Python's re.fullmatch: PCRE2, compiled to
// machine code where PCRE2 can, with limits, so that a pattern that backtracks without end is an
// error and not a hang. Copies share the compiled form. Only for configs/.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "configs/model/fixed_ends.hpp"

namespace pal {

class Pattern {
  public:
    /// `origin` names the pattern in errors: "config.yaml:3:5: module_name_configs 'x'". Throws
    /// Error(kUsage) with PCRE2's message and the offset where `expression` is none.
    Pattern(const std::string& expression, std::string origin);

    /// Throws Error(kUsage) where matching exceeds its limits. Thread-safe.
    [[nodiscard]] bool matches(std::string_view text) const;

  private:
    struct Compiled;
    std::shared_ptr<const Compiled> compiled_;
    FixedEnds ends_;
    std::string origin_;
};

}  // namespace pal
