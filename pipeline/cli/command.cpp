#include "pipeline/cli/command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "stages/tensor/error.hpp"

namespace pal {

namespace {

std::vector<OptionGroup> all_groups(const Command& command) {
    std::vector<OptionGroup> groups = command.groups;
    groups.push_back(OptionGroup::kGeneral);
    return groups;
}

}  // namespace

std::vector<OptionSection> sections_of(const Command& command) {
    return option_sections(all_groups(command));
}

std::vector<Option> options_of(const Command& command) { return options_in(all_groups(command)); }

std::vector<std::string> command_names(const std::vector<Command>& commands) {
    std::vector<std::string> names;
    names.reserve(commands.size());
    for (const Command& command : commands) names.push_back(command.name);
    return names;
}

std::string known_commands(const std::vector<Command>& commands) {
    return fmt::format("there are {}, see h5palettize --help",
                       fmt::join(command_names(commands), ", "));
}

const Command& command_named(const std::vector<Command>& commands, const std::string& name) {
    for (const Command& command : commands) {
        if (command.name == name) return command;
    }
    throw Error(ErrorCode::kUsage, "'" + name + "' is no command; " + known_commands(commands));
}

}  // namespace pal
