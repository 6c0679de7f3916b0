#include "pipeline/cli/arguments.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace pal {

namespace {

Error refused(std::string_view option, const std::string& value, const std::string& allowed) {
    return {ErrorCode::kUsage,
            fmt::format("--{}: found '{}', allowed are {}", option, value, allowed)};
}

/// Converts the whole text; nullopt: it is no number. Unlike lexical_cast, takes no -1 for the
/// largest unsigned number.
template <class Number>
std::optional<Number> number_from(const std::string& text) {
    Number number{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end) return std::nullopt;
    return number;
}

}  // namespace

std::string Arguments::text(std::string_view option) const {
    const auto found = given.find(option);
    return found == given.end() ? fallback_of(option) : found->second;
}

std::uint64_t whole_number(const Arguments& arguments, std::string_view option, std::uint64_t least,
                           std::uint64_t most) {
    const std::string text = arguments.text(option);
    const auto number = number_from<std::uint64_t>(text);
    if (number && *number >= least && *number <= most) return *number;
    throw refused(option, text, fmt::format("whole numbers from {} to {}", least, most));
}

double finite_number(const Arguments& arguments, std::string_view option) {
    const std::string text = arguments.text(option);
    const auto number = number_from<double>(text);
    if (number && std::isfinite(*number)) return *number;
    throw refused(option, text, "finite numbers");
}

double positive_number(const Arguments& arguments, std::string_view option) {
    const std::string text = arguments.text(option);
    const auto number = number_from<double>(text);
    if (number && *number > 0 && std::isfinite(*number)) return *number;
    throw refused(option, text, "positive numbers such as 1e-3");
}

std::uint64_t parse_bytes(const std::string& text, const std::string& option) {
    static const std::map<std::string, double> kUnits{
        {"", 1},         {"B", 1},      {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30},
        {"TiB", 0x1p40}, {"kB", 1e3},   {"KB", 1e3},     {"MB", 1e6},     {"GB", 1e9},
        {"TB", 1e12},    {"K", 0x1p10}, {"M", 0x1p20},   {"G", 0x1p30},   {"T", 0x1p40}};
    std::size_t used = 0;
    double number = 0;
    try {
        number = std::stod(text, &used);
    } catch (const std::exception&) {
        used = 0;
    }
    const auto unit = used == 0 ? kUnits.end() : kUnits.find(text.substr(used));
    if (unit == kUnits.end() || !(number > 0) || !(number * unit->second < 0x1p62))
        throw refused(option, text, "sizes such as 2GiB, 512MiB, 1.5GB");
    return static_cast<std::uint64_t>(std::max(1.0, number * unit->second));
}

void require_file_name(const Arguments& arguments, std::string_view option) {
    if (!arguments.has(option) || !arguments.text(option).empty()) return;
    throw Error(ErrorCode::kUsage, fmt::format("--{}: found '', wanted is a file name", option));
}

void check_choices(const Arguments& arguments, const std::vector<Option>& options) {
    for (const Option& option : options) {
        if (option.kind != ValueKind::kChoice || !arguments.has(option.name)) continue;
        const std::string value = arguments.text(option.name);
        const std::vector<std::string> choices = option.choices();
        if (std::ranges::find(choices, value) == choices.end())
            throw unknown_choice(option.name, value, choices);
    }
}

Error unknown_choice(std::string_view option, const std::string& value,
                     const std::vector<std::string>& choices) {
    return refused(option, value, fmt::format("{}", fmt::join(choices, ", ")));
}

}  // namespace pal
