#include "pipeline/profile/profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "pipeline/console/bytes_for_people.hpp"

namespace pal {

namespace {

double seconds_of(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) * 1e-9; }

using RankSlices = std::vector<std::span<const Slice>>;  // [rank]

/// Shares of the activities in an amount of time.
struct Parts {
    double reading = 0;
    double computing = 0;
    double writing = 0;
    double waiting = 0;

    void add(const Parts& other, double factor) {
        reading += factor * other.reading;
        computing += factor * other.computing;
        writing += factor * other.writing;
        waiting += factor * other.waiting;
    }
    [[nodiscard]] double sum() const { return reading + computing + writing + waiting; }
};

Parts parts_of(const Slice& slice) {
    if (slice.activity == Activity::kReading) return {1, 0, 0};
    const auto busy = static_cast<double>(std::max<std::uint64_t>(1, slice.busy_ns()));
    const double reading = std::min(1.0, static_cast<double>(slice.read_ns) / busy);
    // The write stage assigns the indices of large tensors itself, and reads weights to do it.
    if (slice.activity == Activity::kWriting) return {reading, 0, 1 - reading};
    return {reading, 1 - reading, 0};
}

/// Begin or end of a slice, or of the wait for a stage. At equal times ends come first.
struct Edge {
    std::uint64_t when = 0;
    bool begins = false;
    std::size_t of = 0;  // number of the slice or stage

    bool operator<(const Edge& other) const noexcept {
        return when != other.when ? when < other.when : begins < other.begins;
    }
};

/// Slices that run at a moment, while all edges are passed in order.
class Moment {
  public:
    explicit Moment(std::size_t ranks) : ranks_(ranks) {}

    /// Adds the shares of this moment, which lasts `seconds`.
    void add_to(Parts& total, double seconds) const {
        if (working_ > 0) {
            total.add(sum_, seconds / static_cast<double>(working_));
        } else if (waits_ > 0) {
            total.waiting += seconds;
        }
    }

    void change(std::size_t rank, const Slice& slice, bool begins) {
        const std::size_t step = begins ? 1 : std::size_t{0} - 1;
        if (slice.activity == Activity::kWaiting) {
            waits_ += step;
            return;
        }
        OfRank& own = ranks_[rank];
        const bool worked = own.count > 0;
        if (worked) sum_.add(own.parts, -1.0 / static_cast<double>(own.count));
        own.parts.add(parts_of(slice), begins ? 1 : -1);
        own.count += step;
        if (own.count > 0) {
            sum_.add(own.parts, 1.0 / static_cast<double>(own.count));
            if (!worked) ++working_;
        } else {
            own.parts = {};  // drops rounding errors
            if (--working_ == 0) sum_ = {};
        }
    }

  private:
    struct OfRank {
        Parts parts;  // sum over the slices that run
        std::size_t count = 0;
    };
    std::vector<OfRank> ranks_;
    Parts sum_;  // over the ranks that work; each adds up to 1
    std::size_t working_ = 0;
    std::size_t waits_ = 0;
};

/// Divides the wall time among the activities, in seconds.
Parts divided_time(const RankSlices& ranks) {
    std::vector<std::pair<std::size_t, const Slice*>> slices;
    std::vector<Edge> edges;
    for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
        for (const Slice& slice : ranks[rank]) {
            edges.push_back({slice.start, true, slices.size()});
            edges.push_back({slice.end, false, slices.size()});
            slices.emplace_back(rank, &slice);
        }
    }
    std::sort(edges.begin(), edges.end());
    Parts total;
    Moment moment(ranks.size());
    std::uint64_t before = 0;
    for (const Edge& edge : edges) {
        moment.add_to(total, seconds_of(edge.when - before));
        before = edge.when;
        moment.change(slices[edge.of].first, *slices[edge.of].second, edge.begins);
    }
    return total;
}

/// Calls `use` with each slice of a stage or phase, but not with those of waiting.
template <class Use>
void for_each_work(const RankSlices& ranks, const Use& use) {
    for (const auto& slices : ranks) {
        for (const Slice& slice : slices) {
            if (slice.activity != Activity::kWaiting) use(slice);
        }
    }
}

/// Sets the greatest number of tensors that waited for each stage at one time.
void find_most_waiting(const RankSlices& ranks,
                       const std::map<std::string_view, std::size_t>& place,
                       std::vector<StageProfile>& stages) {
    std::vector<Edge> edges;
    for_each_work(ranks, [&](const Slice& slice) {
        if (slice.entry == nullptr) return;
        edges.push_back({slice.ready, true, place.at(slice.name)});
        edges.push_back({slice.start, false, place.at(slice.name)});
    });
    // Begins come first: a tensor that is taken up at once has waited, for no time.
    std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
        return a.when != b.when ? a.when < b.when : a.begins > b.begins;
    });
    std::vector<std::size_t> waiting(stages.size());
    for (const Edge& edge : edges) {
        waiting[edge.of] += edge.begins ? 1 : std::size_t{0} - 1;
        stages[edge.of].most_waiting = std::max(stages[edge.of].most_waiting, waiting[edge.of]);
    }
}

double graph_seconds(const RankSlices& ranks) {
    std::uint64_t first = ~std::uint64_t{0};
    std::uint64_t last = 0;
    for_each_work(ranks, [&](const Slice& slice) {
        if (slice.entry == nullptr) return;
        first = std::min(first, slice.ready);
        last = std::max(last, slice.end);
    });
    return last > first ? seconds_of(last - first) : 0;
}

