// A view of a YAML document that knows where it is: every error names source, line, column and the
// path of keys, what was found and what is allowed. Only for configs/.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stages/tensor/error.hpp"

namespace pal::yaml {

/// A node and the way to it.
struct Place {
    YAML::Node node;
    std::string source;
    std::string path;  // "global_config.op_state_spec.weight"
    YAML::Node key;    // the key that this is the value of, where it is one

    /// Assigning a YAML::Node changes the document that it stands in, for every alias of it.
    Place& operator=(const Place&) = delete;

    /// Where the entry begins: at its key; an alias' value would stand at its anchor.
    [[nodiscard]] YAML::Mark mark() const {
        return key.IsDefined() && !key.IsNull() ? key.Mark() : node.Mark();
    }
    [[nodiscard]] int line() const { return mark().line + 1; }
};

/// Parses one document. Throws Error(kUsage): syntax, and what configs/text/yaml_limits.hpp
/// refuses.
[[nodiscard]] Place load(std::string_view text, const std::string& source);

/// "source:line:column" of where the entry begins.
[[nodiscard]] std::string position(const Place& place);
[[noreturn]] void fail(const Place& place, const std::string& text);

/// The entries of a map, merge keys (<<: a map or a list of maps) expanded as PyYAML does: what is
/// merged comes first, the map's own keys win, and the earlier map of a list. Not a map: an error.
[[nodiscard]] std::vector<std::pair<std::string, Place>> entries(const Place& place);

/// An unknown key is an error with the allowed ones and the nearest.
void require_known(const Place& map, const std::vector<std::string>& allowed);

[[nodiscard]] bool is_null(const Place& place);
[[nodiscard]] long long integer(const Place& place, const std::string& allowed);
[[nodiscard]] double number(const Place& place, const std::string& allowed);
[[nodiscard]] bool boolean(const Place& place);
[[nodiscard]] std::string text(const Place& place, const std::string& allowed);
[[nodiscard]] std::string shown(const Place& place);  // the value as an error shows it

}  // namespace pal::yaml
