// completion: prints a script that completes command lines in a shell.
#include "pipeline/cli/completion.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>

#include "pipeline/commands/commands.hpp"

namespace pal {

namespace {

std::vector<std::string> shell_names() { return {"bash", "zsh"}; }

int execute_completion(const Arguments& arguments) {
    const std::string& shell = arguments.positionals[0];
    if (shell == "bash") {
        std::cout << bash_completion(commands());
    } else if (shell == "zsh") {
        std::cout << zsh_completion(commands());
    } else {
        throw Error(ErrorCode::kUsage, fmt::format("completion: found '{}', allowed are {}", shell,
                                                   fmt::join(shell_names(), ", ")));
    }
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
            {},
            execute_completion,
            shell_names};
}

}  // namespace pal