std::vector<StageProfile> profiles_by_stage(const RankSlices& ranks) {
    std::map<std::string_view, std::uint64_t> first_start;
    for_each_work(ranks, [&](const Slice& slice) {
        const auto at = first_start.emplace(slice.name, slice.start).first;
        at->second = std::min(at->second, slice.start);
    });
    std::vector<StageProfile> stages;
    stages.reserve(first_start.size());
    for (const auto& [name, start] : first_start) stages.push_back({.name = name});
    std::stable_sort(stages.begin(), stages.end(), [&](const auto& a, const auto& b) {
        return first_start.at(a.name) < first_start.at(b.name);
    });
    std::map<std::string_view, std::size_t> place;
    for (std::size_t s = 0; s < stages.size(); ++s) place[stages[s].name] = s;
    for_each_work(ranks, [&](const Slice& slice) {
        StageProfile& stage = stages[place.at(slice.name)];
        stage.is_phase = slice.entry == nullptr;
        ++stage.runs;
        stage.busy_seconds += seconds_of(slice.busy_ns());
        stage.read_seconds +=
            seconds_of(slice.activity == Activity::kReading ? slice.busy_ns() : slice.read_ns);
        stage.bytes_in += slice.bytes_in;
        stage.bytes_out += slice.bytes_out;
        stage.waited_seconds += seconds_of(slice.start - slice.ready);
    });
    const double graph = graph_seconds(ranks);
    for (StageProfile& stage : stages)
        stage.mean_waiting = graph > 0 ? stage.waited_seconds / graph : 0;
    find_most_waiting(ranks, place, stages);
    return stages;
}

std::string row_of(const StageProfile& stage) {
    std::string row = stage_columns(stage);
    if (!stage.is_phase) {
        row += fmt::format(" {:>9.2f} {:>6} {:>9.4f}", stage.mean_waiting, stage.most_waiting,
                           stage.waited_seconds);
    }
    return row + "\n";
}

}  // namespace

std::string stage_columns() {
    return fmt::format("{:<13} {:>7} {:>9} {:>9} {:>11} {:>11} {:>7}", "stage", "runs", "busy s",
                       "reading s", "in", "out", "GB/s");
}

std::string stage_columns(const StageProfile& stage) {
    const auto bytes = [](std::uint64_t count) {
        return count == 0 ? std::string("-") : bytes_for_people(count);
    };
    const std::uint64_t most = std::max(stage.bytes_in, stage.bytes_out);
    const bool has_rate = most > 0 && stage.busy_seconds > 0;
    return fmt::format(
        "{:<13} {:>7} {:>9.4f} {:>9.4f} {:>11} {:>11} {:>7}", stage.name, stage.runs,
        stage.busy_seconds, stage.read_seconds, bytes(stage.bytes_in), bytes(stage.bytes_out),
        has_rate ? fmt::format("{:.2f}", static_cast<double>(most) * 1e-9 / stage.busy_seconds)
                 : "-");
}

Profile make_profile(const std::vector<Slice>& slices, double wall_seconds, std::size_t threads) {
    return profile_of_ranks({std::span<const Slice>(slices)}, wall_seconds, threads);
}

Profile profile_of_ranks(const std::vector<std::span<const Slice>>& ranks, double wall_seconds,
                         std::size_t threads) {
    Profile profile;
    profile.stages = profiles_by_stage(ranks);
    profile.wall_seconds = wall_seconds;
    profile.threads = threads;
    const Parts parts = divided_time(ranks);
    double busy_seconds = 0;
    for (const StageProfile& stage : profile.stages) busy_seconds += stage.busy_seconds;
    if (wall_seconds > 0) {
        profile.busy_threads = busy_seconds / wall_seconds;
        profile.reading = parts.reading / wall_seconds;
        profile.computing = parts.computing / wall_seconds;
        profile.writing = parts.writing / wall_seconds;
        profile.waiting = parts.waiting / wall_seconds;
        profile.idle = std::max(0.0, 1 - parts.sum() / wall_seconds);
    }
    const double most = std::max({profile.reading, profile.computing, profile.writing});
    profile.bound_by = most == profile.reading     ? "reading"
                       : most == profile.computing ? "computing"
                                                   : "writing";
    return profile;
}

std::string profile_table(const Profile& profile) {
    std::string table =
        fmt::format("{} {:>9} {:>6} {:>9}\n", stage_columns(), "queue", "most", "waited s");
    for (const StageProfile& stage : profile.stages) table += row_of(stage);
    return table + fmt::format(
                       "{:.4f} s, {:.2f} of {} threads busy: {:.0f} % reading, {:.0f} % computing, "
                       "{:.0f} % writing, {:.0f} % idle; bound by {}\n",
                       profile.wall_seconds, profile.busy_threads, profile.threads,
                       100 * profile.reading, 100 * profile.computing, 100 * profile.writing,
                       100 * profile.idle, profile.bound_by);
}

nlohmann::ordered_json profile_json(const Profile& profile) {
    nlohmann::ordered_json json{{"wall_seconds", profile.wall_seconds},
                                {"busy_threads", profile.busy_threads},
                                {"reading", profile.reading},
                                {"computing", profile.computing},
                                {"writing", profile.writing},
                                {"idle", profile.idle},
                                {"bound_by", std::string(profile.bound_by)}};
    json["stages"] = nlohmann::ordered_json::array();
    for (const StageProfile& stage : profile.stages) {
        json["stages"].push_back({{"name", std::string(stage.name)},
                                  {"runs", stage.runs},
                                  {"busy_seconds", stage.busy_seconds},
                                  {"read_seconds", stage.read_seconds},
                                  {"bytes_in", stage.bytes_in},
                                  {"bytes_out", stage.bytes_out},
                                  {"waited_seconds", stage.waited_seconds}});
    }
    return json;
}

}  // namespace pal
