#include "pipeline/report/comparison_report.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "pipeline/console/bytes_for_people.hpp"
#include "pipeline/console/json_path.hpp"
#include "pipeline/console/json_text.hpp"
#include "pipeline/console/printable.hpp"
#include "pipeline/plan/plan.hpp"
#include "pipeline/plan/plan_text.hpp"
#include "pipeline/record/results.hpp"
#include "pipeline/report/report.hpp"
#include "pipeline/report/stored_spec.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

std::string verdict(const ComparedTensor& tensor) {
    const auto difference = difference_db(tensor);
    if (!difference) return "unknown";
    if (*difference == 0) return "equal";
    return *difference < 0 ? "worse" : "better";
}

Json error_json(const std::optional<ErrorReport>& error) {
    if (!error) return nullptr;
    Json entry;
    put_errors(entry, *error);
    return entry;
}

Json side_json(const ComparedSide& side, StoredSpecs& specs, const std::string& file) {
    if (side.presence == Presence::kAbsent) return nullptr;
    Json entry{{"action", side.palettized != nullptr ? "palettized" : "dense"},
               {"shape", side.shape},
               {"dtype", side.type},
               {"spec", nullptr},
               {"bytes", side.bytes},
               {"bits_per_weight", bits_per_weight(side.bytes, side.weight_count)}};
    if (side.palettized == nullptr) return entry;
    entry["spec"] = Json::parse(spec_to_json(specs.of(*side.palettized, file)));
    entry["reported"] = error_json(side.reported);
    if (side.measured) entry["measured"] = error_json(side.measured);
    return entry;
}

Json totals_json(const ComparedTotals& totals, const CheckpointInfo& info) {
    return {{"palettized", totals.palettized},
            {"bytes", totals.bytes},
            {"bits_per_weight", bits_per_weight(totals.bytes, totals.weights)},
            {"sqnr_db", number_or_null(totals.sqnr_db)},
            {"file_bytes", info.file_bytes}};
}

std::string decibels(const ComparedSide& side) {
    if (side.presence == Presence::kAbsent) return "-";
    if (side.presence == Presence::kDense) return "dense";
    const auto error = side.error();
    if (!error) return "?";
    return std::isinf(error->sqnr_db) ? "exact" : fmt::format("{:.2f}", error->sqnr_db);
}

std::string mean_square(const ComparedSide& side) {
    const auto error = side.error();
    return side.presence == Presence::kAbsent || !error ? "-" : fmt::format("{:.4g}", error->mse);
}

std::string bits(const ComparedSide& side) {
    if (side.presence == Presence::kAbsent) return "-";
    return fmt::format("{:.2f}", bits_per_weight(side.bytes, side.weight_count));
}

std::string bytes(const ComparedSide& side) {
    return side.presence == Presence::kAbsent ? "-" : bytes_for_people(side.bytes);
}

std::string spec(const ComparedSide& side, StoredSpecs& specs, const CheckpointInfo& info) {
    if (side.palettized != nullptr) return spec_for_people(specs.of(*side.palettized, info.file));
    return side.presence == Presence::kDense ? "dense" : "-";
}

std::string change(std::optional<double> difference) {
    return difference ? fmt::format("{:+.2f} dB", *difference) : std::string("-");
}

std::string total_line(char name, const ComparedTotals& totals, const CheckpointInfo& info) {
    const std::string quality =
        totals.sqnr_db ? fmt::format(", {:.2f} dB", *totals.sqnr_db) : std::string();
    return fmt::format("{} {}: {} palettized, {} at {:.2f} bits per weight{}; file {}\n", name,
                       printable(info.file), totals.palettized, bytes_for_people(totals.bytes),
                       bits_per_weight(totals.bytes, totals.weights), quality,
                       bytes_for_people(info.file_bytes));
}

std::string from_to(const std::string& a, const std::string& b) {
    return fmt::format("{} -> {}", a, b);
}

std::string row(const ComparedTensor& tensor, const std::string& spec_a,
                const std::string& spec_b) {
    const std::string said = remark(tensor);
    return fmt::format(
        "{:>10} {:>19} dB  mse {:>22} {:>16} bpw {:>26}  {}  [{}{}]\n",
        change(difference_db(tensor)), from_to(decibels(tensor.a), decibels(tensor.b)),
        from_to(mean_square(tensor.a), mean_square(tensor.b)),
        from_to(bits(tensor.a), bits(tensor.b)), from_to(bytes(tensor.a), bytes(tensor.b)),
        printable(tensor.path), spec_a == spec_b ? spec_a : from_to(spec_a, spec_b),
        said.empty() ? "" : "; " + said);
}

}  // namespace

std::string comparison_json(const std::vector<ComparedTensor>& tensors, const CheckpointInfo& a,
                            const CheckpointInfo& b, const std::vector<std::string>& missing) {
    StoredSpecs specs;
    const ComparisonTotals totals = totals_of(tensors);
    Json document{{"a", a.file},
                  {"b", b.file},
                  {"totals",
                   {{"a", totals_json(totals.a, a)},
                    {"b", totals_json(totals.b, b)},
                    {"sqnr_tensors", totals.measured_tensors}}},
                  {"missing", missing}};
    document["tensors"] = Json::array();
    for (const ComparedTensor& tensor : tensors) {
        Json entry;
        put_path(entry, tensor.path);
        entry["verdict"] = verdict(tensor);
        entry["difference_db"] = number_or_null(difference_db(tensor));
        entry["remark"] = remark(tensor);
        entry["a"] = side_json(tensor.a, specs, a.file);
        entry["b"] = side_json(tensor.b, specs, b.file);
        document["tensors"].push_back(std::move(entry));
    }
    return json_document(document);
}

std::string comparison_table(const std::vector<ComparedTensor>& tensors, const CheckpointInfo& a,
                             const CheckpointInfo& b) {
    StoredSpecs specs;
    std::string table;
    for (const ComparedTensor& tensor : tensors)
        table += row(tensor, spec(tensor.a, specs, a), spec(tensor.b, specs, b));
    const ComparisonTotals totals = totals_of(tensors);
    table += total_line('A', totals.a, a) + total_line('B', totals.b, b);
    if (totals.a.sqnr_db && totals.b.sqnr_db) {
        table += fmt::format(
            "B against A: {:+.2f} dB over {} tensors, {:+.2f}% of the bytes\n",
            *totals.b.sqnr_db - *totals.a.sqnr_db, totals.measured_tensors,
            100.0 * static_cast<double>(totals.b.bytes) / static_cast<double>(totals.a.bytes) -
                100.0);
    }
    return table;
}

}  // namespace pal
