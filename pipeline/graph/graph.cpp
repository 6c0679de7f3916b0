#include "pipeline/graph/graph.hpp"

#include <algorithm>

#include "pipeline/graph/nodes.hpp"

namespace pal {

//      +---------------------------- release (bytes) -----------------------------+
//      v                                                                           |
//    gate -> load -> scale -> cluster -> quantize LUT -> assign -> order -> write -> sink
//
// If tensors are to be described, `describe` stands between assign and order.
GraphResult run_graph(const Plan& plan, const GraphPorts& ports, std::uint64_t budget_bytes,
                      std::vector<TensorResult> done) {
    const std::vector<const PlanEntry*> entries = plan.palettized();
    const std::size_t first = done.size();
    GraphResult result;
    result.results = std::move(done);
    result.results.resize(entries.size());  // with ports.next: an upper bound
    ByteGate admission(ports.next ? ports.next : in_order(entries, first), budget_bytes, first);

    flow::graph graph;
    Recorder* const recorder = ports.recorder;
    auto gate = gate_node(graph, admission, ports.stopped);
    auto load =
        stage_node(graph, LoadStage{ports.load, ports.sensitivities}, recorder, flow::serial);
    auto scale = stage_node(graph, ScaleStage{}, recorder);
    auto cluster = stage_node(graph, ClusterStage{}, recorder);
    auto quantize_lut = stage_node(graph, QuantizeLutStage{}, recorder);
    auto assign = stage_node(graph, AssignStage{ports.describe.has_value()}, recorder);
    auto describe =
        stage_node(graph, DescribeStage{ports.describe.value_or(DetailLimits{})}, recorder);
    flow::sequencer_node<Message<Packed>> order(
        graph, [first](const auto& m) { return m->sequence - first; });
    auto write = stage_node(graph, WriteStage{ports.write}, recorder, flow::serial);
    auto sink = sink_node(graph, result.results, ports.done);

    flow::make_edge(flow::output_port<0>(gate), load);
    flow::make_edge(load, scale);
    flow::make_edge(scale, cluster);
    flow::make_edge(cluster, quantize_lut);
    flow::make_edge(quantize_lut, assign);
    if (ports.describe) {
        flow::make_edge(assign, describe);
        flow::make_edge(describe, order);
    } else {
        flow::make_edge(assign, order);
    }
    flow::make_edge(order, write);
    flow::make_edge(write, sink);
    flow::make_edge(sink, gate);

    gate.try_put(Release{});
    graph.wait_for_all();

    PAL_ASSERT(admission.in_flight_bytes() == 0);
    for (std::size_t e = 0; e < admission.admitted(); ++e) PAL_ASSERT(result.results[e].finished);
    result.high_water_bytes = admission.high_water_bytes();
    if (ports.next) {
        result.results.resize(admission.admitted());
        return result;
    }
    const bool stopped = ports.stopped();
    const auto end = std::ranges::find_if(result.results, [](const TensorResult& tensor) {
        return tensor.failed && ends_run(tensor.code);
    });
    const ErrorCode code = end == result.results.end() ? ErrorCode::kStopped : end->code;
    for (std::size_t left = admission.admitted(); left < entries.size(); ++left) {
        mark_failed(result.results[left], stopped ? ErrorCode::kStopped : code,
                    entries[left]->task.path + ": not done: " +
                        (stopped                     ? "interrupted"
                         : code == ErrorCode::kLimit ? "a limit was met"
                                                     : "the output could not be written"));
    }
    return result;
}

}  // namespace pal
