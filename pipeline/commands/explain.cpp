// explain: shows which rule gives a tensor its spec, or what each rule of a config selects. Writes
// nothing.
#include "pipeline/plan/explain.hpp"

#include <iostream>

#include "pipeline/cli/options.hpp"
#include "pipeline/commands/commands.hpp"
#include "pipeline/plan/explain_json.hpp"
#include "pipeline/plan/explain_text.hpp"
#include "pipeline/run/scan_inputs.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

int execute_explain(const Arguments& arguments) {
    const CheckpointInfo info = open_input(arguments.positionals[0], arguments).info;
    const Config config = config_from(arguments);
    const PlanOptions options = plan_options_from(arguments);
    const bool json = arguments.flag("json");
    if (arguments.positionals.size() == 2) {
        const auto tensor = explain_tensor(info, config, options, arguments.positionals[1]);
        std::cout << (json ? explanation_json(tensor) : explanation_text(tensor));
        return 0;
    }
    const RuleSurvey survey = explain_rules(info, config, options);
    std::cout << (json ? survey_json(survey) : survey_text(survey));
    return is_accepted(survey, options.selection.allow_unmatched_rules)
               ? 0
               : static_cast<int>(ErrorCode::kCheckFailed);
}

}  // namespace

Command explain_command() {
    return {"explain",
            "IN.h5 [TENSOR]",
            "shows each rule tried on a tensor, and which won; or what all rules come to",
            "h5palettize explain model.h5 layers.0.fc.weight --config palettize.yaml",
            1,
            2,
            {OptionGroup::kConfig, OptionGroup::kTrust, OptionGroup::kThreads, OptionGroup::kJson},
            execute_explain};
}

}  // namespace pal
