#include "pipeline/trace.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string_view>
#include <unordered_map>

#include "pipeline/json_path.hpp"

namespace pal {

namespace {

/// Members of a JSON object, without its braces. A tensor has several slices: kept, since this is
/// most of the work.
class PathMembers {
  public:
    const std::string& of(const PlanEntry& entry) {
        const auto [found, is_new] = known_.try_emplace(&entry);
        if (is_new) {
            nlohmann::ordered_json object;
            put_path(object, entry.job.path);
            const std::string text = object.dump();
            found->second = text.substr(1, text.size() - 2) + ",";
        }
        return found->second;
    }

  private:
    std::unordered_map<const PlanEntry*, std::string> known_;
};

/// Trace times are microseconds; integers keep every nanosecond of a long run.
std::string microseconds(std::uint64_t nanoseconds) {
    return fmt::format("{}.{:03}", nanoseconds / 1000, nanoseconds % 1000);
}

}  // namespace

std::string trace_json(const std::vector<Slice>& slices) {
    std::string json = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
    auto out = std::back_inserter(json);
    PathMembers paths;
    std::uint32_t named = 0;
    for (const Slice& slice : slices) {
        for (; named <= slice.thread; ++named) {
            fmt::format_to(out,
                           "{{\"ph\":\"M\",\"pid\":1,\"tid\":{},\"name\":\"thread_name\","
                           "\"args\":{{\"name\":\"thread {}\"}}}},\n",
                           named, named);
        }
        fmt::format_to(
            out,
            "{{\"ph\":\"X\",\"pid\":1,\"tid\":{},\"name\":\"{}\",\"cat\":\"{}\",\"ts\":{},"
            "\"dur\":{},\"args\":{{{}\"bytes_in\":{},\"bytes_out\":{},\"waited_us\":{},"
            "\"reading_us\":{},\"helpers_us\":{}}}}},\n",
            slice.thread, slice.name, slice.entry != nullptr ? "stage" : "phase",
            microseconds(slice.start), microseconds(slice.end - slice.start),
            slice.entry != nullptr ? std::string_view(paths.of(*slice.entry)) : "", slice.bytes_in,
            slice.bytes_out, microseconds(slice.start - slice.ready), microseconds(slice.read_ns),
            microseconds(slice.helper_ns));
    }
    return json +
           "{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\","
           "\"args\":{\"name\":\"h5palettize\"}}\n]}\n";
}

}  // namespace pal
