// A parsed command line, and the conversion of its values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/cli/choices.hpp"
#include "pipeline/cli/option_table.hpp"
#include "pipeline/console/report_file.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

/// A parsed command line.
struct Arguments {
    std::vector<std::string> positionals;
    std::vector<std::string> option_files;  // files that words and options were read from
    std::map<std::string, std::string, std::less<>> given;  // by name, without dashes; flags too
    std::vector<UsedFile> others;  // further files that reports must not replace

    [[nodiscard]] bool has(std::string_view option) const { return given.contains(option); }
    [[nodiscard]] bool flag(std::string_view option) const { return has(option); }
    /// Value of the option: the given one, else the fallback of the option table, else "".
    [[nodiscard]] std::string text(std::string_view option) const;
    /// Replaces what the command line says.
    void set(const std::string& option, const std::string& value) { given[option] = value; }
    void set_flag(const std::string& option) { set(option, "true"); }
};

// Each conversion reads Arguments::text() and throws Error(kUsage) naming the option, the value
// and what is allowed.

/// A whole number from `least` to `most`.
[[nodiscard]] std::uint64_t whole_number(const Arguments& arguments, std::string_view option,
                                         std::uint64_t least, std::uint64_t most);
[[nodiscard]] double finite_number(const Arguments& arguments, std::string_view option);
/// A finite number > 0.
[[nodiscard]] double positive_number(const Arguments& arguments, std::string_view option);

/// "2GiB", "512MiB", "1.5GB", "4096" -> bytes, at least 1. `option` names the option in the error.
[[nodiscard]] std::uint64_t parse_bytes(const std::string& text,
                                        const std::string& option = "memory");

/// Throws unless an option that takes a file name has no value or a name. An empty name comes from
/// a variable that was not set, and is no wish to do without the file.
void require_file_name(const Arguments& arguments, std::string_view option);

/// Throws for the first given option of kind kChoice whose value is none of its choices.
void check_choices(const Arguments& arguments, const std::vector<Option>& options);

[[nodiscard]] Error unknown_choice(std::string_view option, const std::string& value,
                                   const std::vector<std::string>& choices);

/// What the option's value means.
template <class Value, std::size_t count>
[[nodiscard]] Value choice_of(const Arguments& arguments, std::string_view option,
                              const Choices<Value, count>& choices) {
    const std::string text = arguments.text(option);
    for (const Choice<Value>& choice : choices) {
        if (text == choice.name) return choice.value;
    }
    throw unknown_choice(option, text, names_of(choices));
}

}  // namespace pal
