#include "configs/yaml.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "configs/nearest.hpp"
#include "configs/yaml_limits.hpp"

namespace pal::yaml {

namespace {

void append_entries(const Place& place, std::vector<std::pair<std::string, Place>>& result) {
    if (!place.node.IsMap()) fail(place, "found " + shown(place) + ", a map is wanted");
    for (const auto& entry : place.node) {
        if (!entry.first.IsScalar()) fail(place, "a key that is no text");
        const std::string key = entry.first.Scalar();
        if (key == "<<") {
            const Place merged = place.child(key, entry.second);
            std::vector<std::pair<std::string, Place>> inherited;
            append_entries(merged, inherited);
            for (auto& item : inherited) {
                item.second.path = place.path + (place.path.empty() ? "" : ".") + item.first;
                result.push_back(std::move(item));
            }
            continue;
        }
        Place value = place.child(key, entry.second);
        value.key = entry.first;
        result.emplace_back(key, std::move(value));
    }
}

}  // namespace

Place Place::child(const std::string& name, const YAML::Node& value) const {
    return {value, source, path.empty() ? name : path + "." + name, {}};
}

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
    std::vector<std::pair<std::string, Place>> all;
    append_entries(place, all);
    // A key of the map itself wins over a merged one, wherever the merge stands.
    std::vector<std::pair<std::string, Place>> result;
    std::set<std::string> own;
    for (const auto& entry : place.node) own.insert(entry.first.Scalar());
    std::set<std::string> taken;
    for (auto& [key, value] : all) {
        const bool inherited = own.count(key) != 0 && !value.node.is(place.node[key]);
        if (!inherited && taken.insert(key).second) result.emplace_back(key, std::move(value));
    }
    return result;
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

/// Plain scalars have the tag "?", quoted ones "!": only the former may be numbers or booleans.
bool is_plain_scalar(const Place& place) {
    return place.node.IsScalar() && place.node.Tag() != "!";
}

}  // namespace

long long integer(const Place& place, const std::string& allowed) {
    long long value = 0;
    if (is_plain_scalar(place)) {
        const std::string& digits = place.node.Scalar();
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error == std::errc() && end == digits.data() + digits.size()) return value;
    }
    fail(place, "found " + shown(place) + ", allowed are " + allowed);
}

double number(const Place& place, const std::string& allowed) {
    double value = 0;
    if (is_plain_scalar(place)) {
        const std::string& digits = place.node.Scalar();
        const char* begin = digits.data() + (digits.starts_with('+') ? 1 : 0);
        const auto [end, error] = std::from_chars(begin, digits.data() + digits.size(), value);
        if (error == std::errc() && end == digits.data() + digits.size()) return value;
    }
    fail(place, "found " + shown(place) + ", allowed are " + allowed);
}

bool boolean(const Place& place) {
    bool value = false;
    if (is_plain_scalar(place) && YAML::convert<bool>::decode(place.node, value)) return value;
    fail(place, "found " + shown(place) + ", allowed are true, false");
}

std::string text(const Place& place, const std::string& allowed) {
    if (place.node.IsScalar()) return place.node.Scalar();
    fail(place, "found " + shown(place) + ", allowed are " + allowed);
}

}  // namespace pal::yaml
