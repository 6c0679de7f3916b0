#include <boost/test/unit_test.hpp>

#include "pipeline/profile/recording.hpp"

using namespace pal;

namespace {

constexpr std::int64_t kHour = 3'600'000'000'000;

/// Recording of a rank that began at `start` by its own clock, which is `ahead` of that of rank 0.
OwnRecording recording_from(std::int64_t start, std::int64_t ahead, std::vector<Slice> slices) {
    const Round first{ahead + 1000, ahead + 1010};
    const Round last{ahead + 5000, ahead + 5010};
    return {"node", 2, ahead + start, {{first}, {last}}, std::move(slices)};
}

Slice slice_at(std::uint64_t ready, std::uint64_t start, std::uint64_t end) {
    Slice slice;
    slice.name = "load";
    slice.ready = ready;
    slice.start = start;
    slice.end = end;
    return slice;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(recording)

BOOST_AUTO_TEST_CASE(what_is_packed_is_unpacked_with_the_entries_and_names_of_the_other_side) {
    const PlanEntry here[2];
    const PlanEntry there[2];
    Slice stage{"a stage", &here[1], Activity::kReading, 3, 10, 20, 30, 40, 50, 60, 70};
    Slice phase{"wait", nullptr, Activity::kWaiting, 0, 1, 1, 2, 0, 0, 0, 0};
    const OwnRecording sent{
        "node \xff", 4, -5, {{{1, 2}}, {{3, 4}, {5, 6}}}, {stage, phase, stage}};
    std::set<std::string, std::less<>> names;
    const OwnRecording got =
        unpacked(packed(sent, {&here[0], &here[1]}), {&there[0], &there[1]}, names);
    BOOST_TEST(got.host == "node \xef\xbf\xbd");  // in JSON it must be text
    BOOST_TEST(got.threads == 4U);
    BOOST_TEST(got.start == -5);
    BOOST_TEST(got.rounds.at_start.at(0).left == 2);
    BOOST_TEST(got.rounds.at_end.at(1).entered == 5);
    BOOST_REQUIRE_EQUAL(got.slices.size(), 3U);
    for (const std::size_t s : {0, 2}) {
        const Slice& slice = got.slices[s];
        BOOST_TEST(slice.name == "a stage");
        BOOST_TEST(slice.entry == &there[1]);
        BOOST_TEST((slice.activity == Activity::kReading));
        BOOST_TEST(slice.thread == 3U);
        BOOST_TEST(slice.ready == 10U);
        BOOST_TEST(slice.start == 20U);
        BOOST_TEST(slice.end == 30U);
        BOOST_TEST(slice.helper_ns == 40U);
        BOOST_TEST(slice.read_ns == 50U);
        BOOST_TEST(slice.bytes_in == 60U);
        BOOST_TEST(slice.bytes_out == 70U);
    }
    BOOST_TEST(got.slices[1].entry == nullptr);
    BOOST_TEST(got.slices[1].name == "wait");
    BOOST_TEST((got.slices[1].activity == Activity::kWaiting));
    BOOST_TEST(names.size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_clock_of_the_job_begins_with_its_first_rank) {
    const JobRecording job = on_one_clock({recording_from(300, 0, {slice_at(0, 100, 200)}),
                                           recording_from(200, kHour, {slice_at(50, 60, 70)}),
                                           recording_from(400, -kHour, {})});
    BOOST_TEST(job.zero == 200);
    BOOST_REQUIRE_EQUAL(job.ranks.size(), 3U);
    BOOST_TEST(job.ranks[0].start == 100U);
    BOOST_TEST(job.ranks[1].start == 0U);
    BOOST_TEST(job.ranks[2].start == 200U);
    BOOST_TEST(job.ranks[0].slices.at(0).start == 200U);
    BOOST_TEST(job.ranks[0].slices.at(0).end == 300U);
    BOOST_TEST(job.ranks[1].slices.at(0).ready == 50U);
    BOOST_TEST(job.ranks[1].slices.at(0).end == 70U);
    BOOST_TEST(job.ranks[0].clock_error_ns == 0U);
    BOOST_TEST(job.ranks[1].clock_error_ns == 10U);
}

BOOST_AUTO_TEST_SUITE_END()
