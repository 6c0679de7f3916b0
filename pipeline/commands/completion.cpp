// completion: what a shell needs to complete command lines, made of the tables behind --help.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <iostream>
#include <map>
#include <utility>

#include "pipeline/cli/choices.hpp"
#include "pipeline/cli/command.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

constexpr std::array<const char*, 3> kExtensions{"h5", "hdf5", "keras"};

bool takes_value(const po::option_description& option) {
    return option.semantic()->max_tokens() > 0;
}

bool takes_file(const po::option_description& option) {
    return takes_value(option) && option.semantic()->name() == kFileValue;
}

/// "-q", or empty.
std::string short_name(const po::option_description& option) {
    const std::string name =
        option.canonical_display_name(po::command_line_style::allow_dash_for_short);
    return name.starts_with('-') ? name : "";
}

po::options_description options_of(const Command& command) {
    po::options_description options;
    options.add(command.options()).add(common_options());
    return options;
}

std::string option_words(const Command& command) {
    std::vector<std::string> words;
    const po::options_description options = options_of(command);
    for (const auto& option : options.options()) {
        words.push_back("--" + option->long_name());
        if (const std::string name = short_name(*option); !name.empty()) words.push_back(name);
    }
    return fmt::format("{}", fmt::join(words, " "));
}

/// The cases of a bash statement over the word before: what follows an option that takes a value.
std::string bash_value_cases() {
    std::map<std::string, std::string> cases;  // one an option, whatever commands have it
    for (const Command& command : commands()) {
        const po::options_description options = options_of(command);
        for (const auto& option : options.options()) {
            if (!takes_value(*option)) continue;
            const auto values = allowed_values(option->long_name());
            std::string action = "return";  // any text
            if (!values.empty()) {
                action = fmt::format("_h5palettize_words '{}'; return", fmt::join(values, " "));
            } else if (takes_file(*option)) {
                action = "_h5palettize_files; return";
            }
            cases["--" + option->long_name()] = action;
        }
    }
    std::string text;
    for (const auto& [option, action] : cases)
        text += fmt::format("        {}) {} ;;\n", option, action);
    return text;
}

std::string bash_command_cases() {
    std::string text;
    for (const Command& command : commands()) {
        text += fmt::format("        {}) options='{}'", command.name, option_words(command));
        if (command.words != nullptr)
            text += fmt::format(" names='{}'", fmt::join(command.words(), " "));
        text += " ;;\n";
    }
    return text;
}

std::string bash_script() {
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
        checkpoints, fmt::join(command_names(), " "), bash_value_cases(), bash_command_cases());
}

/// Between single quotes of a zsh specification.
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

std::string zsh_option(const po::option_description& option) {
    const std::string name = "--" + option.long_name();
    const std::string text = zsh_text(option.description());
    if (!takes_value(option)) {
        const std::string other = short_name(option);
        return other.empty() ? fmt::format("'{}[{}]'", name, text)
                             : fmt::format("'({1} {0})'{{{1},{0}}}'[{2}]'", name, other, text);
    }
    const auto values = allowed_values(option.long_name());
    const std::string action = !values.empty()      ? fmt::format("({})", fmt::join(values, " "))
                               : takes_file(option) ? "_files"
                                                    : " ";
    return fmt::format("'{}=[{}]:{}:{}'", name, text, option.long_name(), action);
}

std::string zsh_command_case(const Command& command) {
    std::string text = fmt::format("        {})\n            _arguments \\\n", command.name);
    const po::options_description options = options_of(command);
    for (const auto& option : options.options())
        text += fmt::format("                {} \\\n", zsh_option(*option));
    const std::string names = command.words == nullptr
                                  ? fmt::format("_files -g \"*.({})\"", fmt::join(kExtensions, "|"))
                                  : fmt::format("({})", fmt::join(command.words(), " "));
    return text + fmt::format("                '*:name:{}'\n            ;;\n", names);
}

std::string zsh_script() {
    std::string summaries;
    std::string cases;
    for (const Command& command : commands()) {
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

std::vector<std::string> shell_names() { return {"bash", "zsh"}; }

int execute_completion(const Arguments& arguments) {
    const std::string& shell = arguments.positionals[0];
    if (shell != "bash" && shell != "zsh") {
        throw Error(ErrorCode::kUsage, fmt::format("completion: found '{}', allowed are {}", shell,
                                                   fmt::join(shell_names(), ", ")));
    }
    std::cout << (shell == "bash" ? bash_script() : zsh_script());
    return 0;
}

}  // namespace

Command completion_command() {
    return {"completion",
            "SHELL",
            "prints a script that completes command lines in bash or zsh",
            "source <(h5palettize completion bash)",
            1,
            1,
            [] { return po::options_description(); },
            execute_completion,
            shell_names};
}

}  // namespace pal
