#include "pipeline/plan/explain_json.hpp"

#include <nlohmann/json.hpp>

#include "pipeline/console/json_path.hpp"
#include "pipeline/console/json_text.hpp"
#include "pipeline/plan/plan_text.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

Json trials_json(const std::vector<Trial>& trials, const char* what) {
    Json all = Json::array();
    for (const Trial& trial : trials) {
        all.push_back({{what, trial.what},
                       {"matches", trial.matches},
                       {"decides", trial.decides},
                       {"verdict", trial.verdict}});
    }
    return all;
}

Json path_json(const PathExplanation& path) {
    Json json;
    put_path(json, path.path);
    json["decides"] = path.decides;
    json["modules"] = path.name.module_names;
    json["state"] = path.name.state_name;
    json["layer_type"] = path.layer.type.empty() ? Json(nullptr) : Json(path.layer.type);
    json["kind"] = kind_name(path.layer.kind);
    json["role"] = role_name(path.layer.role);
    json["evidence"] = path.layer.evidence;
    json["rules"] = trials_json(path.rules, "rule");
    json["entries"] = trials_json(path.entries, "entry");
    json["outcome"] = path.outcome;
    return json;
}

Json groups_json(const PlanEntry& entry) {
    if (!entry.palettize) return nullptr;
    const Geometry& geometry = entry.task.geometry;
    Json groups{{"count", geometry.group_count}};
    groups["channels"] = geometry.group_axis ? Json(geometry.group_size) : Json(nullptr);
    groups["dimension"] = geometry.group_axis ? Json(*geometry.group_axis) : Json(nullptr);
    return groups;
}

Json axes_json(const TensorExplanation& explanation) {
    if (explanation.dataset->shape.size() < 2) return nullptr;
    const Layer& layer = explanation.how.decision.layer;
    return {{"output_dimension", layer.output.first},
            {"output_dimensions", layer.output.count},
            {"input_dimension", layer.input.first},
            {"input_dimensions", layer.input.count}};
}

const char* fate_name(RuleFate fate) {
    switch (fate) {
        case RuleFate::kDecides:
            return "decides";
        case RuleFate::kNamesNoState:
            return "names no state";
        case RuleFate::kShadowed:
            return "shadowed";
        case RuleFate::kExempt:
            return "optimizer state only";
        case RuleFate::kNothingFloating:
            return "nothing floating point";
        case RuleFate::kUnmatched:
            return "matches nothing";
    }
    return "";
}

}  // namespace

std::string explanation_json(const TensorExplanation& explanation) {
    const DatasetInfo& dataset = *explanation.dataset;
    const PlanEntry& entry = explanation.entry;
    const auto& spec = explanation.how.decision.spec;
    Json json;
    put_path(json, dataset.path);
    json["shape"] = dataset.shape;
    json["type"] = dataset.stored_type;
    json["action"] = entry.palettize ? "palettized" : "dense";
    json["reason"] = entry.reason;
    json["refused"] = explanation.refused.empty() ? Json(nullptr) : Json(explanation.refused);
    json["spec"] = spec ? Json::parse(spec_to_json(*spec)) : Json(nullptr);
    json["layout"] = layout_name(explanation.layout);
    json["layout_reason"] = explanation.layout_reason;
    json["axes"] = axes_json(explanation);
    json["groups"] = groups_json(entry);
    json["bytes_in"] = entry.bytes_in;
    json["bytes_out"] = entry.bytes_out;
    json["bits_per_weight"] = bits_per_weight(entry.bytes_out, dataset.element_count);
    json["memory_bytes"] = entry.memory_bytes;
    json["paths"] = Json::array();
    for (const PathExplanation& path : explanation.how.paths)
        json["paths"].push_back(path_json(path));
    json["filters"] = trials_json(explanation.how.filters, "filter");
    return json_text(json, 2) + "\n";
}

std::string survey_json(const RuleSurvey& survey) {
    Json json;
    json["rules"] = Json::array();
    for (const RuleFinding& finding : survey.rules) {
        json["rules"].push_back({{"rule", finding.rule},
                                 {"fate", fate_name(finding.fate)},
                                 {"text", finding.text},
                                 {"tensors", finding.tensors},
                                 {"palettized", finding.palettized}});
    }
    json["errors"] = survey.errors;
    json["warnings"] = survey.warnings;
    return json_text(json, 2) + "\n";
}

}  // namespace pal
