// Tasks, time and memory of an array job, from the plan alone.
#include <boost/test/unit_test.hpp>
#include <string>

#include "configs/model/make_config.hpp"
#include "pipeline/plan/cost.hpp"
#include "pipeline/shards/batch_estimate.hpp"

using namespace pal;
namespace tt = boost::test_tools;

namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;

/// A checkpoint of `count` square tensors of f32, and a dense dataset of 1 MiB.
struct Batch {
    CheckpointInfo info;
    PlanOptions options;

    Batch(std::size_t count, std::uint64_t side) {
        for (std::size_t i = 0; i < count; ++i)
            info.datasets.push_back(dataset("/l" + std::to_string(100 + i) + "/weight", side));
        info.datasets.push_back(dataset("/z/table", 512));
        info.datasets.back().dtype = std::nullopt;
    }
    static DatasetInfo dataset(const std::string& path, std::uint64_t side) {
        DatasetInfo dataset;
        dataset.path = path;
        dataset.shape = {side, side};
        dataset.dtype = DType::kF32;
        dataset.storage = "contiguous";
        dataset.element_count = side * side;
        dataset.bytes = 4 * side * side;
        dataset.bytes_in_file = dataset.bytes;
        return dataset;
    }
    [[nodiscard]] Plan plan(const PalettizationSpec& spec = {}) const {
        return make_plan(info, config_of_spec(spec), options);
    }
    [[nodiscard]] BatchEstimate estimate(const BatchWish& wish,
                                         const PalettizationSpec& spec = {}) const {
        return estimate_batch(plan(spec), info, wish, std::nullopt);
    }
};

