#include "pipeline/report/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "pipeline/console/bytes_for_people.hpp"
#include "pipeline/console/json_path.hpp"
#include "pipeline/console/printable.hpp"
#include "pipeline/graph/fingerprint.hpp"
#include "pipeline/report/report_detail.hpp"
#include "pipeline/report/totals.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

using OutcomeOf = std::unordered_map<const PlanEntry*, const Outcome*>;

OutcomeOf outcomes_by_entry(const Plan& plan, const std::vector<Outcome>& outcomes) {
    OutcomeOf result;
    const auto entries = plan.palettized();
    for (std::size_t e = 0; e < entries.size(); ++e) result[entries[e]] = &outcomes[e];
    return result;
}

/// Texts with names from files in them: bytes that are not UTF-8 must not end the report.
std::string dumped(const Json& json, int indent) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

/// The end of a document that begins with `before`.
std::string fingerprint_key(std::string_view before) {
    Fingerprint fingerprint;
    fingerprint.add(before);
    return R"(,"fingerprint":")" + fingerprint.text() + R"("})";
}

void add_errors(Json& tensor, const Outcome& outcome) {
    if (outcome.failed) {
        tensor["error"] = outcome.message;
        return;
    }
    put_errors(tensor, outcome.error);
    if (outcome.weighted_mse) tensor["weighted_mse"] = number_or_null(*outcome.weighted_mse);
}

/// Null where no proof was asked for, and for vectors, with the reason.
void add_gap(Json& tensor, const PlanEntry& entry, const Outcome& outcome) {
    tensor["optimality_gap"] =
        outcome.optimality_gap ? Json(*outcome.optimality_gap) : Json(nullptr);
    const bool asked = entry.palettize && entry.task.cluster.certify;
    if (asked && !outcome.optimality_gap && !outcome.failed)
        tensor["optimality_gap_reason"] = "vectors have no certificate";
}

/// What the report page draws; null, with the reason, for a tensor of an earlier run.
void add_detail(Json& tensor, const Outcome& outcome) {
    if (outcome.failed) return;
    tensor["detail"] = outcome.detail ? detail_json(*outcome.detail) : Json(nullptr);
    if (!outcome.detail)
        tensor["detail_reason"] = "done by an earlier run, which --resume took over";
}

void add_facts(Json& report, const RunFacts& facts) {
    report["input"] = escaped_path(facts.input);
    report["output"] = escaped_path(facts.output);
    report["file_bytes_in"] = facts.file_bytes_in;
    report["file_bytes_out"] = facts.file_bytes_out;
    report["wall_seconds"] = facts.wall_seconds;
    report["threads"] = facts.threads;
    report["engine"] = std::string(engine_name(facts.engine));
    if (facts.profile) report["profile"] = profile_json(*facts.profile);
    if (facts.job_profile) report["profile"] = profile_json(*facts.job_profile);
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

std::string table_row(const PlanEntry& entry, const Outcome* outcome) {
    const std::string shape =
        shape_to_string(entry.palettize ? entry.task.geometry.shape : entry.dataset->shape);
    const std::string dtype(dtype_name(*entry.dataset->dtype));
    if (!entry.palettize) {
        return fmt::format("{:<9} {:<10} {:<18} dense      {}  [{}]\n", "", dtype, shape,
                           printable(entry.dataset->path), printable(entry.reason));
    }
    std::string quality;
    if (outcome != nullptr && outcome->failed) {
        quality = "failed";
    } else if (entry.expected_sqnr_db) {
        quality = std::isinf(*entry.expected_sqnr_db)
                      ? "exact"
                      : fmt::format("~{:.2f} dB", *entry.expected_sqnr_db);
    } else if (outcome != nullptr) {
        quality = std::isinf(outcome->error.sqnr_db)
                      ? "exact"
                      : fmt::format("{:.2f} dB", outcome->error.sqnr_db);
    }
    return fmt::format("{:>9} {:<10} {:<18} {:>5.2f} bpw  {}  [{}; {}]\n", quality, dtype, shape,
                       bits_per_weight(entry.bytes_out, entry.task.geometry.weight_count),
                       printable(entry.dataset->path), spec_for_people(entry.task.spec),
                       printable(entry.reason));
}

}  // namespace

void put_errors(nlohmann::ordered_json& tensor, const ErrorReport& error) {
    tensor["mse"] = number_or_null(error.mse);
    tensor["sqnr_db"] = number_or_null(error.sqnr_db);
    tensor["max_abs_error"] = number_or_null(error.max_abs_error);
}

std::string spec_for_people(const PalettizationSpec& spec) {
    std::string text = fmt::format("{} bit", spec.n_bits);
    if (spec.granularity.kind == GranularityKind::kPerGroupedChannel) {
        text += fmt::format(", groups of {} on axis {}", spec.granularity.group_size,
                            spec.granularity.axis);
    }
    if (spec.cluster_dim > 1) text += fmt::format(", vectors of {}", spec.cluster_dim);
    if (spec.enable_per_channel_scale) text += ", scaled";
    if (spec.lut_qspec) text += fmt::format(", {} LUT", lut_dtype_name(spec.lut_qspec->dtype));
    return text;
}

Json widths_json(const WidthChoice& widths) {
    Json json;
    json["budget_bytes"] = widths.budget_bytes > 0 ? Json(widths.budget_bytes) : Json(nullptr);
    json["used_bytes"] = widths.used_bytes;
    json["bits_per_weight"] = bits_per_weight(widths.used_bytes, widths.weights);
    json["error"] = widths.error;
    json["least_error"] = widths.bound;
    return json;
}

