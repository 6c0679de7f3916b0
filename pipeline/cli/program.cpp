#include "pipeline/cli/program.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_scheduler_observer.h>

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <iostream>
#include <new>
#include <string>
#include <utility>

#include "io/guard/last_wish.hpp"
#include "io/guard/limits.hpp"
#include "pipeline/cli/command_line.hpp"
#include "pipeline/cli/help.hpp"
#include "pipeline/cli/options.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/printable.hpp"
#include "pipeline/console/standard_streams.hpp"
#include "stages/kernels/targets.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Lets every thread that enters the arena report an overflow of its stack.
class StackContainment : public tbb::task_scheduler_observer {
  public:
    explicit StackContainment(tbb::task_arena& arena) : tbb::task_scheduler_observer(arena) {
        observe(true);
    }
    void on_scheduler_entry(bool) override { contain_stack_overflow_of_this_thread(); }
};

/// Makes an object that is never destroyed. It is not on the heap, so leak checkers stay quiet.
/// Call once for each type.
template <typename T, typename... Args>
T& immortal(Args&&... args) {
    alignas(T) static std::byte place[sizeof(T)];
    return *new (place) T(std::forward<Args>(args)...);
}

/// Starts the threads of the process, which live as long as it. The limit is never destroyed: if
/// memory was short when it was made, its destructor in oneTBB 2021.8 waits for ever.
tbb::task_arena& start_workers(std::size_t threads) {
    immortal<tbb::global_control>(tbb::global_control::max_allowed_parallelism, threads);
    // The limit alone gives no more threads than there are processors.
    auto& arena = immortal<tbb::task_arena>(static_cast<int>(threads));
    immortal<StackContainment>(arena);
    return arena;
}

void check_positionals(const Command& command, const Arguments& arguments) {
    const std::size_t given = arguments.positionals.size();
    if (given >= command.min_positionals && given <= command.max_positionals) return;
    throw Error(
        ErrorCode::kUsage,
        fmt::format("{}: found {} arguments, wanted: h5palettize {}{}{}", command.name, given,
                    command.name, command.arguments.empty() ? "" : " ", command.arguments));
}

int execute(const Command& command, const std::vector<std::string>& words) {
    const Arguments arguments = parse_command_line(command, words);
    if (arguments.flag("help")) {
        std::cout << command_help(command);
        return 0;
    }
    check_positionals(command, arguments);
    set_log_options(log_options_from(arguments));
    check_choices(arguments, options_of(command));
    return start_workers(threads_from(arguments)).execute([&] {
        return command.execute(arguments);
    });
}

/// Errors of a command line are JSON too where it asks for that anywhere.
void look_for_log_format(const std::vector<std::string>& words) {
    for (std::size_t w = 0; w < words.size(); ++w) {
        const bool two_words = w > 0 && words[w - 1] == "--log-format" && words[w] == "json";
        if (two_words || words[w] == "--log-format=json") set_log_options({LogFormat::kJson});
    }
}

int dispatch(const std::vector<Command>& commands, const std::vector<std::string>& words) {
    look_for_log_format(words);
    if (words.empty())
        throw Error(ErrorCode::kUsage, "no command given; " + known_commands(commands));
    if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
        std::cout << program_help(commands);
        return 0;
    }
    if (words[0] == "--version") {
        std::cout << "h5palettize " H5PALETTIZE_VERSION "\n";
        return 0;
    }
    return execute(command_named(commands, words[0]), {words.begin() + 1, words.end()});
}

int report_error(const std::string& text, ErrorCode code) {
    std::cout.flush();
    log_error(text);
    if (ends_run(code)) failure_was_said(code);
    return static_cast<int>(code);
}

/// Keeps the buffers that one group or chunk frees for the next. By default glibc returns buffers
/// from 128 KiB on to the system, which then clears each of their pages anew.
void keep_freed_buffers() {
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

int guarded_run(const std::vector<Command>& (*commands)(), int argc, char** argv) {
    try {
        contain_signals(printable);
        keep_freed_buffers();
        // Exceeding a file size limit then fails the write, as a full disk does.
        std::signal(SIGXFSZ, SIG_IGN);
        // The program goes on if nobody reads its log any more. Standard output is checked below.
        std::signal(SIGPIPE, SIG_IGN);
        kernels::force_target_from_environment();
        const int code = dispatch(commands(), {argv + 1, argv + argc});
        std::cout.flush();
        if (std::cout) return code;
        if (reader_of_stdout_is_gone()) return static_cast<int>(ErrorCode::kOutput);
        return report_error("standard output cannot be written", ErrorCode::kOutput);
    } catch (const std::exception&) {
        const Error error = handled_error();
        return report_error(error.what(), error.code());
    }
}

}  // namespace

int run_program(const std::vector<Command>& (*commands)(), int argc, char** argv) {
    open_missing_standard_streams();
    const int code = guarded_run(commands, argc, argv);
    expect_exit();
    return code;
}

}  // namespace pal
