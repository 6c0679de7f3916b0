#include "configs/text/yaml.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
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

/// Reads an integer of YAML 1.1, as PyYAML does: 16, 0x10, 020 (octal), 0b1_0000. real_too: also
/// 16.0, as pydantic does.
std::optional<long long> integer_of(std::string text, bool real_too) {
    std::erase(text, '_');
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.erase(0, 1);
    int base = 10;
    std::size_t prefix = 0;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        base = 16;
        prefix = 2;
    } else if (text.starts_with("0b")) {
        base = 2;
        prefix = 2;
    } else if (text.size() > 1 && text.find_first_not_of("01234567") == std::string::npos &&
               text.front() == '0') {
        base = 8;
    }
    const char* const begin = text.data() + prefix;
    const char* const end = text.data() + text.size();
    long long value = 0;
    const auto whole = std::from_chars(begin, end, value, base);
    if (begin != end && whole.ec == std::errc() && whole.ptr == end)
        return negative ? -value : value;
    if (!real_too) return std::nullopt;
    double number = 0;
    const auto real = std::from_chars(begin, end, number);
    const bool is_whole = prefix == 0 && begin != end && real.ec == std::errc() &&
                          real.ptr == end && std::abs(number) < 0x1p53 &&
                          number == std::floor(number);
    if (!is_whole) return std::nullopt;
    return static_cast<long long>(negative ? -number : number);
}

/// Fails where a number or a boolean is wanted. Says so if the value is a quoted text.
[[noreturn]] void fail_of(const Place& place, const std::string& allowed) {
    const bool quoted = place.node.IsScalar() && !is_plain_scalar(place);
    fail(place, std::string("found ") + (quoted ? "the quoted text " : "") + shown(place) +
                    ", allowed are " + allowed);
}

}  // namespace

long long integer(const Place& place, const std::string& allowed, bool real_too) {
    if (is_plain_scalar(place)) {
        if (const auto value = integer_of(place.node.Scalar(), real_too)) return *value;
    }
    fail_of(place, allowed);
}

double number(const Place& place, const std::string& allowed) {
    double value = 0;
    if (is_plain_scalar(place)) {
        const std::string& digits = place.node.Scalar();
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
