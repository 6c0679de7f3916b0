#include "pipeline/profile/trace.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "pipeline/console/json_path.hpp"

namespace pal {

namespace {

/// Path of a tensor as members of a JSON object, without the braces. Results are kept: a tensor has
/// several slices, and this is most of the work.
class PathMembers {
  public:
    const std::string& of(const PlanEntry& entry) {
        const auto [found, is_new] = known_.try_emplace(&entry);
        if (is_new) {
            nlohmann::ordered_json object;
            put_path(object, entry.task.path);
            if (entry.slab)
                object["slab"] = {entry.slab->first, entry.slab->rows};  // as in a report
            const std::string text = object.dump();
            found->second = text.substr(1, text.size() - 2) + ",";
        }
        return found->second;
    }

  private:
    std::unordered_map<const PlanEntry*, std::string> known_;
};

/// Text of a trace. Appending to it must be fast: with many small tensors it is the whole cost of
/// a trace.
class Text {
  public:
    Text& operator<<(std::string_view text) {
        text_ += text;
        return *this;
    }
    Text& operator<<(std::uint64_t number) {
        const fmt::format_int digits(number);
        text_.append(digits.data(), digits.size());
        return *this;
    }
    /// Appends a time in microseconds. Integers keep every nanosecond of a long run.
    Text& microseconds(std::uint64_t nanoseconds) {
        const fmt::format_int thousandths(1000 + nanoseconds % 1000);
        *this << nanoseconds / 1000 << ".";
        text_.append(thousandths.data() + 1, 3);
        return *this;
    }
    [[nodiscard]] std::string taken() { return std::move(text_); }

  private:
    std::string text_;
};

void name_thread(Text& json, std::uint64_t process, std::uint64_t thread) {
    json << R"({"ph":"M","pid":)" << process << R"(,"tid":)" << thread
         << R"(,"name":"thread_name","args":{"name":"thread )" << thread << "\"}},\n";
}

std::string_view category_of(const Slice& slice) {
    if (slice.activity == Activity::kWaiting) return "wait";
    return slice.entry != nullptr ? "stage" : "phase";
}

void add_event(Text& json, std::uint64_t process, const Slice& slice, PathMembers& paths) {
    json << R"({"ph":"X","pid":)" << process << R"(,"tid":)" << std::uint64_t{slice.thread}
         << R"(,"name":")" << slice.name << R"(","cat":")" << category_of(slice) << R"(","ts":)";
    json.microseconds(slice.start) << R"(,"dur":)";
    json.microseconds(slice.end - slice.start) << R"(,"args":{)";
    if (slice.entry != nullptr) json << paths.of(*slice.entry);
    json << R"("bytes_in":)" << slice.bytes_in << R"(,"bytes_out":)" << slice.bytes_out
         << R"(,"waited_us":)";
    json.microseconds(slice.start - slice.ready) << R"(,"reading_us":)";
    json.microseconds(slice.read_ns) << R"(,"helpers_us":)";
    json.microseconds(slice.helper_ns) << "}},\n";
}

void add_process(Text& json, std::uint64_t process, const std::string& name,
                 const std::vector<Slice>& slices, PathMembers& paths) {
    std::uint64_t named = 0;
    for (const Slice& slice : slices) {
        for (; named <= slice.thread; ++named) name_thread(json, process, named);
        add_event(json, process, slice, paths);
    }
    json << R"({"ph":"M","pid":)" << process << R"(,"name":"process_name","args":{"name":)"
         << nlohmann::json(name).dump() << "}}";
}

constexpr std::string_view kHead = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
constexpr std::string_view kTail = "\n]}\n";

}  // namespace

std::string trace_json(const std::vector<Slice>& slices) {
    Text json;
    PathMembers paths;
    json << kHead;
    add_process(json, 1, "h5palettize", slices, paths);
    json << kTail;
    return json.taken();
}

std::string trace_json(const std::vector<Recording>& ranks) {
    Text json;
    PathMembers paths;
    json << kHead;
    for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
        if (rank > 0) json << ",\n";
        // Viewers take process 0 for the idle one.
        add_process(json, rank + 1, fmt::format("rank {} on {}", rank, ranks[rank].host),
                    ranks[rank].slices, paths);
    }
    json << kTail;
    return json.taken();
}

}  // namespace pal
