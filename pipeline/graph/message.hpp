// Messages of the flow graph: one envelope per tensor. Its payload is taken over and replaced by
// each stage. Failure travels too: a failed envelope passes every later stage untouched and reaches
// the sink, so that no tensor is lost.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "io/guard/limits.hpp"
#include "pipeline/graph/payload_bytes.hpp"
#include "pipeline/graph/recorder.hpp"
#include "pipeline/plan/plan.hpp"
#include "stages/parallel/happens_before.hpp"
#include "stages/tensor/error.hpp"
#include "stages/tensor_result.hpp"

namespace pal {

template <class Payload>
struct Envelope {
    const PlanEntry* entry = nullptr;
    std::size_t sequence = 0;        // place in the plan, by which the order node sorts
    TensorResult result;             // only time and failure; the payload has the rest
    std::optional<Payload> payload;  // none once failed
    Clock::time_point ready;         // when it began to wait for the next stage
    HappensBefore handed_over;       // from the stage that filled it to the next
};

/// Copyable, as oneTBB wants messages; one stage owns the envelope at a time.
template <class Payload>
using Message = std::shared_ptr<Envelope<Payload>>;

inline void mark_failed(TensorResult& result, ErrorCode code, const std::string& text) {
    result.failed = true;
    result.code = code;
    result.message = text;
}

/// Returns what a stage says it is busy with; most stages compute.
template <class Stage>
constexpr Activity activity_of() {
    if constexpr (requires { Stage::activity; }) return Stage::activity;
    return Activity::kComputing;
}

/// Runs a stage on an envelope: payload in, payload out, exceptions into the result, time added up.
/// recorder: records the work if it is not null.
template <class Stage>
Message<typename Stage::Output> run_stage(const Stage& stage,
                                          const Message<typename Stage::Input>& message,
                                          Recorder* recorder = nullptr) {
    message->handed_over.acquire();
    auto next = std::make_shared<Envelope<typename Stage::Output>>();
    next->entry = message->entry;
    next->sequence = message->sequence;
    next->result = std::move(message->result);
    if (next->result.failed) {
        next->handed_over.release();
        return next;
    }

    const std::string& path = next->entry->task.path;
    const std::uint64_t bytes_in = recorder != nullptr ? payload_bytes(*message->payload) : 0;
    WorkMeter meter;
    const auto start = Clock::now();
    try {
        const MeteredWork work(recorder != nullptr ? &meter : nullptr);
        next->payload = stage(next->entry->task, std::move(*message->payload));
    } catch (const Error& error) {
        mark_failed(next->result, error.code(), error.what());
    } catch (const std::exception&) {
        const Error error = handled_error().in(path + ": " + std::string(Stage::name));
        mark_failed(next->result, error.code(), error.what());
    }
    message->payload.reset();
    next->ready = Clock::now();
    next->result.seconds += std::chrono::duration<double>(next->ready - start).count();
    if (recorder != nullptr) {
        Slice slice{Stage::name, next->entry, activity_of<Stage>()};
        slice.ready = recorder->time_of(message->ready);
        slice.start = recorder->time_of(start);
        slice.end = recorder->time_of(next->ready);
        slice.bytes_in = bytes_in;
        slice.bytes_out = slice.activity == Activity::kWriting ? bytes_in
                          : next->payload                      ? payload_bytes(*next->payload)
                                                               : 0;
        slice.add(meter);
        recorder->add(slice);
    }
    next->handed_over.release();
    return next;
}

}  // namespace pal
