// How a stage is added: magnitude pruning between scale and cluster. One type, one node, one edge;
// the rest of the graph is the program's own pieces.
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "configs/model/make_config.hpp"
#include "pipeline/graph/nodes.hpp"
#include "tests/support/memory_checkpoint.hpp"

using namespace pal;
using pal::test::MemoryCheckpoint;

namespace {

/// Sets weights below a magnitude to zero before they are clustered.
struct PruneStage {
    static constexpr std::string_view name = "prune";
    using Input = Scaled;
    using Output = Scaled;
    double threshold;
    Output operator()(const TensorTask&, Input&& scaled) const {
        WeightValues weights = scaled.weights.values();
        std::visit(
            [&](auto& values) {
                for (auto& value : values) {
                    if (std::abs(value) < threshold) value = 0;
                }
            },
            weights);
        return {Weights(std::move(weights)), std::move(scaled.scales)};
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_stage_of_ones_own_is_one_node_and_one_edge) {
    MemoryCheckpoint checkpoint;
    checkpoint.add("/fc/weight", {2, 4}, {0.01F, 5, -0.02F, 6, 0.03F, 5, 6, -0.04F});
    PalettizationSpec spec;
    spec.n_bits = 2;
    const Plan plan = make_plan(checkpoint.info, config_of_spec(spec), {});
    const auto entries = plan.palettized();
    const GraphPorts ports = checkpoint.ports();
    std::vector<TensorResult> results(entries.size());
    ByteGate admission(entries, 1 << 30);

    flow::graph graph;
    auto gate = gate_node(graph, admission);
    auto load = stage_node(graph, LoadStage{ports.load}, nullptr, flow::serial);
    auto scale = stage_node(graph, ScaleStage{});
    auto prune = stage_node(graph, PruneStage{0.1});  // the node
    auto cluster = stage_node(graph, ClusterStage{});
    auto quantize_lut = stage_node(graph, QuantizeLutStage{});
    auto assign = stage_node(graph, AssignStage{});
    auto write = stage_node(graph, WriteStage{ports.write}, nullptr, flow::serial);
    auto sink = sink_node(graph, results);
    flow::make_edge(flow::output_port<0>(gate), load);
    flow::make_edge(load, scale);
    flow::make_edge(scale, prune);  // the edge
    flow::make_edge(prune, cluster);
    flow::make_edge(cluster, quantize_lut);
    flow::make_edge(quantize_lut, assign);
    flow::make_edge(assign, write);
    flow::make_edge(write, sink);
    flow::make_edge(sink, gate);
    gate.try_put(Release{});
    graph.wait_for_all();

    BOOST_TEST(!results[0].failed);
    const std::vector<double> lut{
        0, 5, 6, 6};  // without pruning the four small values would have kept an entry of their own
    BOOST_TEST(checkpoint.tensors.at("/fc/weight").lut == lut, boost::test_tools::per_element());
}
