// A view of a YAML document that knows its places. Every error names source, line, column and the
// path of keys, the value found and the values allowed.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stages/tensor/error.hpp"

namespace pal::yaml {

/// A node and the path of keys to it.
struct Place {
    YAML::Node node;
    std::string source;
    std::string path;  // "global_config.op_state_spec.weight"
    YAML::Node key;    // its key, if the node is the value of an entry

    /// Deleted: assigning a YAML::Node changes the document, for every alias of the node.
    Place& operator=(const Place&) = delete;

    /// Position where the entry begins: its key. (The value of an alias stands at its anchor.)
    [[nodiscard]] YAML::Mark mark() const {
        return key.IsDefined() && !key.IsNull() ? key.Mark() : node.Mark();
    }
    [[nodiscard]] int line() const { return mark().line + 1; }
};

/// Parses one document. Throws Error(kUsage) for bad syntax, an empty document, and everything
/// that configs/text/yaml_limits.hpp refuses.
[[nodiscard]] Place load(std::string_view text, const std::string& source);

/// Position where the entry begins: "source:line:column".
[[nodiscard]] std::string position(const Place& place);

/// Throws Error(kUsage): "source:line:column: key.path: text".
[[noreturn]] void fail(const Place& place, const std::string& text);

/// Returns the entries of a map with merge keys (<<: a map or a list of maps) expanded as PyYAML
/// does. Merged entries come first; the map's own keys beat them, and the earlier map of a list
/// beats the later one. Throws Error(kUsage) if the place is not a map.
[[nodiscard]] std::vector<std::pair<std::string, Place>> entries(const Place& place);

/// Throws Error(kUsage) for an unknown key, with the allowed keys and the nearest one.
void require_known(const Place& map, const std::vector<std::string>& allowed);

[[nodiscard]] bool is_null(const Place& place);

/// Read a scalar as PyYAML and pydantic do. Throw Error(kUsage) for any other value; `allowed`
/// lists the allowed ones. 16.0 is an integer. A quoted number is one only with text_too.
[[nodiscard]] long long integer(const Place& place, const std::string& allowed,
                                bool text_too = false);
[[nodiscard]] double number(const Place& place, const std::string& allowed);
[[nodiscard]] bool boolean(const Place& place);
[[nodiscard]] std::string text(const Place& place, const std::string& allowed);

/// Returns the value as errors show it: at most 80 characters of a text.
[[nodiscard]] std::string shown(const Place& place);

}  // namespace pal::yaml
