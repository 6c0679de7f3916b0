// A regular expression that must match a whole text, as Python's re.fullmatch: PCRE2, with limits,
// so that a pattern that backtracks without end is an error and not a hang. Only for configs/.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace pal {

class Pattern {
  public:
    /// `origin` names the pattern in errors: "module_name_configs 'x' (config.yaml:3)". Throws
    /// Error(kUsage).
    Pattern(const std::string& expression, std::string origin);

    /// Throws Error(kUsage) where matching exceeds its limits.
    [[nodiscard]] bool matches(std::string_view text) const;

  private:
    struct Compiled;
    std::shared_ptr<const Compiled> compiled_;
    std::string origin_;
};

}  // namespace pal
