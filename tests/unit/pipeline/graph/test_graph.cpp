#include <atomic>
#include <boost/test/unit_test.hpp>
#include <limits>

#include "configs/model/make_config.hpp"
#include "pipeline/graph/graph.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/memory_checkpoint.hpp"

using namespace pal;
using pal::test::MemoryCheckpoint;
using pal::test::ramp;

namespace {

MemoryCheckpoint many_tensors(std::size_t count, std::size_t weights) {
    MemoryCheckpoint checkpoint;
    for (std::size_t t = 0; t < count; ++t) {
        char path[32];
        std::snprintf(path, sizeof path, "/layer%06zu/weight", t);
        checkpoint.add(path, {weights / 4, 4}, ramp(weights, 7 + t % 50));
    }
    return checkpoint;
}

Plan default_plan(const MemoryCheckpoint& checkpoint) {
    return make_plan(checkpoint.info, Config{}, {});
}

constexpr std::uint64_t kPlenty = std::uint64_t{1} << 40;

}  // namespace

BOOST_AUTO_TEST_SUITE(graph)

BOOST_AUTO_TEST_CASE(every_tensor_is_written_in_plan_order) {
    MemoryCheckpoint checkpoint = many_tensors(500, 64);
    const Plan plan = default_plan(checkpoint);
    const GraphResult result = run_graph(plan, checkpoint.ports(), kPlenty);
    BOOST_REQUIRE_EQUAL(checkpoint.written.size(), 500U);
    for (std::size_t t = 0; t < 500; ++t)
        BOOST_REQUIRE_EQUAL(checkpoint.written[t], plan.entries[t].task.path);
    for (const TensorResult& tensor : result.results)
        BOOST_REQUIRE(tensor.finished && !tensor.failed);
}

BOOST_AUTO_TEST_CASE(tensors_are_described_where_that_is_asked_for) {
    MemoryCheckpoint checkpoint = many_tensors(20, 64);
    const Plan plan = default_plan(checkpoint);
    for (const TensorResult& tensor : run_graph(plan, checkpoint.ports(), kPlenty).results)
        BOOST_TEST(!tensor.detail);
    GraphPorts ports = checkpoint.ports();
    ports.describe = DetailLimits{};
    for (const TensorResult& tensor : run_graph(plan, ports, kPlenty).results) {
        BOOST_REQUIRE(tensor.detail);
        BOOST_TEST(tensor.detail->low == 0.0);
    }
    BOOST_TEST(checkpoint.written.size() == 40U);
}

BOOST_AUTO_TEST_CASE(twenty_thousand_tiny_tensors_go_through) {
    MemoryCheckpoint checkpoint = many_tensors(20000, 8);
    (void)run_graph(default_plan(checkpoint), checkpoint.ports(), kPlenty);
    BOOST_TEST(checkpoint.written.size() == 20000U);
}

BOOST_AUTO_TEST_CASE(a_million_groups_go_through) {
    MemoryCheckpoint checkpoint;
    checkpoint.add("/w/weight", {1000000, 4}, ramp(4000000, 1000));
    PalettizationSpec spec;
    spec.n_bits = 1;
    spec.granularity = {GranularityKind::kPerGroupedChannel, 0, 1, false};
    const Plan plan = make_plan(checkpoint.info, config_of_spec(spec), {});
    (void)run_graph(plan, checkpoint.ports(), kPlenty);
    BOOST_TEST(checkpoint.tensors.at("/w/weight").lut.size() == 2000000U);
}

BOOST_AUTO_TEST_CASE(memory_in_flight_stays_within_the_budget) {
    MemoryCheckpoint checkpoint = many_tensors(200, 4096);
    const Plan plan = default_plan(checkpoint);
    const std::uint64_t one = plan.entries[0].memory_bytes;
    const GraphResult result = run_graph(plan, checkpoint.ports(), 3 * one);
    BOOST_TEST(result.high_water_bytes <= 3 * one);
    BOOST_TEST(result.high_water_bytes > one);  // the budget is used
    BOOST_TEST(checkpoint.written.size() == 200U);
}

