#include "configs/rules/survey.hpp"

#include "configs/rules/check_selection.hpp"
#include "configs/rules/decider.hpp"
#include "configs/rules/rule_findings.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

RuleSurvey survey_rules(const Config& config, const std::vector<Candidate>& candidates,
                        const std::map<std::string, std::string>& layer_types,
                        const SelectionOptions& options) {
    const std::vector<CandidateFile> file{{"", 0, &layer_types}};
    Decider decider(config, candidates, file, options);
    const std::vector<Decision> decisions = decider.decide_all();
    RuleSurvey survey;
    survey.rules = rule_findings(decider.rules().front());
    survey.rules.emplace_back().rule = global_label(config);
    for (std::size_t c = 0; c < candidates.size(); ++c) {
        const std::optional<std::size_t> rule = decider.rule_of(c);
        if (!rule) continue;
        RuleFinding& finding = *rule == 0 ? survey.rules.back() : survey.rules[*rule - 1];
        ++finding.tensors;
        if (decisions[c].spec) ++finding.palettized;
    }
    const auto collect = [&](const auto& check) {
        try {
            check();
        } catch (const Error& error) {
            survey.errors.emplace_back(error.what());
        }
    };
    collect([&] { require_types(decider); });
    collect([&] { check_filters(decider, decisions, survey.warnings); });
    collect([&] { require_some(decider, decisions); });
    return survey;
}

}  // namespace pal
