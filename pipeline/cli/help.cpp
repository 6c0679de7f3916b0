#include "pipeline/cli/help.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sstream>

#include "pipeline/cli/boost_options.hpp"

namespace pal {

namespace {

std::string exit_codes() {
    std::vector<std::string> codes;
    codes.reserve(kExitCodes.size());
    for (const ExitCode& code : kExitCodes)
        codes.push_back(fmt::format("{} {}", code.number, code.meaning));
    return fmt::format("Exit codes: {}.\n", fmt::join(codes, "; "));
}

}  // namespace

std::string program_help(const std::vector<Command>& commands) {
    std::string help = fmt::format("h5palettize {}: {}.\n\nUsage: h5palettize COMMAND ...\n\n",
                                   H5PALETTIZE_VERSION, kProgramSummary);
    for (const Command& command : commands) {
        help +=
            fmt::format("  {:<10} {:<28} {}\n", command.name, command.arguments, command.summary);
    }
    return help +
           "\nh5palettize COMMAND --help shows a command's options. --version prints the "
           "version.\n" +
           exit_codes();
}

std::string command_help(const Command& command) {
    std::ostringstream text;
    text << "Usage: h5palettize " << command.name << (command.arguments.empty() ? "" : " ")
         << command.arguments << " [options]\n"
         << command.summary << "\n\n"
         << boost_options(sections_of(command)) << "\nExample:\n  " << command.example << "\n\n"
         << exit_codes();
    return text.str();
}

}  // namespace pal
