#include <boost/test/unit_test.hpp>

#include "pipeline/profile/profile.hpp"
#include "tests/support/tolerances.hpp"

using namespace pal;
using test::kClose;

namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;

const PlanEntry kSomeTensor;

/// Slice of a stage on one tensor; times in tenths of a second.
Slice slice_of(std::string_view name, std::uint64_t ready, std::uint64_t start, std::uint64_t end) {
    Slice slice;
    slice.name = name;
    slice.entry = &kSomeTensor;
    slice.ready = ready * (kSecondNs / 10);
    slice.start = start * (kSecondNs / 10);
    slice.end = end * (kSecondNs / 10);
    return slice;
}

Slice phase_of(std::string_view name, Activity activity, std::uint64_t start, std::uint64_t end) {
    Slice slice = slice_of(name, start, start, end);
    slice.entry = nullptr;
    slice.activity = activity;
    return slice;
}

const StageProfile& stage_called(const Profile& profile, std::string_view name) {
    for (const StageProfile& stage : profile.stages) {
        if (stage.name == name) return stage;
    }
    BOOST_FAIL("no stage " << name);
    throw;  // not reached
}

}  // namespace

BOOST_AUTO_TEST_SUITE(profile)

BOOST_AUTO_TEST_CASE(busy_time_is_that_of_all_threads_and_bytes_add_up) {
    Slice first = slice_of("cluster", 0, 0, 10);
    first.helper_ns = kSecondNs / 2;
    first.read_ns = kSecondNs / 4;
    first.bytes_in = 3000;
    Slice second = slice_of("cluster", 0, 10, 20);
    second.thread = 1;
    second.bytes_in = 1000;
    second.bytes_out = 16;
    const Profile result = make_profile({first, second}, 2, 2);
    const StageProfile& cluster = stage_called(result, "cluster");
    BOOST_TEST(cluster.runs == 2U);
    BOOST_TEST(cluster.busy_seconds == 2.5, kClose);
    BOOST_TEST(cluster.read_seconds == 0.25, kClose);
    BOOST_TEST(cluster.bytes_in == 4000U);
    BOOST_TEST(cluster.bytes_out == 16U);
    BOOST_TEST(result.busy_threads == 1.25, kClose);
}

BOOST_AUTO_TEST_CASE(the_queue_is_what_has_come_and_not_begun) {
    // Three tensors arrive at 0. One is taken at once, the others after 4 and 10 tenths.
    const Profile result = make_profile(
        {slice_of("write", 0, 0, 4), slice_of("write", 0, 4, 10), slice_of("write", 0, 10, 20)}, 2,
        1);
    const StageProfile& write = stage_called(result, "write");
    BOOST_TEST(write.waited_seconds == 1.4, kClose);
    BOOST_TEST(write.mean_waiting == 0.7, kClose);
    BOOST_TEST(write.most_waiting == 3U);
}

