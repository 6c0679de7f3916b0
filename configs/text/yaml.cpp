#include "configs/text/yaml.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <regex>
#include <unordered_map>

#include "configs/text/nearest.hpp"
#include "configs/text/yaml_limits.hpp"

namespace pal::yaml {

namespace {

/// Entries of a map, as Python keeps them: a key that is set again keeps its place and takes the
/// new value. Users' files rely on this.
class OrderedEntries {
  public:
    void set(const std::string& key, const Place& value) {
        const auto [slot, inserted] = slot_of_.emplace(key, latest_.size());
        if (inserted) latest_.push_back(0);
        latest_[slot->second] = all_.size();
        all_.emplace_back(key, value);
    }
    [[nodiscard]] std::vector<std::pair<std::string, Place>> in_order() const {
        std::vector<std::pair<std::string, Place>> result;
        result.reserve(latest_.size());
        for (const std::size_t index : latest_) result.push_back(all_[index]);
        return result;
    }

  private:
    std::vector<std::pair<std::string, Place>> all_;
    std::vector<std::size_t> latest_;  // per key, in the order of first setting: index in all_
    std::unordered_map<std::string, std::size_t> slot_of_;  // key -> index in latest_
};

Place child_of(const Place& map, const std::string& key, const YAML::Node& value) {
    return {value, map.source, map.path.empty() ? key : map.path + "." + key, {}};
}

/// True for a merge key. A quoted "<<" is an ordinary key.
bool is_merge(const YAML::Node& key) {
    return key.IsScalar() && key.Scalar() == "<<" && key.Tag() != "!";
}

/// Returns the maps that a merge key names, the weakest first: the earlier one of a list wins.
std::vector<Place> merged_maps(const Place& merged) {
    std::vector<Place> maps;
    if (merged.node.IsSequence()) {
        for (std::size_t i = merged.node.size(); i > 0; --i)
            maps.push_back({merged.node[i - 1], merged.source, merged.path, {}});
    } else {
        maps.push_back(merged);
    }
    for (const Place& map : maps) {
        if (!map.node.IsMap())
            fail(map, "found " + shown(map) + ", allowed are a map and a list of maps");
    }
    return maps;
}

}  // namespace

std::string position(const Place& place) {
    const YAML::Mark mark = place.mark();
    return fmt::format("{}:{}:{}", place.source, mark.line + 1, mark.column + 1);
}

void fail(const Place& place, const std::string& text) {
    const YAML::Mark mark = place.node.Mark();
    throw Error(ErrorCode::kUsage,
                fmt::format("{}:{}:{}: {}{}{}", place.source, mark.line + 1, mark.column + 1,
                            place.path, place.path.empty() ? "" : ": ", text));
}

Place load(std::string_view text, const std::string& source) {
    try {
        check_text(text, source);
        Place place{YAML::Load(std::string(text)), source, "", {}};
        if (place.node.IsNull()) throw Error(ErrorCode::kUsage, source + ": is empty");
        check_nodes(place.node, source);
        return place;
    } catch (const YAML::Exception& error) {
        throw Error(ErrorCode::kUsage,
                    fmt::format("{}:{}:{}: not YAML: {}", source, error.mark.line + 1,
                                error.mark.column + 1, error.msg));
    }
}

std::vector<std::pair<std::string, Place>> entries(const Place& place) {
    if (!place.node.IsMap()) fail(place, "found " + shown(place) + ", a map is wanted");
    OrderedEntries all;
    for (const auto& entry : place.node) {
        if (!is_merge(entry.first)) continue;
        for (const Place& map : merged_maps(child_of(place, "<<", entry.second))) {
            for (auto& [key, value] : entries(map)) {
                value.path = child_of(place, key, value.node).path;
                all.set(key, value);
            }
        }
    }
    for (const auto& entry : place.node) {
        if (!entry.first.IsScalar()) fail(place, "a key that is no text");
        if (is_merge(entry.first)) continue;
        Place value = child_of(place, entry.first.Scalar(), entry.second);
        value.key = entry.first;
        all.set(entry.first.Scalar(), value);
    }
    return all.in_order();
}

void require_known(const Place& map, const std::vector<std::string>& allowed) {
    for (const auto& [key, value] : entries(map)) {
        if (std::find(allowed.begin(), allowed.end(), key) != allowed.end()) continue;
        const std::string near = nearest(key, allowed);
        fail({value.key, value.source, value.path, {}},
             fmt::format("unknown key '{}', allowed are {}{}", key, fmt::join(allowed, ", "),
                         near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
    }
}

bool is_null(const Place& place) { return place.node.IsNull(); }

std::string shown(const Place& place) {
    if (place.node.IsNull()) return "null";
    if (place.node.IsMap()) return "a map";
    if (place.node.IsSequence()) return "a list";
    constexpr std::size_t kMostShown = 80;
    return "'" + place.node.Scalar().substr(0, kMostShown) + "'";
}

namespace {

/// True for a scalar without quotes: only these may be numbers or booleans. The tag of a plain
/// scalar is "?", of a quoted one "!".
bool is_plain_scalar(const Place& place) {
    return place.node.IsScalar() && place.node.Tag() != "!";
}

/// Longer texts are no numbers here. Bounds the recursion of std::regex.
constexpr std::size_t kLongestNumber = 100;

/// True if all of `text` matches; `parts` are its sub-matches.
bool matches(const std::string& text, const std::regex& expression, std::smatch& parts) {
    return text.size() <= kLongestNumber && std::regex_match(text, parts, expression);
}

template <class Number, class... Base>
std::optional<Number> converted(std::string digits, bool negative, Base... base) {
    std::erase(digits, '_');
    const char* const end = digits.data() + digits.size();
    Number value = 0;
    const auto [last, error] = std::from_chars(digits.data(), end, value, base...);
    if (error != std::errc() || last != end) return std::nullopt;
    return negative ? -value : value;
}

/// Reads an integer of YAML 1.1, as PyYAML does: 16, 0x10, 020 (octal), 0b1_0000.
std::optional<long long> yaml_integer(const std::string& text) {
    static const std::regex kInteger(
        "([-+]?)(?:0b([01_]+)|0([0-7_]+)|(0|[1-9][0-9_]*)|0x([0-9a-fA-F_]+))");
    constexpr std::array kBases{2, 8, 10, 16};
    std::smatch parts;
    if (!matches(text, kInteger, parts)) return std::nullopt;
    for (std::size_t p = 0; p < kBases.size(); ++p) {
        if (parts[p + 2].matched)
            return converted<long long>(parts[p + 2], parts[1] == "-", kBases[p]);
    }
    return std::nullopt;
}

/// Reads a whole real number of YAML 1.1: 16.0, 1.6e+1. PyYAML takes 16e0 for a text.
std::optional<long long> yaml_whole_real(const std::string& text) {
    static const std::regex kReal("([-+]?)([0-9][0-9_]*\\.[0-9_]*(?:[eE][-+][0-9]+)?)");
    std::smatch parts;
    if (!matches(text, kReal, parts)) return std::nullopt;
    const auto value = converted<double>(parts[2], parts[1] == "-");
    if (!value || !(std::abs(*value) < 0x1p53) || *value != std::floor(*value)) return std::nullopt;
    return static_cast<long long>(*value);
}

/// Reads a text as pydantic reads one for an integer: " 16 ", "+1_6", "016", "16.0".
std::optional<long long> integer_in_text(const std::string& text) {
    static const std::regex kInteger("\\s*([-+]?)([0-9]+(?:_[0-9]+)*)(?:\\.0+)?\\s*");
    std::smatch parts;
    if (!matches(text, kInteger, parts)) return std::nullopt;
    return converted<long long>(parts[2], parts[1] == "-", 10);
}

/// Fails where a number or a boolean is wanted. Says so if the value is a quoted text.
[[noreturn]] void fail_of(const Place& place, const std::string& allowed) {
    const bool quoted = place.node.IsScalar() && !is_plain_scalar(place);
    fail(place, std::string("found ") + (quoted ? "the quoted text " : "") + shown(place) +
                    ", allowed are " + allowed);
}

}  // namespace

long long integer(const Place& place, const std::string& allowed, bool text_too) {
    if (is_plain_scalar(place)) {
        if (const auto value = yaml_integer(place.node.Scalar())) return *value;
        if (const auto value = yaml_whole_real(place.node.Scalar())) return *value;
    }
    if (text_too && place.node.IsScalar()) {
        if (const auto value = integer_in_text(place.node.Scalar())) return *value;
    }
    fail_of(place, allowed);
}

double number(const Place& place, const std::string& allowed) {
    double value = 0;
    if (is_plain_scalar(place)) {
        const std::string& digits = place.node.Scalar();
        if (const auto whole = yaml_integer(digits)) return static_cast<double>(*whole);
        const char* begin = digits.data() + (digits.starts_with('+') ? 1 : 0);
        const auto [end, error] = std::from_chars(begin, digits.data() + digits.size(), value);
        if (error == std::errc() && end == digits.data() + digits.size()) return value;
    }
    fail_of(place, allowed);
}

bool boolean(const Place& place) {
    bool value = false;
    if (is_plain_scalar(place) && YAML::convert<bool>::decode(place.node, value)) return value;
    fail_of(place, "true, false");
}

std::string text(const Place& place, const std::string& allowed) {
    if (place.node.IsScalar()) return place.node.Scalar();
    fail(place, "found " + shown(place) + ", allowed are " + allowed);
}

}  // namespace pal::yaml
