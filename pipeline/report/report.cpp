#include "pipeline/report/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "pipeline/console/bytes_for_people.hpp"
#include "pipeline/console/json_path.hpp"
#include "pipeline/console/json_text.hpp"
#include "pipeline/console/printable.hpp"
#include "pipeline/plan/file_size.hpp"
#include "pipeline/plan/plan_text.hpp"
#include "pipeline/record/results.hpp"
#include "pipeline/report/dense_note.hpp"
#include "pipeline/report/report_detail.hpp"
#include "pipeline/report/totals.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

using ResultOf = std::unordered_map<const PlanEntry*, const TensorResult*>;

ResultOf results_by_entry(const Plan& plan, const std::vector<TensorResult>& results) {
    ResultOf result;
    const auto entries = plan.palettized();
    for (std::size_t e = 0; e < entries.size(); ++e) result[entries[e]] = &results[e];
    return result;
}

void add_errors(Json& tensor, const TensorResult& result) {
    if (result.failed) {
        tensor["error"] = result.message;
        return;
    }
    put_errors(tensor, result.error);
    if (result.weighted) tensor["weighted_mse"] = number_or_null(result.weighted->mse);
}

/// Null if no proof was asked for, and for vectors, with the reason.
void add_gap(Json& tensor, const PlanEntry& entry, const TensorResult& result) {
    tensor["optimality_gap"] = result.optimality_gap ? Json(*result.optimality_gap) : Json(nullptr);
    const bool asked = entry.palettize && entry.task.cluster.certify;
    if (asked && !result.optimality_gap && !result.failed)
        tensor["optimality_gap_reason"] = "vectors have no certificate";
}

/// Adds what the report page draws; null, with the reason, for a tensor of an earlier run.
void add_detail(Json& tensor, const TensorResult& result) {
    if (result.failed) return;
    tensor["detail"] = result.detail ? detail_json(*result.detail) : Json(nullptr);
    if (!result.detail)
        tensor["detail_reason"] = "done by an earlier run, which --resume took over";
}

void add_file(Json& report, const FileResult& result) {
    report["input"] = escaped_path(result.input);
    report["output"] = escaped_path(result.output);
    report["file_bytes_in"] = result.file_bytes_in;
    report["file_bytes_out"] = result.file_bytes_out;
    report["wall_seconds"] = result.wall_seconds;
    report["threads"] = result.threads;
    report["engine"] = std::string(engine_name(result.engine));
    if (!result.profile_json.empty()) report["profile"] = Json::parse(result.profile_json);
}

Json tensor_json(const PlanEntry& entry) {
    const std::uint64_t weights =
        entry.palettize ? entry.task.geometry.weight_count : entry.dataset->element_count;
    Json tensor;
    put_path(tensor, entry.dataset->path);
    tensor["shape"] = entry.dataset->shape;
    if (entry.slab) tensor["slab"] = {entry.slab->first, entry.slab->rows};
    tensor["dtype"] = std::string(dtype_name(*entry.dataset->dtype));
    tensor["action"] = entry.palettize ? "palettized" : "dense";
    tensor["reason"] = entry.reason;
    tensor["spec"] = entry.palettize ? Json::parse(spec_to_json(entry.task.spec)) : Json(nullptr);
    tensor["groups"] = entry.palettize ? entry.task.geometry.group_count : 0;
    tensor["bytes_in"] = entry.bytes_in;
    tensor["bytes_out"] = entry.bytes_out;
    tensor["bits_per_weight"] = bits_per_weight(entry.bytes_out, weights);
    if (entry.expected_sqnr_db)
        tensor["expected_sqnr_db"] = number_or_null(*entry.expected_sqnr_db);
    return tensor;
}

