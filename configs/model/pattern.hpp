// A regular expression that must match a whole text, as Python's re.fullmatch matches it.
//
// It is translated for PCRE2, which compiles it to machine code if it can. Limits turn a pattern
// that backtracks without end into an error. Copies share the compiled form.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "configs/model/fixed_ends.hpp"

namespace pal {

class Pattern {
  public:
    /// `origin` names the pattern in errors: "config.yaml:3:5: module_name_configs 'x'". Throws
    /// Error(kUsage) with the reason if Python or PCRE2 refuses `expression`.
    Pattern(const std::string& expression, std::string origin);

    /// Throws Error(kUsage) if matching exceeds its limits. Thread-safe.
    [[nodiscard]] bool matches(std::string_view text) const;

  private:
    struct Compiled;
    std::shared_ptr<const Compiled> compiled_;
    FixedEnds ends_;
    std::string origin_;
};

}  // namespace pal