BOOST_AUTO_TEST_CASE(stages_stand_in_the_order_in_which_they_began) {
    const Profile result =
        make_profile({phase_of("fsync", Activity::kWriting, 20, 21), slice_of("write", 5, 6, 7),
                      slice_of("assign", 2, 3, 5), phase_of("scan", Activity::kReading, 0, 1)},
                     3, 1);
    std::vector<std::string_view> names;
    for (const StageProfile& stage : result.stages) names.push_back(stage.name);
    BOOST_TEST(names == (std::vector<std::string_view>{"scan", "assign", "write", "fsync"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(each_moment_is_divided_among_what_runs) {
    Slice cluster = slice_of("cluster", 0, 0, 10);  // alone until 5, then beside a write
    cluster.read_ns = kSecondNs / 2;                // half of its time
    Slice write = slice_of("write", 0, 5, 10);
    write.activity = Activity::kWriting;
    const Profile result =
        make_profile({phase_of("scan", Activity::kReading, 10, 12), cluster, write}, 2, 2);
    // cluster: 0.5 s alone, 0.5 s shared: 0.75 s, half of it reading; write: 0.25 s; scan: 0.2 s.
    BOOST_TEST(result.reading == (0.375 + 0.2) / 2, kClose);
    BOOST_TEST(result.computing == 0.375 / 2, kClose);
    BOOST_TEST(result.writing == 0.25 / 2, kClose);
    BOOST_TEST(result.idle == 0.8 / 2, kClose);
    BOOST_TEST(result.bound_by == "reading");
}

BOOST_AUTO_TEST_CASE(reading_is_a_part_of_thread_time_helpers_included) {
    Slice cluster = slice_of("cluster", 0, 0, 10);
    cluster.helper_ns = kSecondNs;  // a second thread all along
    cluster.read_ns = kSecondNs / 2;
    const Profile result = make_profile({cluster}, 1, 2);
    BOOST_TEST(result.reading == 0.25, kClose);
    BOOST_TEST(result.bound_by == "computing");
}

BOOST_AUTO_TEST_CASE(a_run_that_mostly_writes_is_bound_by_writing) {
    const Profile result = make_profile(
        {slice_of("cluster", 0, 0, 3), phase_of("fsync", Activity::kWriting, 3, 10)}, 1, 4);
    BOOST_TEST(result.bound_by == "writing");
    BOOST_TEST(profile_table(result).find("bound by writing\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_table_has_a_line_a_stage_and_rates_of_busy_time) {
    Slice assign = slice_of("assign", 0, 0, 10);
    assign.helper_ns = kSecondNs;
    assign.bytes_in = 3'000'000'000;
    const std::string table =
        profile_table(make_profile({assign, phase_of("plan", Activity::kComputing, 10, 11)}, 2, 2));
    BOOST_TEST(std::count(table.begin(), table.end(), '\n') == 4);
    BOOST_TEST(table.find("    1.50 ") != std::string::npos);  // 3 GB in 2 s of threads
}

BOOST_AUTO_TEST_CASE(waiting_counts_where_nothing_else_runs_and_is_no_stage) {
    const Profile result = make_profile(
        {slice_of("cluster", 0, 0, 5), phase_of("wait", Activity::kWaiting, 4, 8)}, 1, 1);
    BOOST_TEST(result.stages.size() == 1U);
    BOOST_TEST(result.busy_threads == 0.5, kClose);
    BOOST_TEST(result.computing == 0.5, kClose);
    BOOST_TEST(result.waiting == 0.3, kClose);
    BOOST_TEST(result.idle == 0.2, kClose);
}

BOOST_AUTO_TEST_CASE(a_moment_is_divided_among_the_ranks_that_work_then_and_stages_are_sums) {
    // The first rank computes on three threads at a time, the second one writes, then both wait for
    // the third, that reads.
    const std::vector<Slice> first(3, slice_of("cluster", 0, 0, 4));
    const std::vector<Slice> second{slice_of("cluster", 0, 0, 0),
                                    phase_of("fsync", Activity::kWriting, 0, 4),
                                    phase_of("wait", Activity::kWaiting, 4, 9)};
    const std::vector<Slice> third{phase_of("wait", Activity::kWaiting, 0, 4),
                                   phase_of("scan", Activity::kReading, 4, 8)};
    const Profile result = profile_of_ranks({first, second, third}, 1, 5);
    BOOST_TEST(result.computing == 0.2, kClose);
    BOOST_TEST(result.writing == 0.2, kClose);
    BOOST_TEST(result.reading == 0.4, kClose);
    BOOST_TEST(result.waiting == 0.1, kClose);
    BOOST_TEST(result.idle == 0.1, kClose);
    BOOST_TEST(result.bound_by == "reading");
    BOOST_TEST(result.busy_threads == 2.0, kClose);
    BOOST_TEST(stage_called(result, "cluster").runs == 4U);
    BOOST_TEST(stage_called(result, "cluster").busy_seconds == 1.2, kClose);
}

BOOST_AUTO_TEST_CASE(nothing_recorded_is_nothing_busy) {
    const Profile result = make_profile({}, 1, 1);
    BOOST_TEST(result.stages.empty());
    BOOST_TEST(result.idle == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()