std::string table_row(const PlanEntry& entry, const TensorResult* result) {
    const std::string shape =
        shape_to_string(entry.palettize ? entry.task.geometry.shape : entry.dataset->shape);
    const std::string dtype(dtype_name(*entry.dataset->dtype));
    if (!entry.palettize) {
        return fmt::format("{:<9} {:<10} {:<18} dense      {}  [{}]\n", "", dtype, shape,
                           printable(entry.dataset->path), printable(entry.reason));
    }
    std::string quality;
    if (result != nullptr && result->failed) {
        quality = "failed";
    } else if (entry.expected_sqnr_db) {
        quality = std::isinf(*entry.expected_sqnr_db)
                      ? "exact"
                      : fmt::format("~{:.2f} dB", *entry.expected_sqnr_db);
    } else if (result != nullptr) {
        quality = std::isinf(result->error.sqnr_db)
                      ? "exact"
                      : fmt::format("{:.2f} dB", result->error.sqnr_db);
    }
    return fmt::format("{:>9} {:<10} {:<18} {:>5.2f} bpw  {}  [{}; {}]\n", quality, dtype, shape,
                       bits_per_weight(entry.bytes_out, entry.task.geometry.weight_count),
                       printable(entry.dataset->path), spec_for_people(entry.task.spec),
                       printable(entry.reason));
}

}  // namespace

Json report_document(const Plan& plan, const FileResult* result) {
    Json report;
    if (result != nullptr) add_file(report, *result);
    report["totals"] = totals_json(totals_of(plan));
    if (result != nullptr) {
        report["totals"]["file_bytes_in"] = result->file_bytes_in;
        report["totals"]["file_bytes_out"] = result->file_bytes_out;
    }
    put_dropped(report, plan.info->dropped);
    if (plan.widths) report["widths"] = widths_json(*plan.widths);
    if (!plan.warnings.empty()) report["warnings"] = plan.warnings;
    const ResultOf results =
        result != nullptr ? results_by_entry(plan, result->tensors) : ResultOf{};
    const TensorResult lossless;  // a dense tensor loses nothing and takes no time
    report["tensors"] = Json::array();
    for (const PlanEntry& entry : plan.entries) {
        Json tensor = tensor_json(entry);
        if (const auto found = results.find(&entry); found != results.end()) {
            add_errors(tensor, *found->second);
            add_gap(tensor, entry, *found->second);
            tensor["seconds"] = found->second->seconds;
            if (result->described) add_detail(tensor, *found->second);
        } else if (result != nullptr) {
            add_errors(tensor, lossless);
            tensor["sqnr_db"] = nullptr;
            add_gap(tensor, entry, lossless);
            tensor["seconds"] = 0.0;
        }
        report["tensors"].push_back(std::move(tensor));
    }
    return report;
}

std::string report_json(const Plan& plan, const FileResult* result) {
    return json_document(report_document(plan, result));
}

std::string report_table(const Plan& plan, const FileResult* result) {
    const ResultOf results =
        result != nullptr ? results_by_entry(plan, result->tensors) : ResultOf{};
    const auto result_of = [&](const PlanEntry* entry) {
        const auto found = results.find(entry);
        return found == results.end() ? nullptr : found->second;
    };
    const auto rank_of = [&](const PlanEntry* entry) {  // dense first, then by falling SQNR
        const TensorResult* tensor = result_of(entry);
        if (!entry->palettize) return -std::numeric_limits<double>::infinity();
        if (tensor == nullptr) return -entry->expected_sqnr_db.value_or(0.0);
        return tensor->failed ? std::numeric_limits<double>::infinity() : -tensor->error.sqnr_db;
    };
    std::vector<const PlanEntry*> rows;
    for (const PlanEntry& entry : plan.entries) rows.push_back(&entry);
    std::stable_sort(rows.begin(), rows.end(), [&](const PlanEntry* a, const PlanEntry* b) {
        if (a->palettize != b->palettize) return b->palettize;
        return rank_of(a) < rank_of(b);
    });
    std::string table;
    for (const PlanEntry* entry : rows) table += table_row(*entry, result_of(entry));

    table += totals_for_people(totals_of(plan)) + "\n" + dropped_for_people(plan.info->dropped);
    if (plan.widths) table += widths_for_people(*plan.widths);
    if (result == nullptr) {
        table += fmt::format("file {} -> about {}\n", bytes_for_people(plan.info->file_bytes),
                             bytes_for_people(planned_file_bytes(plan)));
    } else {
        table += fmt::format("file {} -> {} in {:.3f} s ({} threads, engine {})\n",
                             bytes_for_people(result->file_bytes_in),
                             bytes_for_people(result->file_bytes_out), result->wall_seconds,
                             result->threads, engine_name(result->engine));
    }
    return table + dense_note(plan);
}

}  // namespace pal
