// A parsed command line, and conversions of its values.
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

/// Positionals and options of one subcommand.
struct Arguments {
    std::vector<std::string> positionals;
    std::vector<std::string> option_files;  // files that words and options were read from
    std::map<std::string, std::string, std::less<>> given;  // options and flags, by name
    std::vector<UsedFile> others;  // further files that reports must not replace

    [[nodiscard]] bool has(std::string_view option) const { return given.contains(option); }
    [[nodiscard]] bool flag(std::string_view option) const { return has(option); }
    /// Value of an option: the given one, else the fallback in the option table, else "".
    [[nodiscard]] std::string text(std::string_view option) const;
    /// Replaces what the command line says.
    void set(const std::string& option, const std::string& value) { given[option] = value; }
    void set_flag(const std::string& option) { set(option, "true"); }
};

// Conversions read Arguments::text(). They throw Error(kUsage) with the option, its value and the
// allowed values.

/// Whole number from `least` to `most`.
[[nodiscard]] std::uint64_t whole_number(const Arguments& arguments, std::string_view option,
                                         std::uint64_t least, std::uint64_t most);
[[nodiscard]] double finite_number(const Arguments& arguments, std::string_view option);
/// Finite number > 0.
[[nodiscard]] double positive_number(const Arguments& arguments, std::string_view option);

/// Converts "2GiB", "512MiB", "1.5GB", "4096" to bytes, at least 1. The error names `option`.
[[nodiscard]] std::uint64_t parse_bytes(const std::string& text,
                                        const std::string& option = "memory");

/// Throws if the option is given with an empty file name. That comes from a shell variable that was
/// not set, and does not mean that no file is wanted.
void require_file_name(const Arguments& arguments, std::string_view option);

/// Throws for the first option of kind kChoice that is given a value outside its choices.
void check_choices(const Arguments& arguments, const std::vector<Option>& options);

/// Error for a value that is none of the choices.
[[nodiscard]] Error unknown_choice(std::string_view option, const std::string& value,
                                   const std::vector<std::string>& choices);

/// Maps the option's value to its meaning.
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