std::string widths_for_people(const WidthChoice& widths) {
    std::string text = fmt::format("widths chosen: {:.4f} bits per weight",
                                   bits_per_weight(widths.used_bytes, widths.weights));
    if (widths.budget_bytes > 0) {
        text += fmt::format(" ({} of {} bytes); error {:.6g}, of at least {:.6g}",
                            widths.used_bytes, widths.budget_bytes, widths.error, widths.bound);
    }
    return text + "\n";
}

std::string report_json(const Plan& plan, const RunFacts* facts) {
    Json report;
    if (facts != nullptr) add_facts(report, *facts);
    report["totals"] = totals_json(totals_of(plan));
    if (plan.widths) report["widths"] = widths_json(*plan.widths);
    if (!plan.warnings.empty()) report["warnings"] = plan.warnings;
    const OutcomeOf outcomes =
        facts != nullptr ? outcomes_by_entry(plan, facts->outcomes) : OutcomeOf{};
    report["tensors"] = Json::array();
    for (const PlanEntry& entry : plan.entries) {
        Json tensor = tensor_json(entry);
        if (const auto found = outcomes.find(&entry); found != outcomes.end()) {
            add_errors(tensor, *found->second);
            add_gap(tensor, entry, *found->second);
            tensor["seconds"] = found->second->seconds;
            if (facts != nullptr && facts->described) add_detail(tensor, *found->second);
        } else if (facts !=
                   nullptr) {  // a dense tensor of a run: nothing is lost, nothing is spent
            add_errors(tensor, Outcome{});
            tensor["sqnr_db"] = nullptr;
            add_gap(tensor, entry, Outcome{});
            tensor["seconds"] = 0.0;
        }
        report["tensors"].push_back(std::move(tensor));
    }
    return dumped(report, 2) + "\n";
}

std::string results_json(const Plan& plan, const std::vector<Outcome>& outcomes,
                         const Origin& origin) {
    Json document;
    document["config"] = Json::parse(origin.config_json);
    Fingerprint of_config;
    of_config.add(dumped(document["config"], -1));
    document["config_fingerprint"] = of_config.text();
    document["input_fingerprint"] = origin.input_fingerprint;
    if (!origin.sensitivity_fingerprint.empty())
        document["sensitivity_fingerprint"] = origin.sensitivity_fingerprint;
    document["layout"] = plan.layout == Layout::kKeras ? "keras" : "torch";
    if (origin.shard) document["shard"] = shard_json(*origin.shard);
    const auto entries = plan.palettized();
    std::vector<std::string> tensors(entries.size());
    for (std::size_t e = 0; e < entries.size(); ++e) {
        Json tensor;
        put_path(tensor, entries[e]->dataset->path);
        tensor["engine"] = std::string(engine_name(entries[e]->task.cluster.engine));
        add_errors(tensor, outcomes[e]);
        tensor["palette_fingerprint"] = outcomes[e].palette.text();
        if (origin.shard) add_piece(tensor, *entries[e], outcomes[e]);
        tensors[e] = dumped(tensor, -1);
    }
    return results_json(dumped(document, -1), tensors);
}

std::string results_json(const std::string& head, const std::vector<std::string>& tensors) {
    std::string text = head;
    text.pop_back();  // the brace
    text += R"(,"tensors":[)";
    for (std::size_t t = 0; t < tensors.size(); ++t) {
        if (t > 0) text += ",";
        text += tensors[t];
    }
    text += "]";
    text += fingerprint_key(text);
    return text;
}

bool is_unchanged(std::string_view results) {
    const std::size_t key_bytes = fingerprint_key("").size();
    if (results.size() < key_bytes) return false;
    const std::string_view before = results.substr(0, results.size() - key_bytes);
    return results.substr(before.size()) == fingerprint_key(before);
}

std::string report_table(const Plan& plan, const RunFacts* facts) {
    const OutcomeOf outcomes =
        facts != nullptr ? outcomes_by_entry(plan, facts->outcomes) : OutcomeOf{};
    const auto outcome_of = [&](const PlanEntry* entry) {
        const auto found = outcomes.find(entry);
        return found == outcomes.end() ? nullptr : found->second;
    };
    const auto rank_of = [&](const PlanEntry* entry) {  // dense first, then by falling SQNR
        const Outcome* outcome = outcome_of(entry);
        if (!entry->palettize) return -std::numeric_limits<double>::infinity();
        if (outcome == nullptr) return -entry->expected_sqnr_db.value_or(0.0);
        return outcome->failed ? std::numeric_limits<double>::infinity() : -outcome->error.sqnr_db;
    };
    std::vector<const PlanEntry*> rows;
    for (const PlanEntry& entry : plan.entries) rows.push_back(&entry);
    std::stable_sort(rows.begin(), rows.end(), [&](const PlanEntry* a, const PlanEntry* b) {
        if (a->palettize != b->palettize) return b->palettize;
        return rank_of(a) < rank_of(b);
    });
    std::string table;
    for (const PlanEntry* entry : rows) table += table_row(*entry, outcome_of(entry));

    table += totals_for_people(totals_of(plan)) + "\n";
    if (plan.widths) table += widths_for_people(*plan.widths);
    if (facts != nullptr) {
        table += fmt::format("file {} -> {} in {:.3f} s ({} threads, engine {})\n",
                             bytes_for_people(facts->file_bytes_in),
                             bytes_for_people(facts->file_bytes_out), facts->wall_seconds,
                             facts->threads, engine_name(facts->engine));
    }
    return table;
}

}  // namespace pal
