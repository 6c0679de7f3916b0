// The flow graph of a run.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "pipeline/graph/message.hpp"
#include "pipeline/plan/plan.hpp"

namespace pal {

/// Connects the graph with the outside: io/ in the program, memory in a test.
/// load      called by several threads at a time
/// write     called by one thread at a time, in plan order; returns the final result
/// recorder  records the work of the stages; may be null
struct GraphPorts {
    std::function<Weights(const PlanEntry&)> load;
    std::function<TensorResult(const TensorTask&, const Packed&)> write;
    Recorder* recorder = nullptr;
    std::function<bool()> stopped = [] { return false; };  // true: lets nothing more in
    std::function<std::optional<Weights>(const PlanEntry&)> sensitivities =
        {};  // empty: there are none
    std::optional<DetailLimits> describe =
        std::nullopt;  // set: describes each tensor, within these limits
    /// If set, it chooses the next entry of the plan: each at most once, and perhaps not all. write
    /// is called in that order. Called by one thread at a time.
    std::function<const PlanEntry*()> next = {};
    /// Called for each entry that reaches the sink, failed or not, by one thread at a time.
    std::function<void(const PlanEntry&, const TensorResult&)> done = {};
};

struct GraphResult {
    /// One result per planned tensor; tensors never admitted are marked failed. With
    /// GraphPorts::next: one per admitted tensor, in admission order.
    std::vector<TensorResult> results;
    std::uint64_t high_water_bytes = 0;  // of the estimated memory in flight
};

/// Runs every palettized entry of the plan. A tensor that fails does not stop the others. An output
/// that cannot be written lets nothing more in. At most budget_bytes of estimated memory are in
/// flight, or one tensor that is larger. done: results of the first entries, which are not run
/// again.
[[nodiscard]] GraphResult run_graph(const Plan& plan, const GraphPorts& ports,
                                    std::uint64_t budget_bytes,
                                    std::vector<TensorResult> done = {});

}  // namespace pal
