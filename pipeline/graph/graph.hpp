// The flow graph of a run.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "pipeline/graph/message.hpp"
#include "pipeline/plan/plan.hpp"

namespace pal {

/// Where the graph gets weights from and puts results: io/ in the program, memory in a test. load
/// may be called by several threads; write is called by one at a time, in plan order. recorder: of
/// what the stages do, if anybody wants to know.
struct GraphPorts {
    std::function<Weights(const PlanEntry&)> load;
    std::function<TensorResult(const TensorTask&, const Packed&)> write;
    Recorder* recorder = nullptr;
    std::function<bool()> stopped = [] { return false; };         // whether to let nothing more in
    std::function<Weights(const PlanEntry&)> sensitivities = {};  // empty: there are none
    std::optional<DetailLimits> describe = std::nullopt;  // how closely to look at each tensor
    /// Where given: the plan's entries are taken as it names them, each once at most, and perhaps
    /// not all; write is called in that order. Called by one at a time.
    std::function<const PlanEntry*()> next = {};
    /// Called for each entry that is through, failed or not, one at a time.
    std::function<void(const PlanEntry&, const TensorResult&)> done = {};
};

struct GraphResult {
    /// One result per planned tensor; tensors never admitted are marked failed. With
    /// GraphPorts::next: one per admitted tensor, in admission order.
    std::vector<TensorResult> results;
    std::uint64_t high_water_bytes = 0;  // of the estimated memory in flight
};

/// Runs every palettized entry of the plan. A failing tensor does not stop the others; an output
/// that cannot be written lets nothing more in. At most budget_bytes of estimated memory in flight,
/// or one tensor that is larger. done: of the first entries, which are not run again.
[[nodiscard]] GraphResult run_graph(const Plan& plan, const GraphPorts& ports,
                                    std::uint64_t budget_bytes,
                                    std::vector<TensorResult> done = {});

}  // namespace pal
