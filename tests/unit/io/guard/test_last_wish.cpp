// A process whose library crashes ends with a message and an exit code.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "io/guard/call_watch.hpp"
#include "io/guard/last_wish.hpp"
#include "io/guard/memory_fence.hpp"
#include "io/guard/sanitized.hpp"
#include "stages/tensor/error.hpp"

namespace {

struct End {
    int exit_code = -1;
    std::string said;
};

/// Escapes line ends, as an example of what a name must not show.
std::string escaped(std::string_view name) {
    std::string shown;
    for (const char letter : name) shown += letter == '\n' ? "\\n" : std::string(1, letter);
    return shown;
}

/// Crashes inside a call of the library, in a thread of its own: a child of fork has another number
/// than the thread that its parent knows.
void crash_in_library(int signal = SIGSEGV, int error = 0) {
    std::thread([&] {
        pal::contain_stack_overflow_of_this_thread();
        const pal::h5::WatchedCall call;
        errno = error;
        (void)std::raise(signal);
    }).join();
}

/// Runs `body` in a child process and returns how that ended.
template <class Body>
End end_of(const Body& body) {
    int ends[2] = {-1, -1};
    BOOST_REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        ::dup2(ends[1], STDERR_FILENO);
        pal::contain_signals(escaped);
        body();
        ::_exit(99);
    }
    ::close(ends[1]);
    End end;
    char buffer[1024];
    for (ssize_t count = 0; (count = ::read(ends[0], buffer, sizeof buffer)) > 0;)
        end.said.append(buffer, static_cast<std::size_t>(count));
    ::close(ends[0]);
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    if (WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
    return end;
}

boost::test_tools::assertion_result contained(boost::unit_test::test_unit_id) {
    return !pal::kSanitized;  // a sanitizer handles crashes itself
}

}  // namespace

BOOST_TEST_DECORATOR(*boost::unit_test::precondition(contained))
BOOST_AUTO_TEST_CASE(a_crash_is_blamed_on_the_input_until_writing_the_output_failed) {
    const End before = end_of([] { crash_in_library(); });
    BOOST_TEST(before.exit_code == static_cast<int>(pal::ErrorCode::kInput));
    BOOST_TEST(
        before.said ==
        "h5palettize: error: crashed inside the HDF5 library, most likely on a damaged file; "
        "nothing was written\n");

    const End after = end_of([] {
        pal::blame_output_for_crash(
            {pal::ErrorCode::kOutput, "out.h5: cannot close: File too large"});
        pal::blame_output_for_crash(
            {pal::ErrorCode::kLimit, "out.h5: cannot write: what followed from it"});
        (void)std::raise(SIGSEGV);
    });
    BOOST_TEST(after.exit_code == static_cast<int>(pal::ErrorCode::kOutput));
    BOOST_TEST(after.said ==
               "h5palettize: error: out.h5: cannot close: File too large; nothing was written\n");

    const End said = end_of([] {
        pal::blame_output_for_crash(
            {pal::ErrorCode::kOutput, "out.h5: cannot close: File too large"});
        pal::failure_was_said(pal::ErrorCode::kOutput);
        (void)std::raise(SIGABRT);
    });
    BOOST_TEST(said.exit_code == static_cast<int>(pal::ErrorCode::kOutput));
    BOOST_TEST(said.said == "");

    const End limit = end_of([] {
        pal::failure_was_said(pal::ErrorCode::kLimit);
        crash_in_library();
    });
    BOOST_TEST(limit.exit_code == static_cast<int>(pal::ErrorCode::kLimit));
    BOOST_TEST(limit.said == "");
}

BOOST_TEST_DECORATOR(*boost::unit_test::precondition(contained))
BOOST_AUTO_TEST_CASE(of_many_inputs_the_one_in_use_is_blamed) {
    const auto blamed = [](const auto& body) {
        const std::string said = end_of(body).said;
        const std::size_t begin = std::string("h5palettize: error: ").size();
        return said.substr(begin, said.find(": crashed") - begin);
    };
    BOOST_TEST(blamed([] {
                   const pal::Suspect a("a.h5");
                   const pal::Suspect b("b.h5");
                   crash_in_library();
               }) == "a.h5 or b.h5");
    BOOST_TEST(blamed([] {
                   const pal::Suspect a("a.h5");
                   const pal::Suspect b("b.h5");
                   const pal::Suspect c("c.h5");
                   crash_in_library();
               }) == "c.h5");
    BOOST_TEST(blamed([] {
                   const pal::Suspect a("a.h5");
                   const pal::Suspect b("b.h5");
                   const pal::Suspect c("c.h5");
                   pal::use_suspect("b.h5");
                   crash_in_library();
               }) == "b.h5");
    BOOST_TEST(blamed([] {
                   const pal::Suspect a("a.h5");
                   const pal::Suspect b("b.h5");
                   { const pal::Suspect c("c.h5"); }
                   crash_in_library();
               }) == "a.h5 or b.h5");
}