BOOST_AUTO_TEST_CASE(a_tensor_larger_than_the_budget_goes_alone) {
    MemoryCheckpoint checkpoint = many_tensors(20, 4096);
    const Plan plan = default_plan(checkpoint);
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    GraphPorts ports = checkpoint.ports();
    const auto load = ports.load;
    const auto write = ports.write;
    ports.load = [&](const PlanEntry& entry) {
        most = std::max(most.load(), ++inside);
        return load(entry);
    };
    ports.write = [&](const TensorTask& task, const Packed& packed) {
        --inside;
        return write(task, packed);
    };
    (void)run_graph(plan, ports, 1);
    BOOST_TEST(checkpoint.written.size() == 20U);
    BOOST_TEST(most.load() == 1);
}

BOOST_AUTO_TEST_CASE(a_failing_tensor_does_not_stop_the_others) {
    MemoryCheckpoint checkpoint = many_tensors(50, 64);
    checkpoint.weights["/layer000007/weight"][3] = std::numeric_limits<float>::infinity();
    const GraphResult result = run_graph(default_plan(checkpoint), checkpoint.ports(), kPlenty);
    BOOST_TEST(checkpoint.written.size() == 49U);
    for (std::size_t t = 0; t < 50; ++t) BOOST_TEST(result.results[t].failed == (t == 7));
    BOOST_TEST(result.results[7].message.find("/layer000007/weight: 1 of 64") == 0U);
}

BOOST_AUTO_TEST_CASE(an_exception_of_any_kind_is_the_tensors_failure) {
    MemoryCheckpoint checkpoint = many_tensors(5, 64);
    GraphPorts ports = checkpoint.ports();
    ports.load = [](const PlanEntry&) -> Weights { throw std::runtime_error("no luck"); };
    const GraphResult result = run_graph(default_plan(checkpoint), ports, kPlenty);
    for (const TensorResult& tensor : result.results) {
        BOOST_TEST((tensor.failed && tensor.code == ErrorCode::kInternal));
        BOOST_TEST(tensor.message.find("load: internal error: no luck") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_lack_of_memory_is_a_limit_that_lets_nothing_more_in) {
    MemoryCheckpoint checkpoint = many_tensors(100, 4096);
    const Plan plan = default_plan(checkpoint);
    GraphPorts ports = checkpoint.ports();
    std::size_t loads = 0;
    ports.load = [&](const PlanEntry&) -> Weights {
        ++loads;
        throw std::bad_alloc();
    };
    const GraphResult result = run_graph(plan, ports, 2 * plan.entries[0].memory_bytes);
    BOOST_TEST(loads < 100U);
    for (const TensorResult& tensor : result.results)
        BOOST_TEST((tensor.failed && tensor.code == ErrorCode::kLimit));
    BOOST_TEST(result.results[0].message.find("load: out of memory; lower --memory") !=
               std::string::npos);
    BOOST_TEST(result.results[99].message.find("not done: a limit was met") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_output_that_cannot_be_written_lets_nothing_more_in) {
    MemoryCheckpoint checkpoint = many_tensors(100, 4096);
    const Plan plan = default_plan(checkpoint);
    GraphPorts ports = checkpoint.ports();
    std::size_t loads = 0;
    const auto load = ports.load;
    ports.load = [&](const PlanEntry& entry) {
        ++loads;
        return load(entry);
    };
    ports.write = [](const TensorTask&, const Packed&) -> TensorResult {
        throw Error(ErrorCode::kOutput, "disk full");
    };
    const GraphResult result = run_graph(plan, ports, 2 * plan.entries[0].memory_bytes);
    BOOST_TEST(loads < 100U);
    for (const TensorResult& tensor : result.results)
        BOOST_TEST((tensor.failed && tensor.code == ErrorCode::kOutput));
}

BOOST_AUTO_TEST_SUITE_END()
