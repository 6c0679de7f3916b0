#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <numeric>

#include "pipeline/profile/job_profile.hpp"
#include "tests/support/tolerances.hpp"

using namespace pal;
using test::kClose;

namespace {

constexpr std::uint64_t kTenth = 100'000'000;

PlanEntry entry_of(std::uint64_t weights) {
    PlanEntry entry;
    entry.task.dtype = DType::kF16;
    entry.task.geometry.weight_count = weights;
    return entry;
}

const PlanEntry kLarge = entry_of(1'000'000'000);
const PlanEntry kSmall = entry_of(500'000'000);

/// Slice with times in tenths of a second; a phase if there is no entry.
Slice slice_of(std::string_view name, const PlanEntry* entry, Activity activity,
               std::uint64_t start, std::uint64_t end) {
    Slice slice{name, entry, activity};
    slice.ready = slice.start = start * kTenth;
    slice.end = end * kTenth;
    return slice;
}

/// A job of 2 s. Rank 0 has the large tensor and merges, rank 1 has the small one, rank 2 began
/// late and has none.
JobProfile job_of_three() {
    const auto cluster = [](const PlanEntry& entry, std::uint64_t start, std::uint64_t end) {
        return slice_of("cluster", &entry, Activity::kComputing, start, end);
    };
    const auto wait = [](std::uint64_t start, std::uint64_t end) {
        return slice_of("wait", nullptr, Activity::kWaiting, start, end);
    };
    JobRecording job;
    job.end = 20 * kTenth;
    job.ranks = {
        {"one",
         2,
         0,
         0,
         {cluster(kLarge, 0, 10), slice_of("merge", nullptr, Activity::kWriting, 10, 18)}},
        {"two",
         2,
         0,
         1000,
         {slice_of("load", &kSmall, Activity::kReading, 0, 2), cluster(kSmall, 2, 4), wait(4, 20)}},
        {"two", 1, 5 * kTenth, 0, {wait(6, 20)}}};
    return make_profile(job);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(job_profile)

BOOST_AUTO_TEST_CASE(stages_are_sums_with_the_least_and_the_most_of_a_rank) {
    const JobProfile job = job_of_three();
    BOOST_REQUIRE_EQUAL(job.whole.stages.size(), 3U);
    BOOST_REQUIRE_EQUAL(job.ranges.size(), 3U);
    for (std::size_t s = 0; s < 3; ++s) {
        const StageProfile& stage = job.whole.stages[s];
        if (stage.name == "cluster") {
            BOOST_TEST(stage.runs == 2U);
            BOOST_TEST(stage.busy_seconds == 1.2, kClose);
            BOOST_TEST(job.ranges[s].most_seconds == 1.0, kClose);
        }
        BOOST_TEST(job.ranges[s].least_seconds == 0.0);  // rank 2 has no stages
        BOOST_TEST(job.ranges[s].most_seconds <= stage.busy_seconds);
    }
}

BOOST_AUTO_TEST_CASE(the_parts_of_a_rank_are_its_time_from_its_start_to_the_end_of_the_job) {
    const JobProfile job = job_of_three();
    BOOST_REQUIRE_EQUAL(job.ranks.size(), 3U);
    for (const RankProfile& rank : job.ranks) {
        const Profile& own = rank.profile;
        BOOST_TEST(own.reading + own.computing + own.writing + own.waiting + own.idle == 1.0,
                   kClose);
    }
    BOOST_TEST(job.ranks[0].pieces == 1U);
    BOOST_TEST(job.ranks[0].weight_bytes == 2'000'000'000U);
    BOOST_TEST(job.ranks[0].busy_seconds == 1.8, kClose);
    BOOST_TEST(job.ranks[0].stage_seconds == 1.0, kClose);
    BOOST_TEST(job.ranks[0].profile.idle == 0.1, kClose);
    BOOST_TEST(job.ranks[1].profile.reading == 0.1, kClose);
    BOOST_TEST(job.ranks[1].profile.waiting == 0.8, kClose);
    BOOST_TEST(job.ranks[2].pieces == 0U);
    BOOST_TEST(job.ranks[2].profile.wall_seconds == 1.5, kClose);
    BOOST_TEST(job.waiting == (1.6 + 1.4) / 5.5, kClose);
}

BOOST_AUTO_TEST_CASE(what_bounds_the_job_is_what_the_ranks_do_that_do_not_wait) {
    // 0 to 2 tenths compute beside read, 2 to 10 compute, 10 to 18 merge, then nothing.
    const JobProfile job = job_of_three();
    BOOST_TEST(job.whole.reading == 0.05, kClose);
    BOOST_TEST(job.whole.computing == 0.45, kClose);
    BOOST_TEST(job.whole.writing == 0.4, kClose);
    BOOST_TEST(job.whole.bound_by == "computing");
    BOOST_TEST(job.whole.threads == 5U);
    BOOST_TEST(job.whole.busy_threads == 2.2 / 2, kClose);
}

BOOST_AUTO_TEST_CASE(the_table_has_a_line_a_stage_and_a_line_a_rank) {
    const std::string table = profile_table(job_of_three());
    BOOST_TEST(std::count(table.begin(), table.end(), '\n') == 1 + 3 + 1 + 1 + 3 + 1 + 1 + 1);
    BOOST_TEST(table.find("\n   1        1    2.0000    0.4000    2.50      10 %      10 %       0 "
                          "%      80 %    0 %  two\n") != std::string::npos,
               table);
    BOOST_TEST(
        table.find("2.0000 s, 3 ranks, 1.10 of 5 threads busy: 5 % reading, 45 % computing, 40 "
                   "% writing, 10 % idle; bound by computing; ranks waited for others 55 % of "
                   "their time\n") != std::string::npos,
        table);
}

BOOST_AUTO_TEST_CASE(json_has_the_keys_of_one_process_and_the_ranks) {
    const auto json = profile_json(job_of_three());
    const auto of_one_process = profile_json(Profile{});
    for (const auto& [key, value] : of_one_process.items()) BOOST_TEST(json.contains(key));
    BOOST_TEST(json["reading"].get<double>() + json["computing"].get<double>() +
                       json["writing"].get<double>() + json["idle"].get<double>() ==
                   1.0,
               kClose);
    const auto sum = [](const auto& list) {
        return std::accumulate(list.begin(), list.end(), 0.0, [](double all, const auto& one) {
            return all + one["busy_seconds"].template get<double>();
        });
    };
    BOOST_TEST(sum(json["ranks"]) == sum(json["stages"]), kClose);
    BOOST_TEST(json["ranks"][1]["host"] == "two");
    BOOST_TEST(json["ranks"][1]["clock_error_seconds"].get<double>() == 1e-6, kClose);
    BOOST_TEST(json["stages"][0].contains("least_busy_seconds"));
}

BOOST_AUTO_TEST_SUITE_END()
