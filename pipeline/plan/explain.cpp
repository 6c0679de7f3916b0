#include "pipeline/plan/explain.hpp"

#include <algorithm>

#include "configs/rules/explain.hpp"
#include "configs/rules/find_candidate.hpp"
#include "configs/rules/survey.hpp"
#include "configs/rules/type_matches.hpp"
#include "pipeline/plan/file_layers.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

TensorExplanation explain_tensor(const CheckpointInfo& info, const Config& config,
                                 const PlanOptions& options, const std::string& tensor) {
    require_plannable(info);
    for (const DatasetInfo& dataset : info.dropped.evidence) {
        if (dataset.path == tensor ||
            std::ranges::find(dataset.aliases, tensor) != dataset.aliases.end())
            throw Error(ErrorCode::kUsage, tensor + ": --drop leaves it out");
    }
    const FileLayers layers = layers_of(info, {options.layout, options.types});
    const std::vector<Candidate>& candidates = layers.candidates;
    type_warnings(candidates, options.types, options.selection.allow_unmatched_rules);
    const std::size_t index = find_candidate(candidates, tensor);
    TensorExplanation explanation;
    explanation.dataset = &info.datasets[index];
    explanation.how =
        explain_decision(config, candidates, layers.table.types, options.selection, index);
    explanation.layout = options.layout.value_or(info.layout);
    explanation.layout_reason = options.layout ? "--layout" : info.layout_reason;
    try {
        explanation.entry =
            plan_entry(*explanation.dataset, explanation.how.decision, info, options);
    } catch (const Error& error) {
        explanation.entry.bytes_in = explanation.entry.bytes_out = explanation.dataset->bytes;
        explanation.entry.reason = explanation.refused = error.what();
    }
    if (options.strict && explanation.entry.misfit)
        explanation.refused = explanation.entry.reason + "; --strict makes this an error";
    return explanation;
}

RuleSurvey explain_rules(const CheckpointInfo& info, const Config& config,
                         const PlanOptions& options) {
    require_plannable(info);
    const FileLayers layers = layers_of(info, {options.layout, options.types});
    const std::vector<std::string> warnings =
        type_warnings(layers.candidates, options.types, options.selection.allow_unmatched_rules);
    RuleSurvey survey =
        survey_rules(config, layers.candidates, layers.table.types, options.selection);
    survey.warnings.insert(survey.warnings.begin(), warnings.begin(), warnings.end());
    return survey;
}

bool is_accepted(const RuleSurvey& survey, bool allow_unmatched_rules) {
    const bool unmatched = std::any_of(
        survey.rules.begin(), survey.rules.end(),
        [](const RuleFinding& finding) { return finding.fate == RuleFate::kUnmatched; });
    return survey.errors.empty() && (allow_unmatched_rules || !unmatched);
}

}  // namespace pal
