#include "pipeline/run/piece_source.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "pipeline/ranks/agreement.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

using Cbor = nlohmann::json;

/// Places of the numbers in a question.
enum Question : std::size_t { kBusy, kLeaves, kDoneTensors, kDoneBytes, kNumbers };

/// Returns the function with which rank 0 answers. `progress` counts the pieces of the others too.
Ranks::Serve serve_pieces(Handout& handout, Progress& progress) {
    return [&](std::size_t rank, const Ranks::Numbers& question) -> Ranks::Numbers {
        if (rank > 0) progress.end(question[kDoneBytes], question[kDoneTensors]);
        if (question[kLeaves] != 0) {
            handout.close();
            return {};
        }
        const Handout::Answer answer = handout.next(rank, question[kBusy] != 0);
        if (answer.is_last) return {};
        Ranks::Numbers numbers{answer.pieces.size()};
        numbers.insert(numbers.end(), answer.pieces.begin(), answer.pieces.end());
        return numbers;
    };
}

/// Packs results as CBOR.
std::string packed(const NumberedResults& results) {
    Cbor json = Cbor::array();
    for (const auto& [number, bytes] : results)
        json.push_back({number, Cbor::binary({bytes.begin(), bytes.end()})});
    std::string text;
    Cbor::to_cbor(json, text);
    return text;
}

void unpack(const std::string& text, NumberedResults& results) {
    for (const Cbor& pair : Cbor::from_cbor(text)) {
        const std::vector<std::uint8_t>& bytes = pair.at(1).get_binary();
        results.emplace_back(pair.at(0), std::string(bytes.begin(), bytes.end()));
    }
}

}  // namespace

Ranks::Numbers PieceSource::question(bool leaves) {
    const std::lock_guard lock(mutex_);
    Ranks::Numbers numbers(kNumbers);
    numbers[kBusy] = in_work_ > 0 ? 1 : 0;
    numbers[kLeaves] = leaves ? 1 : 0;
    numbers[kDoneTensors] = std::exchange(done_tensors_, 0);
    numbers[kDoneBytes] = std::exchange(done_bytes_, 0);
    return numbers;
}

std::optional<std::size_t> PieceSource::next() {
    if (ahead_.empty() && !is_over_) {
        {
            const std::lock_guard lock(mutex_);
            if (in_work_ > last_bundle_) return std::nullopt;
        }
        Phases phases(recorder_);
        phases.enter("ask", Activity::kWaiting);
        const Ranks::Numbers answer = ranks_.ask(question(false));
        phases.leave();
        is_over_ = answer.empty();
        if (!is_over_) ahead_.insert(ahead_.end(), answer.begin() + 1, answer.end());
        last_bundle_ = ahead_.size();
    }
    if (ahead_.empty()) return std::nullopt;
    const std::size_t piece = ahead_.front();
    ahead_.pop_front();
    const std::lock_guard lock(mutex_);
    ++in_work_;
    return piece;
}

void PieceSource::done(const Done& piece) {
    const std::lock_guard lock(mutex_);
    --in_work_;
    done_tensors_ += piece.tensors;
    done_bytes_ += piece.bytes;
    if (piece.failed) failed_ = true;
}

bool PieceSource::failed() const {
    const std::lock_guard lock(mutex_);
    return failed_;
}

void PieceSource::leave() {
    if (!std::exchange(is_over_, true)) (void)ranks_.ask(question(true));
}

NumberedResults hand_out(const Team& team, Handout& handout, Progress& progress, Recorder* recorder,
                         Phases* phases, const std::function<NumberedResults(PieceSource&)>& work) {
    Ranks& ranks = team.ranks();
    if (team.leads()) ranks.serve(serve_pieces(handout, progress));
    PieceSource source(ranks, recorder);
    const StepResult own = result_of([&] { return packed(work(source)); });
    if (phases != nullptr) phases->enter("wait", Activity::kWaiting);
    source.leave();
    if (team.leads()) ranks.finish_serving();
    NumberedResults all;
    for (const std::string& text : team.together(
             [&] {
                 if (own.code == 0) return own.text;
                 throw Error(static_cast<ErrorCode>(own.code), own.text);
             },
             phases))
        unpack(text, all);
    return all;
}

}  // namespace pal