BOOST_TEST_DECORATOR(*boost::unit_test::precondition(contained))
BOOST_AUTO_TEST_CASE(a_crash_names_the_inputs_that_are_open) {
    const End two = end_of([] {
        const pal::Suspect first("first.h5");
        const pal::Suspect one("one.h5");
        { const pal::Suspect gone("gone.h5"); }
        crash_in_library();
    });
    BOOST_TEST(two.said.find("h5palettize: error: first.h5 or one.h5: crashed") == 0U);
    const End one = end_of([] {
        { const pal::Suspect gone("gone.h5"); }
        const pal::Suspect open("open.h5");
        crash_in_library(SIGABRT);
    });
    BOOST_TEST(one.said.find("h5palettize: error: open.h5: crashed") == 0U);
}

BOOST_TEST_DECORATOR(*boost::unit_test::precondition(contained))
BOOST_AUTO_TEST_CASE(threads_that_crash_together_say_it_once) {
    const End alone = end_of([] { (void)std::raise(SIGSEGV); });
    for (int round = 0; round < 20; ++round) {
        const End together = end_of([] {
            std::barrier start(8);
            std::vector<std::jthread> threads;
            for (int t = 0; t < 8; ++t) {
                threads.emplace_back([&] {
                    pal::contain_stack_overflow_of_this_thread();
                    start.arrive_and_wait();
                    (void)std::raise(SIGSEGV);
                });
            }
        });
        BOOST_REQUIRE(together.exit_code == alone.exit_code);
        BOOST_REQUIRE(together.said == alone.said);
    }
}

BOOST_TEST_DECORATOR(*boost::unit_test::precondition(contained))
BOOST_AUTO_TEST_CASE(a_crash_right_after_a_failed_write_is_blamed_on_the_output) {
    const auto crash_with = [](int error, bool writing) {
        return end_of([&] {
            const pal::Suspect input("in.h5");
            std::optional<pal::Output> output;
            if (writing) output.emplace("out.h5");
            crash_in_library(SIGSEGV, error);
        });
    };
    for (const int error : {ENOSPC, EDQUOT, EFBIG}) {
        const End full = crash_with(error, true);
        BOOST_TEST(full.exit_code == static_cast<int>(pal::ErrorCode::kOutput));
        BOOST_TEST(full.said == "h5palettize: error: out.h5: " + std::string(std::strerror(error)) +
                                    "; nothing was written\n");
        BOOST_TEST(crash_with(error, false).exit_code == static_cast<int>(pal::ErrorCode::kInput));
    }
    const End unclear = crash_with(EIO, true);
    BOOST_TEST(unclear.exit_code == static_cast<int>(pal::ErrorCode::kOutput));
    BOOST_TEST(
        unclear.said ==
        "h5palettize: error: out.h5, or an input: Input/output error; nothing was written\n");
    for (const int error : {0, ENOENT})
        BOOST_TEST(crash_with(error, true).exit_code == static_cast<int>(pal::ErrorCode::kInput));
}

#if defined(__x86_64__)
/// Writes over foreign memory, as a library with a bug does.
BOOST_TEST_DECORATOR(*boost::unit_test::precondition(contained))
BOOST_AUTO_TEST_CASE(a_thread_whose_control_block_is_overwritten_is_contained) {
    const End end = end_of([] {
        const pal::Suspect input("in.h5");
        const pal::Output output("out.h5");
        std::thread([] {
            pal::contain_stack_overflow_of_this_thread();
            const pal::h5::WatchedCall call;
            std::memset(__builtin_thread_pointer(), 0xFF, sizeof(void*));
            *const_cast<volatile int*>(static_cast<int*>(nullptr)) = 1;
        }).join();
    });
    BOOST_TEST(end.exit_code == static_cast<int>(pal::ErrorCode::kInput));
    BOOST_TEST(end.said.find("h5palettize: error: in.h5: crashed") == 0U);
}
#endif

namespace {

/// Calls itself without end. `depth` keeps the compiler from making a loop of it.
// NOLINTNEXTLINE(misc-no-recursion)
int overflow_stack(volatile int* depth) {
    volatile int here = *depth + 1;
    return overflow_stack(&here) + here;
}

}  // namespace

