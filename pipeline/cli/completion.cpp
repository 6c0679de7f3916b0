#include "pipeline/cli/completion.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <map>
#include <string_view>

namespace pal {

namespace {

constexpr std::array<const char*, 3> kExtensions{"h5", "hdf5", "keras"};

/// Name with its dashes: "--quiet".
std::string long_name(const Option& option) { return "--" + std::string(option.name); }

/// Short name with its dash: "-q"; empty: none.
std::string short_name(const Option& option) {
    return option.letter == 0 ? "" : std::string("-") + option.letter;
}

std::string option_words(const Command& command) {
    std::vector<std::string> words;
    for (const Option& option : options_of(command)) {
        words.push_back(long_name(option));
        if (option.letter != 0) words.push_back(short_name(option));
    }
    return fmt::format("{}", fmt::join(words, " "));
}

/// Bash statement that offers values of the option.
std::string bash_values(const Option& option) {
    if (const auto choices = option.choices(); !choices.empty())
        return fmt::format("_h5palettize_words '{}'; return", fmt::join(choices, " "));
    return option.names_file() ? "_h5palettize_files; return" : "return";
}

/// Cases of a bash statement over the word before: the values of each option that takes one. Each
/// option has one case for all commands.
std::string bash_value_cases(const std::vector<Command>& commands) {
    std::map<std::string, std::string> cases;
    for (const Command& command : commands) {
        for (const Option& option : options_of(command)) {
            if (option.takes_value()) cases[long_name(option)] = bash_values(option);
        }
    }
    std::string text;
    for (const auto& [option, action] : cases)
        text += fmt::format("        {}) {} ;;\n", option, action);
    return text;
}

std::string bash_command_cases(const std::vector<Command>& commands) {
    std::string text;
    for (const Command& command : commands) {
        text += fmt::format("        {}) options='{}'", command.name, option_words(command));
        if (command.words != nullptr)
            text += fmt::format(" names='{}'", fmt::join(command.words(), " "));
        text += " ;;\n";
    }
    return text;
}

/// Escapes text that stands between single quotes in a zsh specification.
std::string zsh_text(std::string_view text) {
    std::string escaped;
    for (const char letter : text) {
        if (letter == '\'') {
            escaped += R"('\'')";
            continue;
        }
        if (letter == '[' || letter == ']' || letter == ':' || letter == '\\') escaped += '\\';
        escaped += letter;
    }
    return escaped;
}

std::string zsh_option(const Option& option) {
    const std::string name = long_name(option);
    const std::string text = zsh_text(option.text());
    if (!option.takes_value()) {
        const std::string other = short_name(option);
        return other.empty() ? fmt::format("'{}[{}]'", name, text)
                             : fmt::format("'({1} {0})'{{{1},{0}}}'[{2}]'", name, other, text);
    }
    const auto choices = option.choices();
    const std::string action = !choices.empty()      ? fmt::format("({})", fmt::join(choices, " "))
                               : option.names_file() ? "_files"
                                                     : " ";
    return fmt::format("'{}=[{}]:{}:{}'", name, text, option.name, action);
}

std::string zsh_command_case(const Command& command) {
    std::string text = fmt::format("        {})\n            _arguments \\\n", command.name);
    for (const Option& option : options_of(command))
        text += fmt::format("                {} \\\n", zsh_option(option));
    const std::string names = command.words == nullptr
                                  ? fmt::format("_files -g \"*.({})\"", fmt::join(kExtensions, "|"))
                                  : fmt::format("({})", fmt::join(command.words(), " "));
    return text + fmt::format("                '*:name:{}'\n            ;;\n", names);
}

}  // namespace

std::string bash_completion(const std::vector<Command>& commands) {
    std::string checkpoints;
    for (const char* extension : kExtensions)
        checkpoints += fmt::format("compgen -f -X '!*.{}' -- \"$word\"; ", extension);
    return fmt::format(
        R"(# Completion of h5palettize for bash, made by `h5palettize completion bash`.
# The functions share the variables of _h5palettize.
_h5palettize_words() {{
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$word")
}}

_h5palettize_files() {{
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
    compopt -o filenames 2>/dev/null
}}

_h5palettize_checkpoints() {{  # and folders; where there are none, all files
    mapfile -t COMPREPLY < <({}compgen -d -- "$word")
    if ((${{#COMPREPLY[@]}} == 0)); then _h5palettize_files; fi
    compopt -o filenames 2>/dev/null
}}

_h5palettize() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" before= options names=
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _h5palettize_words '{} --help --version'
        return
    fi
    before="${{COMP_WORDS[COMP_CWORD - 1]}}"
    # bash takes --option=value for three words.
    if [[ $word == = ]]; then word=; elif [[ $before == = ]]; then before="${{COMP_WORDS[COMP_CWORD - 2]}}"; fi
    case "$before" in
{}    esac
    case "${{COMP_WORDS[1]}}" in
{}        *) return ;;
    esac
    if [[ $word == -* ]]; then
        _h5palettize_words "$options"
    elif [[ $names ]]; then
        _h5palettize_words "$names"
    else
        _h5palettize_checkpoints
    fi
}}

complete -F _h5palettize h5palettize
)",
        checkpoints, fmt::join(command_names(commands), " "), bash_value_cases(commands),
        bash_command_cases(commands));
}

std::string zsh_completion(const std::vector<Command>& commands) {
    std::string summaries;
    std::string cases;
    for (const Command& command : commands) {
        summaries += fmt::format("        '{}:{}'\n", command.name, zsh_text(command.summary));
        cases += zsh_command_case(command);
    }
    return fmt::format(R"(#compdef h5palettize
# Completion of h5palettize for zsh, made by `h5palettize completion zsh`.
_h5palettize() {{
    local -a commands
    commands=(
{}    )
    if ((CURRENT == 2)); then
        _describe -t commands command commands
        return
    fi
    local command=$words[2]
    shift words
    ((CURRENT--))
    case $command in
{}    esac
}}

# As a file of $fpath it is the function; read with `source` it makes itself known.
if [[ $funcstack[1] == _h5palettize ]]; then
    _h5palettize "$@"
else
    compdef _h5palettize h5palettize
fi
)",
                       summaries, cases);
}

}  // namespace pal
