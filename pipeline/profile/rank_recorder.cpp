#include "pipeline/profile/rank_recorder.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "pipeline/profile/job_profile.hpp"
#include "pipeline/profile/trace.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Number of rounds. Each takes some tenths of a millisecond; more hardly narrow the offset down.
constexpr int kRounds = 8;

std::int64_t own_clock(Clock::time_point when) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count();
}

std::string own_host() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "?";
    return name.data();
}

}  // namespace

std::vector<Round> RankRecorder::rounds() {
    phases_.enter("wait", Activity::kWaiting);
    std::vector<Round> result;
    for (int round = 0; round < kRounds; ++round) {
        const std::int64_t entered = own_clock(Clock::now());
        (void)ranks_.all_gather({});
        result.push_back({entered, own_clock(Clock::now())});
    }
    phases_.leave();
    return result;
}

void RankRecorder::begin() {
    if (recorder_) rounds_.at_start = rounds();
}

void RankRecorder::end() { rounds_.at_end = rounds(); }

std::string RankRecorder::packed(const std::vector<const PlanEntry*>& entries,
                                 std::size_t threads) {
    PackedRecording result = pal::packed(
        {own_host(), threads, own_clock(recorder_->origin()), rounds_, recorder_->slices()},
        entries);
    packed_slices_ = std::move(result.slices);
    return std::move(result.head);
}

void RankRecorder::gather(const std::vector<std::string>& heads,
                          const std::vector<const PlanEntry*>& entries) {
    std::vector<Ranks::Numbers> slices = ranks_.gather(std::move(packed_slices_));
    std::vector<OwnRecording> ranks;
    for (std::size_t rank = 0; rank < slices.size(); ++rank)
        ranks.push_back(unpacked({heads[rank], std::exchange(slices[rank], {})}, entries, names_));
    if (!ranks.empty()) job_ = on_one_clock(std::move(ranks));
}

const JobRecording& RankRecorder::job_until_now() {
    job_.end = static_cast<std::uint64_t>(own_clock(Clock::now()) - job_.zero);
    Recording& own = job_.ranks.front();
    own.slices = recorder_->slices();
    for (Slice& slice : own.slices) {
        slice.ready += own.start;
        slice.start += own.start;
        slice.end += own.start;
    }
    for (std::size_t rank = 1; rank < job_.ranks.size(); ++rank) {
        std::vector<Slice>& slices = job_.ranks[rank].slices;
        const auto others = std::ranges::partition_point(
            slices, [](const Slice& slice) { return slice.thread == 0; });
        PAL_ASSERT(others != slices.begin());
        Slice& last = *std::prev(others);  // the rounds of end(), before the rank packed
        last.end = std::max(last.end, job_.end);
    }
    return job_;
}

Profile RankRecorder::own_profile(Clock::time_point start, std::size_t threads) const {
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return make_profile(recorder_->slices(), seconds, threads);
}

std::string RankRecorder::profile_json(Clock::time_point start, std::size_t threads) {
    if (!recorder_) return {};
    if (ranks_.size() == 1) return pal::profile_json(own_profile(start, threads)).dump();
    return pal::profile_json(make_profile(job_until_now())).dump();
}

std::string RankRecorder::profile_table(Clock::time_point start, std::size_t threads) {
    if (!recorder_) return {};
    if (ranks_.size() == 1) return pal::profile_table(own_profile(start, threads));
    return pal::profile_table(make_profile(job_until_now()));
}

std::string RankRecorder::trace_json() {
    if (!recorder_) return {};
    if (ranks_.size() == 1) return pal::trace_json(recorder_->slices());
    return pal::trace_json(job_.ranks);
}

}  // namespace pal
