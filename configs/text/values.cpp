#include "configs/text/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "configs/text/nearest.hpp"

namespace pal::yaml {

std::size_t choose(const Place& place, const std::vector<std::string>& names, bool torch_prefix) {
    const std::string allowed = fmt::format("{}", fmt::join(names, ", "));
    std::string found = text(place, allowed);
    if (torch_prefix && found.starts_with("torch.")) found.erase(0, 6);
    const auto name = std::find(names.begin(), names.end(), found);
    if (name != names.end()) return static_cast<std::size_t>(name - names.begin());
    const std::string near = nearest(found, names);
    fail(place, fmt::format("found {}, allowed are {}{}", shown(place), allowed,
                            near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
}

void Only::check(const Place& place) const {
    const std::string list = fmt::format("{}", fmt::join(allowed, ", "));
    const std::string found = text(place, list);
    if (std::find(allowed.begin(), allowed.end(), found) != allowed.end()) return;
    fail(place, fmt::format("found {}, allowed are {}", yaml::shown(place), list));
}

void Integers::read(const Place& place, int& value) const {
    const long long found = integer(place, shown, text_too);
    for (const int one : allowed) {
        if (found == one) {
            value = one;
            return;
        }
    }
    fail(place, "found " + yaml::shown(place) + ", allowed are " + shown);
}

namespace {

/// Integers, and the texts of integers that match `pattern` between spaces.
Schema or_text(Schema integers, const std::string& pattern) {
    const Schema texts{{"type", "string"}, {"pattern", "^\\s*\\+?" + pattern + "(\\.0+)?\\s*$"}};
    return {{"anyOf", Schema::array({std::move(integers), texts})}};
}

}  // namespace

Schema Integers::schema() const {
    Schema integers{{"type", "integer"}, {"enum", allowed}};
    if (!text_too) return integers;
    return or_text(std::move(integers), fmt::format("0*({})", fmt::join(allowed, "|")));
}

Schema positive_schema() {
    return or_text({{"type", "integer"}, {"minimum", 1}}, "(?=[0_]*[1-9])[0-9]+(_[0-9]+)*");
}

long long positive_integer(const Place& place) {
    const long long found = integer(place, "integers >= 1", true);
    if (found < 1) fail(place, "found " + shown(place) + ", allowed are integers >= 1");
    return found;
}

}  // namespace pal::yaml
