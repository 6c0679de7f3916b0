#include "pipeline/report/totals.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pipeline/console/bytes_for_people.hpp"
#include "pipeline/console/json_path.hpp"
#include "pipeline/console/printable.hpp"
#include "pipeline/plan/file_size.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

double bits_of(const TensorTotals& totals) {
    return bits_per_weight(totals.palettized_bytes, totals.palettized_weights);
}

}  // namespace

void TensorTotals::add(const TensorTotals& more) noexcept {
    tensors += more.tensors;
    palettized += more.palettized;
    bytes_in += more.bytes_in;
    bytes_out += more.bytes_out;
    palettized_weights += more.palettized_weights;
    palettized_bytes += more.palettized_bytes;
    file_bytes_in += more.file_bytes_in;
    file_bytes_out += more.file_bytes_out;
}

TensorTotals totals_of(const Plan& plan) {
    TensorTotals totals;
    for (const PlanEntry& entry : plan.entries) {
        ++totals.tensors;
        totals.bytes_in += entry.bytes_in;
        totals.bytes_out += entry.bytes_out;
        if (!entry.palettize) continue;
        ++totals.palettized;
        totals.palettized_weights += entry.task.geometry.weight_count;
        totals.palettized_bytes += entry.bytes_out;
    }
    totals.file_bytes_in = plan.info->file_bytes;
    totals.file_bytes_out = planned_file_bytes(plan);
    return totals;
}

Json totals_json(const TensorTotals& totals) {
    return {{"tensors", totals.tensors},
            {"palettized", totals.palettized},
            {"dense", totals.tensors - totals.palettized},
            {"bytes_in", totals.bytes_in},
            {"bytes_out", totals.bytes_out},
            {"file_bytes_in", totals.file_bytes_in},
            {"file_bytes_out", totals.file_bytes_out},
            {"bits_per_weight", bits_of(totals)}};
}

std::string totals_for_people(const TensorTotals& totals) {
    return fmt::format(
        "{} tensors: {} palettized at {:.2f} bits per weight, {} dense; tensors {} -> {}",
        totals.tensors, totals.palettized, bits_of(totals), totals.tensors - totals.palettized,
        bytes_for_people(totals.bytes_in), bytes_for_people(totals.bytes_out));
}

void put_dropped(Json& report, const Dropped& dropped) {
    if (dropped.links.empty()) return;
    Json links = Json::array();
    for (const std::string& link : dropped.links) links.push_back(escaped_path(link));
    report["dropped"] = {
        {"datasets", dropped.datasets}, {"bytes", dropped.bytes}, {"links", std::move(links)}};
}

std::string dropped_for_people(const Dropped& dropped) {
    if (dropped.links.empty()) return "";
    constexpr std::size_t kNamed = 3;
    std::vector<std::string> some;
    for (const std::string& link : dropped.links) {
        if (some.size() < kNamed) some.push_back(printable(link));
    }
    if (dropped.links.size() > kNamed)
        some.push_back(fmt::format("{} more", dropped.links.size() - kNamed));
    return fmt::format("left out: {} datasets, {}: {}\n", dropped.datasets,
                       bytes_for_people(dropped.bytes), fmt::join(some, ", "));
}

}  // namespace pal
