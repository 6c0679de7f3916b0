// What travels through the flow graph: an envelope a tensor, with one payload that each stage takes
// over and replaces. Failure travels too: an envelope whose outcome has failed passes every later
// stage untouched and reaches the sink, so that none is lost.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "pipeline/graph/fingerprint.hpp"
#include "pipeline/graph/payload_bytes.hpp"
#include "pipeline/graph/recorder.hpp"
#include "pipeline/plan/plan.hpp"
#include "stages/parallel/happens_before.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

/// How a tensor fared. seconds: time spent inside its stages.
struct Outcome {
    bool finished = false;  // reached the sink, failed or not
    bool failed = false;
    ErrorCode code = ErrorCode::kCheckFailed;
    std::string message;
    double seconds = 0;
    ErrorReport error;
    std::optional<double> optimality_gap;  // see GroupPalettes
    std::optional<double> weighted_mse;    // with sensitivities
    Fingerprint palette;
    Fingerprint indices;                         // of their chunks as they were written; for shards
    std::shared_ptr<const TensorDetail> detail;  // where it was asked for
};

template <class Payload>
struct Envelope {
    const PlanEntry* entry = nullptr;
    std::size_t sequence = 0;  // place in the plan: what the order node sorts by
    Outcome outcome;
    std::optional<Payload> payload;  // none once failed
    Clock::time_point ready;         // since when it waits for the next stage
    HappensBefore handed_over;       // from the stage that filled it to the next
};

/// Copyable, as oneTBB wants messages; one stage owns the envelope at a time.
template <class Payload>
using Message = std::shared_ptr<Envelope<Payload>>;

inline void mark_failed(Outcome& outcome, ErrorCode code, const std::string& text) {
    outcome.failed = true;
    outcome.code = code;
    outcome.message = text;
}

/// Stages may say what they are busy with; most compute.
template <class Stage>
constexpr Activity activity_of() {
    if constexpr (requires { Stage::activity; }) return Stage::activity;
    return Activity::kComputing;
}

/// Runs a stage on an envelope: payload in, payload out, exceptions into the outcome, time added
/// up. With a recorder, what it did is recorded.
template <class Stage>
Message<typename Stage::Output> run_stage(const Stage& stage,
                                          const Message<typename Stage::Input>& message,
                                          Recorder* recorder = nullptr) {
    message->handed_over.acquire();
    auto result = std::make_shared<Envelope<typename Stage::Output>>();
    result->entry = message->entry;
    result->sequence = message->sequence;
    result->outcome = std::move(message->outcome);
    if (result->outcome.failed) {
        result->handed_over.release();
        return result;
    }

    const std::string& path = result->entry->task.path;
    const std::uint64_t bytes_in = recorder != nullptr ? payload_bytes(*message->payload) : 0;
    WorkMeter meter;
    const auto start = Clock::now();
    try {
        const MeteredWork work(recorder != nullptr ? &meter : nullptr);
        result->payload = stage(result->entry->task, std::move(*message->payload));
    } catch (const Error& error) {
        mark_failed(result->outcome, error.code(), error.what());
    } catch (const std::bad_alloc&) {
        mark_failed(result->outcome, ErrorCode::kCheckFailed,
                    path + ": " + std::string(Stage::name) + ": out of memory; lower --memory");
    } catch (const std::exception& error) {
        mark_failed(result->outcome, ErrorCode::kCheckFailed,
                    path + ": " + std::string(Stage::name) + ": " + error.what());
    }
    message->payload.reset();
    result->ready = Clock::now();
    result->outcome.seconds += std::chrono::duration<double>(result->ready - start).count();
    if (recorder != nullptr) {
        Slice slice{Stage::name, result->entry, activity_of<Stage>()};
        slice.ready = recorder->time_of(message->ready);
        slice.start = recorder->time_of(start);
        slice.end = recorder->time_of(result->ready);
        slice.bytes_in = bytes_in;
        slice.bytes_out = slice.activity == Activity::kWriting ? bytes_in
                          : result->payload                    ? payload_bytes(*result->payload)
                                                               : 0;
        slice.add(meter);
        recorder->add(slice);
    }
    result->handed_over.release();
    return result;
}

}  // namespace pal
