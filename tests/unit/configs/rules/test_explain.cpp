#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "configs/rules/explain.hpp"
#include "configs/rules/find_candidate.hpp"
#include "configs/rules/select.hpp"
#include "configs/rules/survey.hpp"
#include "configs/text/parse_config.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/candidates.hpp"

using namespace pal;

namespace {

const char* const kConfig = R"(
kmeans_palettization_config:
  module_type_configs:
    Dense: {op_state_spec: {weight: {n_bits: 2}}}
    Conv2D: null
  module_name_configs:
    enc: {op_state_spec: {weight: {n_bits: 3}}, op_name_config: {fc: {op_state_spec: {"*": {n_bits: 6}}}}}
    "enc\\.0.*": {op_state_spec: {bias: {n_bits: 1}}}
    head: null
    nowhere: null
)";

std::vector<Candidate> candidates() {
    return {test::candidate("/enc/fc/weight", 2, true, 100),
            test::candidate("/enc/0/fc/weight", 2, true, 100, {"/head/weight"}),
            test::candidate("/enc/0/fc/bias", 1, true, 10),
            test::candidate("/conv/kernel:0", 4, true, 100),
            test::candidate("/dense/kernel:0", 2, true, 100, {"/enc/tied"}),
            test::candidate("/optimizer/dense/kernel:0", 2, true, 100),
            test::candidate("/embed/weight", 2, true, 100),
            test::candidate("/other/weight", 2, true, 1),
            test::candidate("/other/steps", 1, false, 4)};
}

const std::map<std::string, std::string> kTypes{{"dense", "Dense"}, {"conv", "Conv2D"}};

}  // namespace

BOOST_AUTO_TEST_SUITE(explanations)

BOOST_AUTO_TEST_CASE(what_is_explained_is_what_is_decided) {
    const Config config = parse_config(kConfig, "c");
    std::vector<Candidate> all = candidates();
    const test::Types types = test::described(all, kTypes);
    SelectionOptions options;
    options.allow_unmatched_rules = true;
    const Selection selection = select_tensors(config, all, types, options);
    for (std::size_t c = 0; c < all.size(); ++c) {
        const Explanation explanation = explain_decision(config, all, types, options, c);
        const Decision& decision = selection.decisions[c];
        BOOST_TEST((explanation.decision.spec == decision.spec), all[c].path);
        BOOST_TEST(explanation.decision.reason == decision.reason);
        if (!all[c].is_float) {
            BOOST_TEST(explanation.paths.empty());
            continue;
        }
        BOOST_TEST(explanation.paths.size() == 1 + all[c].aliases.size());
        BOOST_TEST(std::ranges::count_if(explanation.paths, &PathExplanation::decides) == 1);
        for (const PathExplanation& path : explanation.paths) {
            // All rules are told, and the first one that matches decides.
            BOOST_TEST(path.rules.size() == 7U);
            BOOST_TEST(std::ranges::count_if(path.rules, &Trial::decides) == 1);
            BOOST_TEST(std::ranges::find_if(path.rules, &Trial::matches)->decides, path.path);
            const auto covering = std::ranges::find_if(path.entries, &Trial::matches);
            if (covering != path.entries.end()) BOOST_TEST(covering->decides, path.path);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_survey_finds_what_a_selection_warns_of) {
    const Config config = parse_config(kConfig, "c");
    SelectionOptions options;
    options.allow_unmatched_rules = true;
    std::vector<Candidate> all = candidates();
    const test::Types types = test::described(all, kTypes);
    const Selection selection = select_tensors(config, all, types, options);
    const RuleSurvey survey = survey_rules(config, all, types, {});
    std::vector<std::string> texts;
    for (const RuleFinding& finding : survey.rules) {
        if (!finding.text.empty()) texts.push_back(finding.text);
    }
    BOOST_TEST(texts == selection.warnings, boost::test_tools::per_element());
    BOOST_TEST(!texts.empty());
    BOOST_TEST(survey.errors.empty());
}

BOOST_AUTO_TEST_CASE(a_tensor_is_found_by_each_of_its_names) {
    std::vector<Candidate> all = candidates();
    (void)test::described(all, kTypes);
    for (const char* name : {"/enc/0/fc/weight", "/head/weight", "enc.0.fc.weight", "head/weight"})
        BOOST_TEST(find_candidate(all, name) == 1U, name);
    BOOST_TEST(find_candidate(all, "dense.kernel") == 4U);
    BOOST_CHECK_EXCEPTION((void)find_candidate(all, "enc.fc.wight"), Error, [](const Error& error) {
        return std::string(error.what()).find("/enc/fc/weight") != std::string::npos;
    });
    std::vector<Candidate> both{test::candidate("/a/b", 2, true, 4),
                                test::candidate("/a.b", 2, true, 4)};
    (void)test::described(both, {});
    BOOST_TEST(find_candidate(both, "/a.b") == 1U);
    BOOST_CHECK_THROW((void)find_candidate(both, "a.b"), Error);
}

BOOST_AUTO_TEST_SUITE_END()
