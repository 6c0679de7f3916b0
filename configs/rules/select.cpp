#include "configs/rules/select.hpp"

#include "configs/rules/check_selection.hpp"
#include "configs/rules/decider.hpp"
#include "configs/rules/rule_findings.hpp"

namespace pal {

Selection select_tensors(const Config& config, const std::vector<Candidate>& candidates,
                         const std::map<std::string, std::string>& layer_types,
                         const SelectionOptions& options) {
    return select_tensors_of_files(config, candidates, {{"", 0, &layer_types}}, options);
}

Selection select_tensors_of_files(const Config& config, const std::vector<Candidate>& candidates,
                                  const std::vector<CandidateFile>& files,
                                  const SelectionOptions& options) {
    Decider decider(config, candidates, files, options);
    require_types(decider);
    Selection selection;
    selection.decisions = decider.decide_all();
    selection.warnings = rule_warnings(config, decider.rules(), options.allow_unmatched_rules);
    if (!config.note.empty()) selection.warnings.insert(selection.warnings.begin(), config.note);
    check_filters(decider, selection.decisions, selection.warnings);
    require_some(decider, selection.decisions);
    return selection;
}

}  // namespace pal
