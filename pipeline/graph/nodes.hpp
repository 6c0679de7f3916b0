// Builds the nodes of the flow graph. stage_node() makes a node of a stage (name, Input, Output,
// call). A stage of your own is one such line and one edge.
#pragma once

#include <oneapi/tbb/flow_graph.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "pipeline/graph/gate.hpp"
#include "pipeline/graph/message.hpp"

namespace pal {

namespace flow = tbb::flow;

template <class Stage>
using StageNode =
    flow::function_node<Message<typename Stage::Input>, Message<typename Stage::Output>>;

/// recorder: records the work of the stage if it is not null; must outlive the graph.
template <class Stage>
StageNode<Stage> stage_node(flow::graph& graph, Stage stage, Recorder* recorder = nullptr,
                            std::size_t concurrency = flow::unlimited) {
    return StageNode<Stage>(graph, concurrency, [stage, recorder](const auto& message) {
        return run_stage(stage, message, recorder);
    });
}

/// Message of the sink: memory that is free again, and whether the run cannot go on.
struct Release {
    std::uint64_t bytes = 0;
    bool ends_run = false;
};

/// First payload: only the entry to load.
struct Ticket {
    const PlanEntry* entry = nullptr;
};

using GateNode = flow::multifunction_node<Release, std::tuple<Message<Ticket>>>;

/// Admits tickets while the budget lasts, again at each release, until it is stopped. This serial
/// node owns the gate's state.
inline GateNode gate_node(
    flow::graph& graph, ByteGate& gate, std::function<bool()> stopped = [] { return false; }) {
    return {graph, flow::serial,
            [&gate, stopped = std::move(stopped)](const Release& release,
                                                  GateNode::output_ports_type& out) {
                if (release.ends_run || stopped()) gate.close();
                gate.release(release.bytes);
                std::size_t sequence = 0;
                while (const PlanEntry* entry = gate.admit(&sequence)) {
                    auto ticket = std::make_shared<Envelope<Ticket>>();
                    ticket->entry = entry;
                    ticket->sequence = sequence;
                    ticket->payload = Ticket{entry};
                    ticket->ready = Clock::now();
                    ticket->handed_over.release();
                    std::get<0>(out).try_put(ticket);
                }
            }};
}

/// First stage: reads the weights.
struct LoadStage {
    static constexpr std::string_view name = "load";
    static constexpr Activity activity = Activity::kReading;
    using Input = Ticket;
    using Output = Loaded;
    std::function<Weights(const PlanEntry&)> load;
    std::function<std::optional<Weights>(const PlanEntry&)> sensitivities =
        {};  // empty: there are none
    Output operator()(const TensorTask&, Input&& ticket) const {
        Weights weights = load(*ticket.entry);
        // Stages read other weights when they need them.
        if (weights.source().in_memory()) count_read(ticket.entry->dataset->bytes);
        if (!sensitivities) return {std::move(weights)};
        return {std::move(weights), sensitivities(*ticket.entry)};
    }
};

/// Last stage: hands a packed tensor to the file, one at a time, in plan order.
struct WriteStage {
    static constexpr std::string_view name = "write";
    static constexpr Activity activity = Activity::kWriting;
    using Input = Packed;
    using Output = TensorResult;
    std::function<TensorResult(const TensorTask&, const Packed&)> write;
    Output operator()(const TensorTask& task, Input&& packed) const { return write(task, packed); }
};

using SinkNode = flow::function_node<Message<TensorResult>, Release>;

/// Called for each entry that has reached the sink.
using EntryDone = std::function<void(const PlanEntry&, const TensorResult&)>;

/// Keeps the result of each tensor and gives its memory back.
inline SinkNode sink_node(flow::graph& graph, std::vector<TensorResult>& results,
                          EntryDone done = {}) {
    return {
        graph, flow::serial, [&results, done = std::move(done)](const auto& message) {
            message->handed_over.acquire();
            TensorResult& result = results[message->sequence];
            result = message->payload ? std::move(*message->payload) : message->result;
            result.seconds = message->result.seconds;
            result.finished = true;
            if (done) done(*message->entry, result);
            return Release{message->entry->memory_bytes, result.failed && ends_run(result.code)};
        }};
}

}  // namespace pal
