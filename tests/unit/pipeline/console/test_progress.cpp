// Progress of a run, for people and for batch systems.
#include <boost/test/unit_test.hpp>
#include <vector>

#include "pipeline/console/progress.hpp"

using namespace pal;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

ProgressState some_state() {
    return {.tensors_done = 12,
            .tensors = 96,
            .bytes_done = 2 * kGiB,
            .bytes = 6 * kGiB,
            .earlier_bytes = 0,
            .seconds = 4,
            .current = "/layer/weight"};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(progress)

BOOST_AUTO_TEST_CASE(text_says_counts_bytes_pace_and_rest) {
    BOOST_TEST(progress_text(some_state(), 200) ==
               "12 of 96 tensors, 2.00 GiB of 6.00 GiB, 0.54 GB/s, 8 s left: /layer/weight");
}

BOOST_AUTO_TEST_CASE(nothing_is_foretold_before_anything_is_done) {
    ProgressState state = some_state();
    state.bytes_done = state.tensors_done = 0;
    BOOST_TEST(seconds_left(state) < 0);
    BOOST_TEST(progress_text(state, 200) == "0 of 96 tensors, 0 B of 6.00 GiB: /layer/weight");
}

BOOST_AUTO_TEST_CASE(what_an_earlier_run_did_is_no_pace) {
    ProgressState state = some_state();
    state.earlier_bytes = kGiB;
    BOOST_TEST(seconds_left(state) == 16.0);
}

BOOST_AUTO_TEST_CASE(long_times_are_said_in_minutes_and_hours) {
    ProgressState state = some_state();
    state.seconds = 100;
    BOOST_TEST(progress_text(state, 200).find("3 min 20 s left") != std::string::npos);
    state.seconds = 10000;
    BOOST_TEST(progress_text(state, 200).find("5 h 33 min left") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_narrow_terminal_gets_the_end_of_the_path_or_none) {
    ProgressState state = some_state();
    state.current = "/a/very/long/path/\xC3\xA4\xC3\xB6/weight";
    const std::string whole = progress_text(state, 200);
    for (std::size_t width = 0; width < whole.size() + 3; ++width) {
        const std::string text = progress_text(state, width);
        BOOST_TEST(text.size() <= width);
        BOOST_TEST(text.substr(0, 5) == whole.substr(0, std::min<std::size_t>(5, width)));
        if (const auto cut = text.find("..."); cut != std::string::npos) {
            BOOST_TEST((static_cast<unsigned char>(text[cut + 3]) & 0xC0U) != 0x80U);
            BOOST_TEST(whole.ends_with(text.substr(cut + 3)));
        }
    }
    BOOST_TEST(progress_text(state, whole.size()) == whole);
}

BOOST_AUTO_TEST_CASE(paths_that_would_paint_the_terminal_are_escaped) {
    ProgressState state = some_state();
    state.current = "/a\x1b[31m";
    BOOST_TEST(progress_text(state, 200).find('\x1b') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(it_is_shown_at_the_interval_and_ended_once) {
    std::vector<ProgressState> shown;
    int ended = 0;
    {
        std::mutex mutex;
        std::condition_variable enough;
        Progress progress(3, 30,
                          {1ms,
                           [&](const ProgressState& state) {
                               const std::lock_guard lock(mutex);
                               shown.push_back(state);
                               enough.notify_one();
                           },
                           [&] { ++ended; }});
        progress.add_earlier(1, 10);
        progress.begin("/b");
        progress.end(10);
        std::unique_lock lock(mutex);
        enough.wait(lock, [&] { return !shown.empty() && shown.back().tensors_done == 2; });
    }
    BOOST_TEST(ended == 1);
    BOOST_TEST(shown.back().bytes_done == 20U);
    BOOST_TEST(shown.back().earlier_bytes == 10U);
    BOOST_TEST(shown.back().current == "/b");
}

BOOST_AUTO_TEST_CASE(a_short_run_shows_nothing_and_does_not_wait) {
    int calls = 0;
    const auto start = std::chrono::steady_clock::now();
    {
        const Progress progress(1, 1, {1h, [&](const ProgressState&) { ++calls; }, [] {}});
    }
    { const Progress progress(1, 1, {}); }
    BOOST_TEST(calls == 0);
    BOOST_TEST((std::chrono::steady_clock::now() - start < 10s));
}

BOOST_AUTO_TEST_SUITE_END()