BatchWish wish_of(double minutes, std::uint64_t cpus) { return {std::nullopt, minutes, cpus}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(batch_estimate)

BOOST_AUTO_TEST_CASE(work_is_what_is_palettized_and_what_is_copied) {
    const Batch batch(4, 1024);
    const BatchWork work = batch_work(batch.plan(), batch.info);
    BOOST_TEST(work.tensors == 4U);
    BOOST_TEST(work.bytes_read == 16 * kMebibyte);
    BOOST_TEST(work.bytes_copied == kMebibyte);
    BOOST_TEST(work.bytes_written > 2 * kMebibyte);
    BOOST_TEST(work.bytes_written < 3 * kMebibyte);
    const double seconds = estimated_seconds(*batch.plan().palettized().front());
    BOOST_TEST(work.cpu_seconds == 4 * seconds, tt::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(tasks_follow_from_the_minutes_that_are_wanted) {
    Batch batch(2000, 2048);
    batch.options.cluster.engine = Engine::kReference;  // seconds per tensor
    const BatchEstimate estimate = batch.estimate(wish_of(2, 2));
    BOOST_TEST(estimate.tasks > 5U);
    BOOST_TEST(estimate.task_seconds <= 120.0);
    BOOST_TEST(estimate.task_seconds > 100.0);
    const BatchEstimate slower = batch.estimate(wish_of(20, 2));
    BOOST_TEST(slower.tasks < estimate.tasks / 5);
    BOOST_TEST(batch.estimate(wish_of(2, 8)).tasks < estimate.tasks);
    BOOST_TEST(Batch(3, 64).estimate(wish_of(1, 1)).tasks == 1U);
}

BOOST_AUTO_TEST_CASE(there_are_no_more_tasks_than_parts_with_work) {
    Batch batch(2, 16384);
    batch.options.cluster.engine = Engine::kReference;  // more than a minute per tensor
    const BatchEstimate estimate = batch.estimate(wish_of(1, 1));
    BOOST_TEST(estimate.tasks == 2U);
    BOOST_TEST(estimate.task_seconds > 60.0);
}

BOOST_AUTO_TEST_CASE(no_more_tasks_are_suggested_than_an_array_may_have) {
    Batch batch(3000, 8192);
    batch.options.cluster.engine = Engine::kReference;
    BOOST_TEST(batch.estimate(wish_of(1, 1)).tasks == kMostTasks);
}

BOOST_AUTO_TEST_CASE(a_task_takes_what_the_longest_part_takes) {
    Batch batch(3, 8192);
    batch.options.cluster.engine = Engine::kReference;
    BatchWish wish;
    wish.tasks = 3;
    const double three = batch.estimate(wish).task_seconds - kStartSeconds;
    wish.tasks = 2;  // of 3 tensors that cannot be cut: one does two
    BOOST_TEST(batch.estimate(wish).task_seconds - kStartSeconds == 2 * three, tt::tolerance(1e-9));
    wish.tasks = 1;
    BOOST_TEST(batch.estimate(wish).task_seconds - kStartSeconds == 3 * three, tt::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(a_wish_for_tasks_is_followed) {
    const Batch batch(16, 1024);
    BatchWish wish;
    wish.tasks = 7;
    const BatchEstimate estimate = batch.estimate(wish);
    BOOST_TEST(estimate.tasks == 7U);
    BOOST_TEST(estimate.task_seconds > kStartSeconds);
    BOOST_TEST(estimate.task_seconds < kStartSeconds + 1);
}

BOOST_AUTO_TEST_CASE(time_is_for_the_longer_of_task_and_merge_and_leaves_room_for_the_signal) {
    BatchWish wish;
    wish.tasks = 1000;
    const Batch batch(400, 16384);  // 400 GiB in, 50 GiB out
    const BatchEstimate estimate = batch.estimate(wish);
    BOOST_TEST(estimate.merge_seconds > estimate.task_seconds);
    const double limit_seconds = 60 * static_cast<double>(estimate.limit_minutes);
    BOOST_TEST(limit_seconds >= 2 * estimate.merge_seconds + 180);
    BOOST_TEST(limit_seconds < 2 * estimate.merge_seconds + 180 + 60);
    BOOST_TEST(Batch(1, 64).estimate({}).limit_minutes == 4U);
}

BOOST_AUTO_TEST_CASE(memory_holds_a_tensor_for_each_cpu) {
    Batch batch(16, 4096);
    for (DatasetInfo& dataset : batch.info.datasets) {
        dataset.storage = "chunked gzip";  // decoded as a whole: 64 MiB each
        dataset.chunk_bytes = kMebibyte;
    }
    const std::uint64_t tensor = batch.plan().palettized().front()->memory_bytes;
    BOOST_TEST(tensor > 64 * kMebibyte);
    const BatchEstimate few = batch.estimate(wish_of(10, 2));
    const BatchEstimate many = batch.estimate(wish_of(10, 8));
    BOOST_TEST(few.budget_bytes >= 2 * tensor);
    BOOST_TEST(few.budget_bytes < 2 * tensor + kMebibyte);
    BOOST_TEST(many.budget_bytes >= 8 * tensor);
    BOOST_TEST(batch.estimate(wish_of(10, 100)).budget_bytes < 16 * tensor + kMebibyte);
    BOOST_TEST(few.job_mebibytes * kMebibyte >= few.budget_bytes * 3 / 2 + 96 * kMebibyte);
    BOOST_TEST(few.job_mebibytes % 256 == 0U);
}

BOOST_AUTO_TEST_CASE(memory_that_is_given_is_kept) {
    const Batch batch(4, 256);
    const BatchEstimate estimate = estimate_batch(batch.plan(), batch.info, {}, 1000 * kMebibyte);
    BOOST_TEST(estimate.budget_bytes == 1000 * kMebibyte);
    BOOST_TEST(estimate.job_mebibytes == 1792U);  // 1.5 * 1064, up to the next 256
}

BOOST_AUTO_TEST_CASE(nothing_to_palettize_is_one_task) {
    const Batch batch(1, 1024);
    PalettizationSpec misfit;
    misfit.granularity = {GranularityKind::kPerGroupedChannel, 0, 1000, false};
    const BatchEstimate estimate = batch.estimate({}, misfit);
    BOOST_TEST(estimate.tasks == 1U);
    BOOST_TEST(estimate.work.bytes_copied == 5 * kMebibyte);
    BOOST_TEST(estimate.budget_bytes == 64 * kMebibyte);
}

BOOST_AUTO_TEST_SUITE_END()
