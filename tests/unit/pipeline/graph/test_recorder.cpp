#include <boost/test/unit_test.hpp>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "configs/model/make_config.hpp"
#include "pipeline/graph/recorder.hpp"
#include "pipeline/profile/trace.hpp"
#include "tests/support/memory_checkpoint.hpp"

using namespace pal;
using pal::test::MemoryCheckpoint;
using pal::test::ramp;

namespace {

constexpr std::size_t kTensors = 60;
const std::vector<std::string> kStages{"load",         "scale",  "cluster",
                                       "quantize LUT", "assign", "write"};

MemoryCheckpoint checkpoint_of(std::size_t weights) {
    MemoryCheckpoint checkpoint;
    for (std::size_t t = 0; t < kTensors; ++t)
        checkpoint.add("/l" + std::to_string(100 + t), {weights / 64, 64}, ramp(weights, 50 + t));
    return checkpoint;
}

/// Grouped, so that stages are parallel inside.
Plan grouped_plan(const MemoryCheckpoint& checkpoint) {
    PalettizationSpec spec;
    spec.granularity = {GranularityKind::kPerGroupedChannel, 0, 16, false};
    PlanOptions options;
    options.selection.include = ".*";
    return make_plan(checkpoint.info, config_of_spec(spec), options);
}

std::vector<Slice> recorded(MemoryCheckpoint& checkpoint, const Plan& plan, Recorder& recorder) {
    GraphPorts ports = checkpoint.ports();
    ports.recorder = &recorder;
    (void)run_graph(plan, ports, std::uint64_t{1} << 40);
    return recorder.slices();
}

void check_no_overlap(const std::vector<Slice>& slices) {
    for (std::size_t s = 0; s < slices.size(); ++s) {
        BOOST_REQUIRE(slices[s].ready <= slices[s].start);
        BOOST_REQUIRE(slices[s].start <= slices[s].end);
        if (s == 0 || slices[s].thread != slices[s - 1].thread) continue;
        BOOST_REQUIRE(slices[s - 1].end <= slices[s].start);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(recorder)

BOOST_AUTO_TEST_CASE(every_stage_of_every_tensor_is_one_slice_and_no_thread_does_two_at_once) {
    MemoryCheckpoint checkpoint = checkpoint_of(1 << 15);
    const Plan plan = grouped_plan(checkpoint);
    BOOST_REQUIRE_EQUAL(plan.palettized().size(), kTensors);
    Recorder recorder;
    const std::vector<Slice> slices = recorded(checkpoint, plan, recorder);
    std::map<std::pair<std::string, std::string>, int> seen;
    for (const Slice& slice : slices) ++seen[{std::string(slice.name), slice.entry->task.path}];
    BOOST_TEST(slices.size() == kTensors * kStages.size());
    for (const PlanEntry& entry : plan.entries) {
        for (const std::string& stage : kStages)
            BOOST_TEST((seen[{stage, entry.task.path}] == 1), stage << " " << entry.task.path);
    }
    check_no_overlap(slices);
}

BOOST_AUTO_TEST_CASE(bytes_are_those_that_went_through) {
    MemoryCheckpoint checkpoint = checkpoint_of(1 << 15);
    const Plan plan = grouped_plan(checkpoint);
    Recorder recorder;
    std::map<std::string, std::uint64_t> in;
    std::map<std::string, std::uint64_t> out;
    for (const Slice& slice : recorded(checkpoint, plan, recorder)) {
        in[std::string(slice.name)] += slice.bytes_in;
        out[std::string(slice.name)] += slice.bytes_out;
    }
    const std::uint64_t weight_bytes = kTensors << 17U;
    BOOST_TEST(in["load"] == weight_bytes);  // they were in memory already
    BOOST_TEST(in["cluster"] >= weight_bytes);
    BOOST_TEST(in["assign"] >= weight_bytes);
    BOOST_TEST(out["cluster"] > 0U);
    BOOST_TEST(out["assign"] >= weight_bytes / 8);
    BOOST_TEST(in["write"] == out["assign"]);
    BOOST_TEST(out["write"] == in["write"]);
}

BOOST_AUTO_TEST_CASE(a_stage_that_fails_has_a_slice_and_those_behind_it_have_none) {
    MemoryCheckpoint checkpoint = checkpoint_of(1 << 12);
    checkpoint.weights["/l103"][5] = std::numeric_limits<float>::quiet_NaN();
    const Plan plan = grouped_plan(checkpoint);
    Recorder recorder;
    std::set<std::string> stages;
    for (const Slice& slice : recorded(checkpoint, plan, recorder)) {
        if (slice.entry->task.path == "/l103") stages.insert(std::string(slice.name));
    }
    BOOST_TEST((stages == std::set<std::string>{"load", "scale", "cluster"}));
}

BOOST_AUTO_TEST_CASE(without_a_recorder_nothing_is_metered) {
    MemoryCheckpoint checkpoint = checkpoint_of(1 << 12);
    const Plan plan = grouped_plan(checkpoint);
    GraphPorts ports = checkpoint.ports();
    bool metered = false;
    const auto write = ports.write;
    ports.write = [&](const TensorTask& task, const Packed& packed) {
        metered = metered || current_meter() != nullptr;
        return write(task, packed);
    };
    (void)run_graph(plan, ports, std::uint64_t{1} << 40);
    BOOST_TEST(!metered);
}

BOOST_AUTO_TEST_CASE(phases_follow_one_another_and_meter_what_is_read_in_them) {
    Recorder recorder;
    {
        Phases phases(&recorder);
        phases.enter("plan", Activity::kComputing);
        metered_read(48, [] { return 0; });
        phases.enter("copy", Activity::kWriting);
        phases.count_bytes(3, 4);
    }
    const auto slices = recorder.slices();
    BOOST_REQUIRE_EQUAL(slices.size(), 2U);
    BOOST_TEST(slices[0].name == "plan");
    BOOST_TEST(slices[0].bytes_in == 48U);
    BOOST_TEST(slices[1].name == "copy");
    BOOST_TEST(slices[1].bytes_in == 3U);
    BOOST_TEST(slices[1].bytes_out == 4U);
    BOOST_TEST((slices[1].activity == Activity::kWriting));
    check_no_overlap(slices);
}

BOOST_AUTO_TEST_CASE(phases_without_a_recorder_do_nothing) {
    Phases phases(nullptr);
    phases.enter("plan", Activity::kComputing);
    phases.count_bytes(1, 1);
    BOOST_TEST(current_meter() == nullptr);
    phases.leave();
}

BOOST_AUTO_TEST_CASE(a_trace_is_json_with_a_complete_event_a_slice) {
    MemoryCheckpoint checkpoint = checkpoint_of(1 << 12);
    const Plan plan = grouped_plan(checkpoint);
    Recorder recorder;
    const std::vector<Slice> slices = recorded(checkpoint, plan, recorder);
    const auto trace = nlohmann::json::parse(trace_json(slices));
    std::size_t events = 0;
    for (const auto& event : trace["traceEvents"]) {
        if (event["ph"] != "X") continue;
        const Slice& slice = slices.at(events++);
        BOOST_TEST(event["name"] == slice.name);
        BOOST_TEST(event["tid"] == slice.thread);
        BOOST_TEST(event["args"]["path"] == slice.entry->task.path);
        BOOST_TEST(event["args"]["bytes_in"] == slice.bytes_in);
        BOOST_TEST(std::abs(event["ts"].get<double>() * 1000 - static_cast<double>(slice.start)) <
                   1);
        BOOST_TEST(std::abs(event["dur"].get<double>() * 1000 -
                            static_cast<double>(slice.end - slice.start)) < 1);
    }
    BOOST_TEST(events == slices.size());
}

BOOST_AUTO_TEST_CASE(paths_of_a_trace_are_escaped) {
    PlanEntry entry;
    entry.task.path = "/a\"b\\\xff\n";
    Slice slice;
    slice.name = "load";
    slice.entry = &entry;
    const auto trace = nlohmann::json::parse(trace_json(std::vector{slice}));
    const auto& args = trace["traceEvents"][1]["args"];
    BOOST_TEST(args["path"] == "/a\"b\\x5c\\xff\n");
    BOOST_TEST(args["path_escaped"] == true);
}

BOOST_AUTO_TEST_CASE(a_trace_of_nothing_is_json_too) {
    BOOST_TEST(nlohmann::json::parse(trace_json(std::vector<Slice>{}))["traceEvents"].size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_trace_of_one_process_keeps_its_form) {
    const Slice phase{"plan", nullptr, Activity::kComputing, 1, 500, 1500, 2750, 0, 4, 5, 6};
    BOOST_TEST(trace_json(std::vector{phase}) ==
               R"({"displayTimeUnit":"ms","traceEvents":[
{"ph":"M","pid":1,"tid":0,"name":"thread_name","args":{"name":"thread 0"}},
{"ph":"M","pid":1,"tid":1,"name":"thread_name","args":{"name":"thread 1"}},
{"ph":"X","pid":1,"tid":1,"name":"plan","cat":"phase","ts":1.500,"dur":1.250,"args":{"bytes_in":5,"bytes_out":6,"waited_us":1.000,"reading_us":0.004,"helpers_us":0.000}},
{"ph":"M","pid":1,"name":"process_name","args":{"name":"h5palettize"}}
]}
)");
}

BOOST_AUTO_TEST_CASE(a_trace_of_ranks_has_a_process_for_each_with_its_threads) {
    PlanEntry slab;
    slab.task.path = "/a";
    slab.slab = Slab{64, 32};
    const Slice stage{"load", &slab, Activity::kReading, 1};
    const Slice wait{"wait", nullptr, Activity::kWaiting};
    const auto trace = nlohmann::json::parse(trace_json(std::vector<Recording>{
        {"here", 1, 0, 0, {wait, stage}}, {"", 1, 0, 0, {}}, {"the \"re", 1, 0, 0, {stage}}}));
    std::map<int, std::string> processes;
    std::set<std::pair<int, int>> threads;
    std::vector<nlohmann::json> slices;
    for (const auto& event : trace["traceEvents"]) {
        if (event["name"] == "process_name") processes[event["pid"]] = event["args"]["name"];
        if (event["name"] == "thread_name") threads.emplace(event["pid"], event["tid"]);
        if (event["ph"] == "X") slices.push_back(event);
    }
    BOOST_TEST(
        (processes == std::map<int, std::string>{
                          {1, "rank 0 on here"}, {2, "rank 1 on "}, {3, "rank 2 on the \"re"}}));
    BOOST_TEST((threads == std::set<std::pair<int, int>>{{1, 0}, {1, 1}, {3, 0}, {3, 1}}));
    BOOST_REQUIRE_EQUAL(slices.size(), 3U);
    BOOST_TEST(slices[0]["cat"] == "wait");
    BOOST_TEST(slices[1]["cat"] == "stage");
    BOOST_TEST(slices[2]["pid"] == 3);
    BOOST_TEST((slices[2]["args"]["slab"] == nlohmann::json{64, 32}));
}

BOOST_AUTO_TEST_SUITE_END()