BOOST_TEST_DECORATOR(*boost::unit_test::precondition(contained))
BOOST_AUTO_TEST_CASE(a_stack_that_overflows_is_contained_in_every_thread) {
    const auto overflow = [] {
        pal::contain_stack_overflow_of_this_thread();
        volatile int depth = 0;
        overflow_stack(&depth);
    };
    const End main = end_of(overflow);
    BOOST_TEST(main.exit_code == static_cast<int>(pal::ErrorCode::kInternal));
    const End other = end_of([&] { std::thread(overflow).join(); });
    BOOST_TEST(other.exit_code == static_cast<int>(pal::ErrorCode::kInternal));
    BOOST_TEST(other.said.find("crashed") != std::string::npos);
}

namespace {

constexpr const char* kReport =
    "; please report it: the command line, this message, h5palettize --version and, where it may "
    "be shown, the input; nothing was written\n";

/// Throws where nobody catches.
template <class Exception>
void throw_in_thread(const Exception& error) {
    std::thread([&] { throw Exception(error); }).join();
}

}  // namespace

BOOST_TEST_DECORATOR(*boost::unit_test::precondition(contained))
BOOST_AUTO_TEST_CASE(what_is_no_crash_of_the_library_is_a_fault_of_the_program) {
    const auto says = [](const std::string& what, const auto& body) {
        const End end = end_of([&] {
            const pal::Suspect input("in.h5");
            body();
        });
        BOOST_TEST(end.exit_code == 70);
        BOOST_TEST(end.said == "h5palettize: error: internal error: " + what + kReport);
    };
    for (const auto& [signal, name] : {std::pair(SIGSEGV, "SIGSEGV"), {SIGABRT, "SIGABRT"}})
        says(std::string("crashed with ") + name, [&] { (void)std::raise(signal); });
    says("1 == 2 does not hold at a.cpp:7", [] { pal::assertion_failed("1 == 2", "a.cpp", 7); });
    says("nobody caught: odd", [] { throw_in_thread(std::runtime_error("odd")); });
    // While a thread calls the library, another one crashes.
    says("crashed with SIGSEGV", [] {
        const pal::h5::WatchedCall call;
        std::thread([] { (void)std::raise(SIGSEGV); }).join();
    });
}

BOOST_TEST_DECORATOR(*boost::unit_test::precondition(contained))
BOOST_AUTO_TEST_CASE(a_limit_is_named_and_blames_nothing) {
    const std::string memory = "; lower --memory or --threads, or give the job more memory";
    const std::string threads =
        "no thread can be started; lower --threads, or raise the limit of threads (ulimit -u, "
        "pids.max of the cgroup)";
    const auto says = [](const std::string& what, const auto& body) {
        const End end = end_of([&] {
            const pal::Suspect input("in.h5");
            body();
        });
        BOOST_TEST(end.exit_code == 71);
        BOOST_TEST(end.said == "h5palettize: error: " + what + "; nothing was written\n");
    };
    says("crashed for lack of memory" + memory, [] { crash_in_library(SIGSEGV, ENOMEM); });
    says("out of memory" + memory, [] { throw_in_thread(std::bad_alloc()); });
    says("a library ended the program, most likely for lack of memory" + memory,
         [] { std::exit(1); });  // NOLINT(concurrency-mt-unsafe): as the library does
    says(threads, [] {
        throw_in_thread(
            std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again)));
    });
    says(threads, [] {  // as oneTBB does
        throw_in_thread(
            std::runtime_error("pthread_create has failed: Resource temporarily unavailable"));
    });
    const End fenced = end_of([] {
        const pal::MemoryFence fence(std::uint64_t{1} << 30);
        crash_in_library(SIGSEGV, ENOMEM);
    });
    BOOST_TEST(fenced.exit_code == 3);  // the file asked for more than makes sense
}

BOOST_TEST_DECORATOR(*boost::unit_test::precondition(contained))
BOOST_AUTO_TEST_CASE(names_are_escaped_and_the_message_is_one_json_object_where_that_is_asked_for) {
    const End text = end_of([] {
        const pal::Suspect input("a\nb.h5");
        crash_in_library();
    });
    BOOST_TEST(text.said.starts_with("h5palettize: error: a\\nb.h5: crashed"));
    BOOST_TEST(std::ranges::count(text.said, '\n') == 1);
    const End json = end_of([] {
        pal::write_last_words_as_json();
        const pal::Suspect input(std::string(4000, '\n') + "\"b\".h5");
        crash_in_library();
    });
    BOOST_TEST(std::ranges::count(json.said, '\n') == 1);
    const auto object = nlohmann::json::parse(json.said);
    BOOST_TEST(object["level"] == "error");
    const std::string time = object["time"];
    BOOST_TEST((time.size() == 20 && time.starts_with("20") && time.ends_with("Z")));
    const std::string message = object["message"];
    BOOST_TEST(message.starts_with("\\n\\n"));
    BOOST_TEST(message.find("\"b\".h5: crashed inside") != std::string::npos);
}
