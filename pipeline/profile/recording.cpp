#include "pipeline/profile/recording.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "pipeline/console/json_text.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

/// Places of the numbers of a packed slice.
enum Field : std::size_t {
    kName,
    kPiece,
    kActivity,
    kThread,
    kReady,
    kStart,
    kEnd,
    kHelperNs,
    kReadNs,
    kBytesIn,
    kBytesOut,
    kFields
};
constexpr std::uint64_t kNoPiece = std::numeric_limits<std::uint64_t>::max();

Json json_of(const std::vector<Round>& rounds) {
    Json json = Json::array();
    for (const Round& round : rounds) json.push_back({round.entered, round.left});
    return json;
}

std::vector<Round> rounds_of(const Json& json) {
    std::vector<Round> rounds;
    for (const Json& round : json)
        rounds.push_back({round.at(0).get<std::int64_t>(), round.at(1).get<std::int64_t>()});
    return rounds;
}

}  // namespace

PackedRecording packed(const OwnRecording& recording,
                       const std::vector<const PlanEntry*>& entries) {
    std::unordered_map<const PlanEntry*, std::uint64_t> pieces{{nullptr, kNoPiece}};
    for (std::size_t p = 0; p < entries.size(); ++p) pieces[entries[p]] = p;
    std::unordered_map<std::string_view, std::uint64_t> numbers_of_names;
    Json names = Json::array();
    PackedRecording result;
    result.slices.reserve(kFields * recording.slices.size());
    for (const Slice& slice : recording.slices) {
        const auto [name, is_new] = numbers_of_names.try_emplace(slice.name, names.size());
        if (is_new) names.push_back(slice.name);
        const std::uint64_t fields[kFields] = {name->second,
                                               pieces.at(slice.entry),
                                               static_cast<std::uint64_t>(slice.activity),
                                               slice.thread,
                                               slice.ready,
                                               slice.start,
                                               slice.end,
                                               slice.helper_ns,
                                               slice.read_ns,
                                               slice.bytes_in,
                                               slice.bytes_out};
        result.slices.insert(result.slices.end(), std::begin(fields), std::end(fields));
    }
    const Json head{{"host", recording.host},
                    {"threads", recording.threads},
                    {"start", recording.start},
                    {"at_start", json_of(recording.rounds.at_start)},
                    {"at_end", json_of(recording.rounds.at_end)},
                    {"names", std::move(names)}};
    result.head = json_text(head);
    return result;
}

OwnRecording unpacked(const PackedRecording& recording,
                      const std::vector<const PlanEntry*>& entries,
                      std::set<std::string, std::less<>>& names) {
    const Json head = Json::parse(recording.head);
    std::vector<std::string_view> own_names;
    for (const Json& name : head.at("names"))
        own_names.push_back(*names.insert(name.get<std::string>()).first);
    OwnRecording result;
    result.host = head.at("host").get<std::string>();
    result.threads = head.at("threads").get<std::size_t>();
    result.start = head.at("start").get<std::int64_t>();
    result.rounds = {rounds_of(head.at("at_start")), rounds_of(head.at("at_end"))};
    const Ranks::Numbers& numbers = recording.slices;
    PAL_ASSERT(numbers.size() % kFields == 0);
    result.slices.reserve(numbers.size() / kFields);
    for (auto field = numbers.begin(); field != numbers.end(); field += kFields) {
        Slice& slice = result.slices.emplace_back();
        slice.name = own_names.at(field[kName]);
        slice.entry = field[kPiece] == kNoPiece ? nullptr : entries.at(field[kPiece]);
        slice.activity = static_cast<Activity>(field[kActivity]);
        slice.thread = static_cast<std::uint32_t>(field[kThread]);
        slice.ready = field[kReady];
        slice.start = field[kStart];
        slice.end = field[kEnd];
        slice.helper_ns = field[kHelperNs];
        slice.read_ns = field[kReadNs];
        slice.bytes_in = field[kBytesIn];
        slice.bytes_out = field[kBytesOut];
    }
    return result;
}

JobRecording on_one_clock(std::vector<OwnRecording> ranks) {
    std::vector<ClockShift> shifts;
    shifts.reserve(ranks.size());
    for (const OwnRecording& own : ranks) shifts.emplace_back(own.rounds, ranks.front().rounds);
    JobRecording job;
    job.zero = std::numeric_limits<std::int64_t>::max();
    for (std::size_t r = 0; r < ranks.size(); ++r)
        job.zero = std::min(job.zero, shifts[r](ranks[r].start));
    for (std::size_t r = 0; r < ranks.size(); ++r) {
        OwnRecording& own = ranks[r];
        const auto moved = [&](std::int64_t when) {
            return static_cast<std::uint64_t>(
                std::max(std::int64_t{0}, shifts[r](when) - job.zero));
        };
        const auto moved_since = [&](std::uint64_t since_start) {
            return moved(own.start + static_cast<std::int64_t>(since_start));
        };
        for (Slice& slice : own.slices) {
            slice.ready = moved_since(slice.ready);
            slice.start = moved_since(slice.start);
            slice.end = moved_since(slice.end);
        }
        job.ranks.push_back({own.host, own.threads, moved(own.start),
                             r == 0 ? 0 : shifts[r].error_ns(), std::move(own.slices)});
    }
    return job;
}

}  // namespace pal
