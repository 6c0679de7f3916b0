#include "pipeline/cli/command_line.hpp"

#include <sstream>
#include <utility>

#include "configs/text/text_file.hpp"
#include "pipeline/cli/boost_options.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace po = boost::program_options;

namespace {

/// Name under which Boost keeps the positionals.
constexpr const char* kPositionals = "files";

/// Replaces each word @FILE by the words of that file, and notes the file. Lines that begin with #
/// are comments.
std::vector<std::string> expand_response_files(const std::vector<std::string>& words,
                                               std::vector<std::string>& files) {
    std::vector<std::string> expanded;
    for (const std::string& word : words) {
        if (!word.starts_with('@') || word.size() == 1) {
            expanded.push_back(word);
            continue;
        }
        std::istringstream file(read_text_file(word.substr(1), word));
        files.push_back(word.substr(1));
        for (std::string line; std::getline(file, line);) {
            if (line.starts_with('#')) continue;
            for (std::string& part : po::split_unix(line)) expanded.push_back(std::move(part));
        }
    }
    return expanded;
}

void parse_words(const po::options_description& options, const std::vector<std::string>& words,
                 po::variables_map& values) {
    po::options_description with_positionals = options;
    with_positionals.add_options()(kPositionals, po::value<std::vector<std::string>>());
    po::positional_options_description positionals;
    positionals.add(kPositionals, -1);
    po::store(
        po::command_line_parser(words)
            .options(with_positionals)
            .positional(positionals)
            .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
            .run(),
        values);
}

void parse_options_file(const po::options_description& options, const std::string& name,
                        po::variables_map& values) {
    std::istringstream file(read_text_file(name, "--options-file " + name));
    po::store(po::parse_config_file(file, options), values);
}

/// Copies the options that were given. Boost lists every flag, true or false.
void take_values(const Command& command, const po::variables_map& values, Arguments& arguments) {
    for (const Option& option : options_of(command)) {
        const std::string name(option.name);
        if (values.count(name) == 0) continue;
        if (option.takes_value()) {
            arguments.set(name, values[name].as<std::string>());
        } else if (values[name].as<bool>()) {
            arguments.set_flag(name);
        }
    }
    if (values.count(kPositionals) != 0)
        arguments.positionals = values[kPositionals].as<std::vector<std::string>>();
}

}  // namespace

Arguments parse_command_line(const Command& command, const std::vector<std::string>& words) {
    Arguments arguments;
    try {
        const po::options_description options = boost_options(sections_of(command));
        po::variables_map values;
        parse_words(options, expand_response_files(words, arguments.option_files), values);
        if (values.count("options-file") != 0) {
            const std::string name = values["options-file"].as<std::string>();
            parse_options_file(options, name, values);
            arguments.option_files.push_back(name);
        }
        take_values(command, values, arguments);
    } catch (const po::error& error) {
        throw Error(ErrorCode::kUsage, error.what());
    }
    return arguments;
}

}  // namespace pal
