// man: prints the text of --help as a man page.
#include <iostream>

#include "pipeline/cli/man_page.hpp"
#include "pipeline/commands/commands.hpp"

namespace pal {

namespace {

int execute_man(const Arguments& arguments) {
    std::cout << (arguments.positionals.empty()
                      ? program_man_page(commands())
                      : command_man_page(command_named(commands(), arguments.positionals[0])));
    return 0;
}

}  // namespace

Command man_command() {
    return {"man",
            "[COMMAND]",
            "prints the man page of a command, or of the program",
            "h5palettize man run | man -l -",
            0,
            1,
            {},
            execute_man,
            [] { return command_names(commands()); }};
}

}  // namespace pal
