// What travels through the flow graph: an envelope a tensor, with one payload that each stage takes
// over and replaces. Failure travels too: an envelope whose outcome has failed passes every later
// stage untouched and reaches the sink, so that none is lost.
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "pipeline/plan.hpp"
#include "stages/error.hpp"
#include "stages/happens_before.hpp"

namespace pal {

/// How a tensor fared. seconds: time spent inside its stages.
struct Outcome {
    bool finished = false;  // reached the sink, failed or not
    bool failed = false;
    ErrorCode code = ErrorCode::kCheckFailed;
    std::string message;
    double seconds = 0;
    ErrorReport error;
};

template <class Payload>
struct Envelope {
    const PlanEntry* entry = nullptr;
    std::size_t sequence = 0;  // place in the plan: what the order node sorts by
    Outcome outcome;
    std::optional<Payload> payload;  // none once failed
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

/// Runs a stage on an envelope: payload in, payload out, exceptions into the outcome, time added
/// up.
template <class Stage>
Message<typename Stage::Output> run_stage(const Stage& stage,
                                          const Message<typename Stage::Input>& message) {
    message->handed_over.acquire();
    auto result = std::make_shared<Envelope<typename Stage::Output>>();
    result->entry = message->entry;
    result->sequence = message->sequence;
    result->outcome = std::move(message->outcome);
    if (result->outcome.failed) {
        result->handed_over.release();
        return result;
    }

    const auto start = std::chrono::steady_clock::now();
    const std::string& path = result->entry->job.path;
    try {
        result->payload = stage(result->entry->job, std::move(*message->payload));
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
    result->outcome.seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    result->handed_over.release();
    return result;
}

}  // namespace pal
