#include <fmt/format.h>
#include <fmt/ranges.h>
#include <malloc.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_scheduler_observer.h>

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <new>
#include <sstream>
#include <utility>

#include "configs/text/text_file.hpp"
#include "io/guard/last_wish.hpp"
#include "pipeline/cli/command.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/standard_streams.hpp"
#include "stages/kernels/targets.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

std::string exit_codes() {
    std::vector<std::string> codes;
    codes.reserve(kExitCodes.size());
    for (const ExitCode& code : kExitCodes)
        codes.push_back(fmt::format("{} {}", code.number, code.meaning));
    return fmt::format("Exit codes: {}.\n", fmt::join(codes, "; "));
}

std::string general_help() {
    std::string help = fmt::format("h5palettize {}: {}.\n\nUsage: h5palettize COMMAND ...\n\n",
                                   H5PALETTIZE_VERSION, kProgramSummary);
    for (const Command& command : commands()) {
        help +=
            fmt::format("  {:<10} {:<28} {}\n", command.name, command.arguments, command.summary);
    }
    return help +
           "\nh5palettize COMMAND --help shows a command's options. --version prints the "
           "version.\n" +
           exit_codes();
}

po::options_description all_options(const Command& command) {
    po::options_description options;
    options.add(command.options()).add(common_options());
    return options;
}

std::string command_help(const Command& command) {
    std::ostringstream text;
    text << "Usage: h5palettize " << command.name << (command.arguments.empty() ? "" : " ")
         << command.arguments << " [options]\n"
         << command.summary << "\n\n"
         << all_options(command) << "\nExample:\n  " << command.example << "\n\n"
         << exit_codes();
    return text.str();
}

/// Replaces each word @FILE by the words of that file, noting it; # starts a comment line.
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

Arguments parse(const Command& command, const std::vector<std::string>& words) {
    po::options_description options = all_options(command);
    po::options_description with_positionals = options;
    with_positionals.add_options()("files", po::value<std::vector<std::string>>());
    po::positional_options_description positionals;
    positionals.add("files", -1);

    Arguments arguments;
    po::store(
        po::command_line_parser(expand_response_files(words, arguments.option_files))
            .options(with_positionals)
            .positional(positionals)
            .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
            .run(),
        arguments.values);
    if (arguments.has("options-file")) {
        const std::string name = arguments.text("options-file");
        std::istringstream file(read_text_file(name, "--options-file " + name));
        po::store(po::parse_config_file(file, options), arguments.values);
        arguments.option_files.push_back(name);
    }
    if (arguments.has("files")) {
        arguments.positionals = arguments.values["files"].as<std::vector<std::string>>();
    }
    return arguments;
}

/// Every thread that comes to work in an arena can say that its stack overflowed.
class StackContainment : public tbb::task_scheduler_observer {
  public:
    explicit StackContainment(tbb::task_arena& arena) : tbb::task_scheduler_observer(arena) {
        observe(true);
    }
    void on_scheduler_entry(bool) override { contain_stack_overflow_of_this_thread(); }
};

/// An object that is never destroyed and, not being on the heap, no leak either. To be called once
/// for each type.
template <typename T, typename... Args>
T& immortal(Args&&... args) {
    alignas(T) static std::byte place[sizeof(T)];
    return *new (place) T(std::forward<Args>(args)...);
}

/// The threads of the process. They end with it: where memory was short when the limit was made,
/// oneTBB 2021.8 waits for ever in its destructor.
tbb::task_arena& start_workers(std::size_t threads) {
    immortal<tbb::global_control>(tbb::global_control::max_allowed_parallelism, threads);
    // The limit alone gives no more threads than there are processors.
    auto& arena = immortal<tbb::task_arena>(static_cast<int>(threads));
    immortal<StackContainment>(arena);
    return arena;
}

int execute(const Command& command, const std::vector<std::string>& words) {
    const Arguments arguments = parse(command, words);
    if (arguments.flag("help")) {
        std::cout << command_help(command);
        return 0;
    }
    const std::size_t given = arguments.positionals.size();
    if (given < command.min_positionals || given > command.max_positionals) {
        throw Error(
            ErrorCode::kUsage,
            fmt::format("{}: found {} arguments, wanted: h5palettize {}{}{}", command.name, given,
                        command.name, command.arguments.empty() ? "" : " ", command.arguments));
    }
    set_log_options(log_options_from(arguments));
    return start_workers(threads_from(arguments)).execute([&] {
        return command.execute(arguments);
    });
}

std::string known_commands() {
    return fmt::format("there are {}, see h5palettize --help", fmt::join(command_names(), ", "));
}

int dispatch(const std::vector<std::string>& words) {
    if (words.empty()) {
        throw Error(ErrorCode::kUsage, "no command given; " + known_commands());
    }
    if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
        std::cout << general_help();
        return 0;
    }
    if (words[0] == "--version") {
        std::cout << "h5palettize " H5PALETTIZE_VERSION "\n";
        return 0;
    }
    return execute(command_named(words[0]), {words.begin() + 1, words.end()});
}

int report_error(const std::string& text, ErrorCode code) {
    std::cout.flush();
    log_error(text);
    if (code == ErrorCode::kOutput) output_failure_was_said();
    return static_cast<int>(code);
}

/// What one group or chunk frees serves the next: by default glibc gives buffers from 128 KiB on
/// back to the system, which then clears each of their pages anew.
void keep_freed_buffers() {
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

}  // namespace

const std::vector<Command>& commands() {
    static const std::vector<Command> all{
        run_command(),      merge_command(),     plan_command(),    verify_command(),
        restore_command(),  compare_command(),   inspect_command(), explain_command(),
        validate_command(), schema_command(),    report_command(),  slurm_plan_command(),
        man_command(),      completion_command()};
    return all;
}

std::vector<std::string> command_names() {
    std::vector<std::string> names;
    for (const Command& command : commands()) names.push_back(command.name);
    return names;
}

const Command& command_named(const std::string& name) {
    for (const Command& command : commands()) {
        if (command.name == name) return command;
    }
    throw Error(ErrorCode::kUsage, "'" + name + "' is no command; " + known_commands());
}

namespace {

int guarded_run(int argc, char** argv) {
    try {
        contain_signals();
        keep_freed_buffers();
        // A file size limit is then an error of the write, as a full disk is.
        std::signal(SIGXFSZ, SIG_IGN);
        // A log that nobody reads any more is no reason to end; standard output is looked at below.
        std::signal(SIGPIPE, SIG_IGN);
        kernels::force_target_from_environment();
        const int code = dispatch({argv + 1, argv + argc});
        std::cout.flush();
        if (std::cout) return code;
        if (reader_of_stdout_is_gone()) return static_cast<int>(ErrorCode::kOutput);
        return report_error("standard output cannot be written", ErrorCode::kOutput);
    } catch (const Error& error) {
        return report_error(error.what(), error.code());
    } catch (const po::error& error) {
        return report_error(error.what(), ErrorCode::kUsage);
    } catch (const std::bad_alloc&) {
        return report_error("out of memory; lower --memory or --threads", ErrorCode::kCheckFailed);
    } catch (const std::exception& error) {
        return report_error(error.what(), ErrorCode::kCheckFailed);
    }
}

}  // namespace

int run_program(int argc, char** argv) {
    open_missing_standard_streams();
    const int code = guarded_run(argc, argv);
    expect_exit();
    return code;
}

}  // namespace pal
