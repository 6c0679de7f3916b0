#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <ctime>

#include "configs/model/tensor_name.hpp"
#include "configs/rules/select.hpp"
#include "configs/text/parse_config.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/candidates.hpp"
#include "tests/support/text.hpp"

using namespace pal;
using test::has;

namespace {

Candidate weight(const std::string& path, std::size_t rank = 2) {
    return test::candidate(path, rank, true, 100);
}

/// Bits chosen for each path, 0 = dense.
std::vector<int> bits_of(const std::string& yaml, const std::vector<Candidate>& candidates,
                         const SelectionOptions& options = {},
                         const std::map<std::string, std::string>& types = {}) {
    std::vector<int> bits;
    for (const Decision& decision :
         test::select(parse_config(yaml, "c"), candidates, types, options).decisions) {
        bits.push_back(decision.spec ? decision.spec->n_bits : 0);
    }
    return bits;
}

std::string rules(const std::string& name_rules,
                  const std::string& global = "{op_state_spec: {weight: {n_bits: 4}}}") {
    return "kmeans_palettization_config: {global_config: " + global + ", module_name_configs: {" +
           name_rules + "}}";
}

std::string n_bits(int bits, const std::string& state = "weight") {
    return "{op_state_spec: {\"" + state + "\": {n_bits: " + std::to_string(bits) + "}}}";
}

/// For states that no operation of coreai_opt has, such as embeddings.
std::string module_bits(int bits, const std::string& state = "weight") {
    return "{module_state_spec: {\"" + state + "\": {n_bits: " + std::to_string(bits) + "}}}";
}

std::string message_of(const std::string& yaml, const std::vector<Candidate>& candidates,
                       const SelectionOptions& options = {}) {
    try {
        (void)test::select(parse_config(yaml, "c"), candidates, {}, options);
    } catch (const Error& error) {
        return error.what();
    }
    return "accepted";
}

const std::string kDefault = "kmeans_palettization_config: {}";
using Bits = std::vector<int>;

}  // namespace

BOOST_AUTO_TEST_SUITE(selection)

BOOST_AUTO_TEST_CASE(names_are_paths_with_dots_or_slashes) {
    BOOST_TEST(tensor_name("/layers/0/q_proj/weight").module_names[0] == "layers.0.q_proj");
    BOOST_TEST(tensor_name("/layers.0.q_proj.weight").module_names[0] == "layers.0.q_proj");
    BOOST_TEST(tensor_name("/conv2d_1/conv2d_1/kernel:0").state_name == "kernel");
    BOOST_TEST(tensor_name("/conv2d_1/conv2d_1/kernel:0").module_names.back() == "conv2d_1");
    BOOST_TEST(tensor_name("/layers/dense/vars/0").state_name == "0");
    BOOST_TEST(tensor_name("/layers/dense/vars/0").module_names.back() == "layers.dense");
    BOOST_TEST(tensor_name("/layers\\dense/vars/0").module_names.back() == "layers.dense");
}

BOOST_AUTO_TEST_CASE(default_states_are_selected_and_others_are_not) {
    const std::vector<Candidate> all{weight("/a/weight"),
                                     weight("/a/bias", 1),
                                     weight("/a/in_proj_weight"),
                                     weight("/b/kernel:0"),
                                     weight("/b/depthwise_kernel:0", 4),
                                     weight("/b/pointwise_kernel:0", 4),
                                     weight("/b/recurrent_kernel:0"),
                                     weight("/c/c_W"),
                                     weight("/c/c_b", 1),
                                     weight("/d/gamma", 1)};
    BOOST_TEST(bits_of(kDefault, all) == (Bits{4, 0, 4, 4, 4, 4, 4, 4, 0, 0}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_given_op_state_spec_replaces_the_default) {
    BOOST_TEST(bits_of(rules("", n_bits(6, "bias")), {weight("/a/weight"), weight("/a/bias", 1)}) ==
                   (Bits{0, 6}),
               boost::test_tools::per_element());
    BOOST_TEST(bits_of(rules("", n_bits(2, "*")), {weight("/a/weight"), weight("/a/bias", 1)}) ==
                   (Bits{2, 2}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(patterns_match_whole_paths_and_know_lookaheads) {
    const std::vector<Candidate> all{weight("/fc1/weight"), weight("/fc10/weight"),
                                     weight("/head/fc1/weight")};
    BOOST_TEST(bits_of(rules("fc1: " + n_bits(8)), all) == (Bits{8, 4, 4}),
               boost::test_tools::per_element());
    BOOST_TEST(bits_of(rules("\"(?!head).*fc\\\\d+\": " + n_bits(8)), all) == (Bits{8, 8, 4}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(names_beat_types_beat_global_and_later_entries_win) {
    const std::vector<Candidate> all{weight("/a/kernel:0"), weight("/b/kernel:0"),
                                     weight("/c/kernel:0", 4)};
    const std::map<std::string, std::string> types{{"a", "Dense"}, {"b", "Dense"}, {"c", "Conv2D"}};
    const std::string yaml =
        "kmeans_palettization_config: {global_config: " + n_bits(1) +
        ", module_type_configs: {torch.nn.modules.linear.Linear: " + n_bits(2) +
        "}, module_name_configs: {\"[ab]\": " + n_bits(3) + ", b: " + n_bits(6) + "}}";
    BOOST_TEST(bits_of(yaml, all, {}, types) == (Bits{3, 6, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(op_names_beat_op_types_beat_the_op_state_spec) {
    const auto config = [](const std::string& of_fc) {
        return "kmeans_palettization_config: {global_config: {op_state_spec: {weight: {n_bits: "
               "4}}, "
               "op_name_config: {'fc.*': " +
               of_fc + "}, op_type_config: {linear: " + n_bits(6) + "}}}";
    };
    const std::vector<Candidate> all{weight("/fc1/weight"), weight("/q/kernel:0"),
                                     weight("/c/kernel:0", 4)};
    const std::map<std::string, std::string> types{{"q", "Dense"}, {"c", "Conv2D"}};
    BOOST_TEST(bits_of(config(n_bits(2)), all, {}, types) == (Bits{2, 6, 4}),
               boost::test_tools::per_element());
    std::map<std::string, std::string> all_types = types;
    all_types["fc1"] = "Dense";
    BOOST_TEST(bits_of(config(n_bits(2)), all, {}, all_types) == (Bits{2, 6, 4}),
               boost::test_tools::per_element());
    for (const char* dense : {"null", "{op_state_spec: null}", "{op_state_spec: {weight: null}}"}) {
        BOOST_TEST(bits_of(config(dense), all, {}, all_types) == (Bits{0, 6, 4}),
                   boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(op_rules_work_inside_module_rules_and_the_later_one_wins) {
    const std::vector<Candidate> all{weight("/enc/fc1/weight"), weight("/enc/fc2/weight"),
                                     weight("/dec/fc1/weight")};
    const std::string yaml =
        rules("enc: {op_name_config: {'fc.': " + n_bits(2) + ", fc1: " + n_bits(3) + "}}");
    BOOST_TEST(bits_of(yaml, all) == (Bits{3, 2, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(torch_names_select_their_keras_counterparts_and_no_others) {
    struct Pair {
        const char* torch;
        const char* keras;
        std::string path;
        std::size_t rank;
    };
    const std::vector<Pair> pairs{
        {"torch.nn.modules.linear.Linear", "Dense", "/l/kernel:0", 2},
        {"torch.nn.modules.conv.Conv1d", "Conv1D", "/l/kernel:0", 3},
        {"torch.nn.modules.conv.Conv2d", "Conv2D", "/l/kernel:0", 4},
        {"torch.nn.modules.conv.Conv3d", "Conv3D", "/l/kernel:0", 5},
        {"torch.nn.modules.conv.ConvTranspose1d", "Conv1DTranspose", "/l/kernel:0", 3},
        {"torch.nn.modules.conv.ConvTranspose2d", "Conv2DTranspose", "/l/kernel:0", 4},
        {"torch.nn.modules.conv.ConvTranspose3d", "Conv3DTranspose", "/l/kernel:0", 5},
        {"torch.nn.modules.conv.Conv1d", "DepthwiseConv1D", "/l/depthwise_kernel:0", 3},
        {"torch.nn.modules.conv.Conv2d", "DepthwiseConv2D", "/l/depthwise_kernel:0", 4},
        {"torch.nn.modules.conv.Conv1d", "SeparableConv1D", "/l/pointwise_kernel:0", 3},
        {"torch.nn.modules.conv.Conv2d", "SeparableConv2D", "/l/pointwise_kernel:0", 4},
        {"torch.nn.modules.sparse.Embedding", "Embedding", "/l/embeddings:0", 2},
        {"torch.nn.modules.rnn.LSTM", "LSTM", "/l/recurrent_kernel:0", 2},
        {"torch.nn.modules.rnn.GRU", "GRU", "/l/recurrent_kernel:0", 2},
        {"torch.ops.aten.linear.default", "Dense", "/l/kernel:0", 2},
    };
    const std::string other = "/other/kernel:0";
    SelectionOptions relaxed;
    relaxed.allow_unmatched_rules = true;
    for (const Pair& rule : pairs) {
        // Names of aten operations: "aten.linear.default", "linear".
        const std::string name =
            std::string(rule.torch).starts_with("torch.ops.") ? rule.torch + 10 : rule.torch;
        for (const Pair& layer : pairs) {
            const bool counterparts =
                std::any_of(pairs.begin(), pairs.end(), [&](const Pair& pair) {
                    return std::string(pair.torch) == rule.torch &&
                           std::string(pair.keras) == layer.keras;
                });
            const int dense = std::string(layer.keras) == "Embedding" ? 0 : 4;
            BOOST_TEST(bits_of("kmeans_palettization_config: {module_type_configs: {" + name +
                                   ": " + module_bits(2) + "}}",
                               {weight(layer.path, layer.rank), weight(other)}, relaxed,
                               {{"l", layer.keras}, {"other", "Other"}}) ==
                           (Bits{counterparts ? 2 : dense, 4}),
                       name << " on " << layer.keras);
        }
    }
}

BOOST_AUTO_TEST_CASE(rules_match_both_spellings_of_a_repeated_layer_name) {
    for (const std::string path :
         {"/conv2d_1/conv2d_1/kernel:0", "/model_weights/conv2d_1/conv2d_1/kernel:0"}) {
        for (const std::string rule : {"conv2d_1", "conv2d_1\\.conv2d_1"}) {
            BOOST_TEST(bits_of(rules("'" + rule + "': " + n_bits(2)),
                               {weight(path, 4), weight("/conv2d_2/conv2d_2/kernel:0", 4)}) ==
                           (Bits{2, 4}),
                       rule << " on " << path);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_state_by_name_beats_the_star_in_either_order) {
    const std::vector<Candidate> all{weight("/a/weight"), weight("/a/bias", 1)};
    for (const char* states : {"{weight: {n_bits: 2}, \"*\": {n_bits: 6}}",
                               "{\"*\": {n_bits: 6}, weight: {n_bits: 2}}"}) {
        BOOST_TEST(
            bits_of(rules("", "{op_state_spec: " + std::string(states) + "}"), all) == (Bits{2, 6}),
            states);
    }
}

BOOST_AUTO_TEST_CASE(an_empty_rule_is_the_default_spec_for_the_default_states) {
    BOOST_TEST(bits_of(rules("a: {}", n_bits(2)), {weight("/a/weight"), weight("/b/weight"),
                                                   weight("/a/gamma")}) == (Bits{4, 2, 0}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(
    a_rule_covers_everything_below_it_and_a_later_parent_takes_over_with_a_warning) {
    const std::vector<Candidate> all{weight("/enc/0/fc/weight"), weight("/enc/1/fc/weight"),
                                     weight("/dec/weight")};
    BOOST_TEST(
        bits_of(rules("enc: " + n_bits(2) + ", enc.0: " + n_bits(8)), all) == (Bits{8, 2, 4}),
        boost::test_tools::per_element());
    const Selection shadowed = test::select(
        parse_config(rules("enc.0: " + n_bits(8) + ", enc: " + n_bits(2)), "c"), all, {}, {});
    BOOST_TEST(shadowed.decisions[0].spec->n_bits == 2);
    BOOST_REQUIRE_EQUAL(shadowed.warnings.size(), 1U);
    BOOST_TEST(has(shadowed.warnings[0], "'enc.0'"));
    BOOST_TEST(has(shadowed.warnings[0], "'enc'"));
}

BOOST_AUTO_TEST_CASE(module_state_specs_are_for_their_own_module_and_beat_op_state_specs) {
    const std::string yaml = rules(
        "enc: {op_state_spec: {weight: {n_bits: 2}}, module_state_spec: {weight: {n_bits: 8}}}");
    BOOST_TEST(bits_of(yaml, {weight("/enc/weight"), weight("/enc/fc/weight")}) == (Bits{8, 2}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_type_rule_covers_what_is_below_and_its_module_state_spec_does_not) {
    const std::vector<Candidate> all{weight("/block/weight"),         weight("/block/block/weight"),
                                     weight("/block/block_1/weight"), weight("/block/fc/weight"),
                                     weight("/block/extra/weight"),   weight("/fc/weight")};
    const std::map<std::string, std::string> types{{"block", "Block"}, {"fc", "Dense"}};
    const std::string block =
        "Block: {op_state_spec: {weight: {n_bits: 2}}, module_state_spec: {weight: {n_bits: 8}}}";
    const auto with_types = [](const std::string& type_rules) {
        return "kmeans_palettization_config: {module_type_configs: {" + type_rules + "}}";
    };
    BOOST_TEST(bits_of(with_types(block), all, {}, types) == (Bits{8, 8, 8, 2, 2, 4}),
               boost::test_tools::per_element());
    BOOST_TEST(bits_of(with_types(block + ", Dense: " + n_bits(6)), all, {}, types) ==
                   (Bits{8, 8, 8, 6, 2, 6}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(null_leaves_dense) {
    const std::vector<Candidate> all{weight("/a/weight"), weight("/b/weight")};
    BOOST_TEST(bits_of(rules("a: null"), all) == (Bits{0, 4}), boost::test_tools::per_element());
    BOOST_TEST(bits_of(rules("a: {op_state_spec: {weight: null}}"), all) == (Bits{0, 4}),
               boost::test_tools::per_element());
    BOOST_TEST(bits_of(rules("a: " + n_bits(2), "null"), all) == (Bits{2, 0}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_rule_that_matches_nothing_is_an_error_with_the_nearest_names) {
    const std::vector<Candidate> all{weight("/layers/0/q_proj/weight"),
                                     weight("/layers/0/k_proj/weight")};
    const std::string message = message_of(rules("layers.0.q_porj: " + n_bits(8)), all);
    BOOST_TEST(has(message, "layers.0.q_porj"));
    BOOST_TEST(has(message, "layers.0.q_proj"));
    BOOST_TEST(has(message_of(rules("layer: " + n_bits(8)), all), "the nearest are layers, "));
    SelectionOptions relaxed;
    relaxed.allow_unmatched_rules = true;
    BOOST_TEST(message_of(rules("layers.0.q_porj: " + n_bits(8)), all, relaxed) == "accepted");
}

BOOST_AUTO_TEST_CASE(a_rule_without_a_name_is_for_the_whole_model) {
    const std::vector<Candidate> all{weight("/weight"), weight("/enc/fc/weight")};
    BOOST_TEST(bits_of(rules("'': " + n_bits(2)), all) == (Bits{2, 2}),
               boost::test_tools::per_element());
    BOOST_TEST(bits_of(rules("'': " + n_bits(2) + ", enc: " + n_bits(3)), all) == (Bits{2, 3}),
               boost::test_tools::per_element());
    // As of every module, the states are its own.
    BOOST_TEST(bits_of(rules("'': " + module_bits(2)), all) == (Bits{2, 4}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(optimizer_state_needs_a_rule_that_names_it) {
    const std::vector<Candidate> all{weight("/m/kernel:0"),
                                     weight("/optimizer_weights/Adam/m/kernel:0")};
    BOOST_TEST(bits_of(rules("", n_bits(2, "*")), all) == (Bits{2, 0}),
               boost::test_tools::per_element());
    BOOST_TEST(bits_of(rules("\"optimizer_weights.*\": " + n_bits(8)), all) == (Bits{4, 8}),
               boost::test_tools::per_element());
    SelectionOptions options;
    options.include = "/optimizer.*";
    BOOST_TEST(bits_of(kDefault, all, options) == (Bits{4, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(optimizer_state_is_not_selected_by_the_type_of_its_layer) {
    const std::vector<Candidate> all{weight("/dense/kernel:0"),
                                     weight("/optimizer_weights/Adam/dense/kernel:0")};
    BOOST_TEST(
        bits_of("kmeans_palettization_config: {module_type_configs: {Dense: " + n_bits(2) + "}}",
                all, {}, {{"dense", "Dense"}}) == (Bits{2, 0}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(embeddings_need_a_rule_that_names_them) {
    const std::vector<Candidate> all{weight("/embed_tokens/weight"), weight("/fc/weight"),
                                     weight("/e/embeddings:0")};
    BOOST_TEST(bits_of(kDefault, all) == (Bits{0, 4, 0}), boost::test_tools::per_element());
    BOOST_TEST(bits_of(rules("embed_tokens: " + module_bits(8)), all) == (Bits{8, 4, 0}),
               boost::test_tools::per_element());
    BOOST_TEST(bits_of(rules("e: " + module_bits(8)), all) == (Bits{0, 4, 8}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(include_and_exclude_match_whole_dataset_paths) {
    const std::vector<Candidate> all{weight("/X"), weight("/raw/X"), weight("/v", 1),
                                     weight("/fc/weight")};
    SelectionOptions options;
    options.include = "/X|/v";
    BOOST_TEST(bits_of(kDefault, all, options) == (Bits{4, 0, 4, 4}),
               boost::test_tools::per_element());
    options.exclude = ".*";
    BOOST_TEST(has(message_of(kDefault, all, options), "nothing is selected"));
    options.exclude = "/fc/.*";
    BOOST_TEST(bits_of(kDefault, all, options) == (Bits{4, 0, 4, 0}),
               boost::test_tools::per_element());
    options = {};
    options.include = "/nothing";
    BOOST_TEST(has(message_of(kDefault, all, options), "/nothing"));
    options.include = "(";
    BOOST_TEST(has(message_of(kDefault, all, options), "not a regular expression"));
}

BOOST_AUTO_TEST_CASE(include_and_exclude_know_dotted_paths_and_modules) {
    const std::vector<Candidate> all{weight("/enc/0/fc/weight"), weight("/enc.1.fc.weight"),
                                     weight("/enc/1/fc/table"), weight("/dec/dec/kernel:0"),
                                     weight("/m/vars/0")};
    const auto included = [&](const std::string& expression) {
        SelectionOptions options;
        options.include = expression;
        return bits_of("kmeans_palettization_config: {global_config: null}", all, options);
    };
    const auto excluded = [&](const std::string& expression) {
        SelectionOptions options;
        options.exclude = expression;
        return bits_of(kDefault, all, options);
    };
    const auto check = [](const Bits& found, const Bits& expected) {
        BOOST_TEST(found == expected, boost::test_tools::per_element());
    };
    check(included("enc\\.\\d\\.fc\\.weight"), {4, 4, 0, 0, 0});
    check(included("enc\\.1\\.fc"), {0, 4, 4, 0, 0});
    check(included("enc"), {4, 4, 4, 0, 0});
    check(included("dec\\.kernel"), {0, 0, 0, 4, 0});
    check(included("dec\\.dec\\.kernel:0"), {0, 0, 0, 4, 0});
    check(included("m\\.weight"), {0, 0, 0, 0, 4});
    check(included("m\\.vars\\.0"), {0, 0, 0, 0, 4});
    check(excluded("enc\\.0\\.fc\\.weight"), {0, 4, 0, 4, 4});
    check(excluded("enc|m"), {0, 0, 0, 4, 0});
    // The reading as HDF5 paths holds for the whole file: dotted paths do not count.
    check(excluded("(?!/enc[/.]).*"), {4, 4, 0, 0, 0});
    SelectionOptions options;
    options.include = "enc\\.1\\.fc";
    BOOST_TEST(test::select(parse_config(kDefault, "c"), all, {}, options).decisions[2].reason ==
               "--include 'enc\\.1\\.fc' as a module name");
    options.include = "enc\\.1\\.fx";
    const std::string message = message_of(kDefault, all, options);
    BOOST_TEST(has(message, "matches nothing"), message);
    BOOST_TEST(has(message, "/enc/0/fc/weight"), message);
    BOOST_TEST(has(message, "a module, such as enc.0.fc"), message);
}

BOOST_AUTO_TEST_CASE(filters_that_match_only_what_is_never_palettized_say_so) {
    const std::vector<Candidate> all{weight("/a/weight"), weight("/a/bias", 1),
                                     test::candidate("/a/table", 2, false, 100)};
    SelectionOptions options;
    options.exclude = "/a/table";
    const Selection selection = test::select(parse_config(kDefault, "c"), all, {}, options);
    BOOST_REQUIRE_EQUAL(selection.warnings.size(), 1U);
    BOOST_TEST(selection.warnings[0] ==
               "--exclude '/a/table': matches /a/table, but nothing that could be palettized");
    BOOST_TEST(selection.decisions[0].spec.has_value());
    options = {};
    options.include = "/a/table";
    const std::string message = message_of(kDefault, all, options);
    BOOST_TEST(has(message, "matches /a/table, but no floating-point dataset with a dimension"),
               message);
}

BOOST_AUTO_TEST_CASE(nothing_selected_is_an_error_that_helps) {
    const std::string message = message_of(kDefault, {weight("/X"), weight("/obs/Y")});
    BOOST_TEST(has(message, "nothing is selected"));
    BOOST_TEST(has(message, "--include"));
    BOOST_TEST(has(message, "/obs/Y"));
}

BOOST_AUTO_TEST_CASE(nothing_selected_tells_why_a_state_of_the_right_name_is_none) {
    const std::string message = message_of(kDefault, {weight("/embed_tokens/weight")});
    BOOST_TEST(has(message, "looks for the states weight"), message);
    BOOST_TEST(has(message, "this file has the states weight (embedding); pass --include"),
               message);
}

BOOST_AUTO_TEST_CASE(the_alpha_of_an_activation_says_what_it_is) {
    const Selection selection =
        test::select(parse_config(kDefault, "c"),
                     {weight("/layers/p_re_lu/vars/0", 3), weight("/layers/dense/vars/0")},
                     {{"p_re_lu", "PReLU"}}, {});
    BOOST_TEST(selection.decisions[0].reason ==
               "'alpha' of an activation; --include or a rule's module_state_spec takes it in");
}

BOOST_AUTO_TEST_CASE(nothing_selected_names_the_states_that_the_config_looks_for) {
    const std::vector<Candidate> all{weight("/a/gamma")};
    const auto check = [&](const std::string& yaml, const std::string& expected) {
        const std::string message = message_of(yaml, all);
        BOOST_TEST(has(message, expected), message);
    };
    check(kDefault,
          "c looks for the states weight, in_proj_weight, kernel, this file has the states gamma;");
    check(rules("", n_bits(4, "bias")), "c looks for the states bias, this file has");
    check(rules("a: " + n_bits(4, "theta"), "null"), "c looks for the states theta, this file has");
    check(rules("", "null"), "c selects no state at all, this file has");
    SelectionOptions options;
    options.exclude = ".*";
    BOOST_TEST(has(message_of(kDefault, {weight("/a/weight")}, options),
                   "--exclude '.*' takes away all that c selects"));
}

BOOST_AUTO_TEST_CASE(a_rule_over_modules_without_floats_says_what_it_matched) {
    const std::vector<Candidate> all{weight("/fc/weight"),
                                     test::candidate("/quant/0/weight", 2, false, 100)};
    const Selection selection =
        test::select(parse_config(rules("quant: " + n_bits(2)), "c"), all, {}, {});
    BOOST_REQUIRE_EQUAL(selection.warnings.size(), 1U);
    BOOST_TEST(has(selection.warnings[0], "'quant' (c:1): matches quant, where nothing is "));
    BOOST_TEST(has(message_of(rules("quant.1: " + n_bits(2)), all), "matches no module"));
}

BOOST_AUTO_TEST_CASE(an_unmatched_type_names_the_types_and_the_nearest_known_one) {
    const auto message = [](const std::string& type) {
        try {
            (void)test::select(parse_config("kmeans_palettization_config: {module_type_configs: {" +
                                                type + ": " + n_bits(2) + "}}",
                                            "c"),
                               {weight("/a/kernel:0"), weight("/b/kernel:0")},
                               {{"a", "Dense"}, {"b", "TransformerBlock"}}, {});
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string("accepted");
    };
    BOOST_TEST(message("torch.nn.Linear") == "accepted");
    BOOST_TEST(message("my.TransformerBlock") == "accepted");
    BOOST_TEST(has(message("torch.nn.Conv2d"), "its types are Dense, TransformerBlock (--allow"),
               message("torch.nn.Conv2d"));
    BOOST_TEST(
        has(message("torch.nn.Linaer"), "'Linaer' is no type known here, did you mean 'Linear'?"));
    BOOST_TEST(has(message("TransfromerBlock"), "did you mean 'TransformerBlock'?"));
    BOOST_TEST(has(message("Qwertyuiop"), "'Qwertyuiop' is no type known here ("));
}

BOOST_AUTO_TEST_CASE(a_type_rule_that_a_name_rule_beats_everywhere_says_so) {
    const std::vector<Candidate> all{weight("/model_weights/d1/d1/kernel:0"),
                                     weight("/model_weights/c1/c1/kernel:0"),
                                     weight("/optimizer_weights/Adam/d1/kernel/m:0"),
                                     weight("/optimizer_weights/Adam/d2/kernel/m:0")};
    const std::map<std::string, std::string> types{{"d1", "Dense"}, {"d2", "Dense"}};
    const auto warnings = [&](const std::string& name_rules) {
        return test::select(
                   parse_config("kmeans_palettization_config: {module_type_configs: {Dense: " +
                                    n_bits(2) + "}, module_name_configs: {" + name_rules + "}}",
                                "c"),
                   all, types, {})
            .warnings;
    };
    BOOST_TEST(warnings("").empty());
    const auto beaten = warnings("d1: null");
    BOOST_REQUIRE_EQUAL(beaten.size(), 1U);
    BOOST_TEST(beaten[0] ==
               "module_type_configs 'Dense' (c:1): is shadowed: all that it matches is taken by "
               "module_name_configs 'd1' (c:1), as names beat types");
}

BOOST_AUTO_TEST_CASE(a_type_rule_over_optimizer_state_alone_says_so) {
    const std::vector<Candidate> all{weight("/a/weight"), weight("/optimizer/d1/weight")};
    const Selection selection = test::select(
        parse_config(
            "kmeans_palettization_config: {module_type_configs: {Dense: " + n_bits(2) + "}}", "c"),
        all, {{"d1", "Dense"}}, {});
    BOOST_REQUIRE_EQUAL(selection.warnings.size(), 1U);
    BOOST_TEST(has(selection.warnings[0], "matches optimizer.d1, optimizer state, which only"),
               selection.warnings[0]);
}

BOOST_AUTO_TEST_CASE(every_path_of_a_dataset_counts) {
    Candidate tied = weight("/embed_tokens/weight");
    tied.aliases = {"/lm_head/weight", "/optimizer/tied/weight"};
    const std::vector<Candidate> all{tied, weight("/other/weight")};
    const Selection by_default = test::select(parse_config(kDefault, "c"), all, {}, {});
    BOOST_TEST(by_default.decisions[0].spec->n_bits == 4);
    BOOST_TEST(by_default.decisions[0].reason == "global_config (c), as /lm_head/weight");
    BOOST_TEST(by_default.decisions[0].module_path == "lm_head");
    // A rule may name any of the paths. The later of several rules wins, whatever path it names.
    BOOST_TEST(bits_of(rules("lm_head: " + n_bits(2)), all) == (Bits{2, 4}));
    BOOST_TEST(bits_of(rules("embed_tokens: " + module_bits(3)), all) == (Bits{3, 4}));
    BOOST_TEST(bits_of(rules("optimizer.tied: " + n_bits(6)), all) == (Bits{6, 4}));
    const std::string head = "lm_head: " + n_bits(2);
    const std::string embedding = "embed_tokens: " + module_bits(3);
    BOOST_TEST(bits_of(rules(head + ", " + embedding), all) == (Bits{3, 4}));
    BOOST_TEST(bits_of(rules(embedding + ", " + head), all) == (Bits{2, 4}));
    BOOST_TEST(bits_of(rules("embed_tokens: null"), all) == (Bits{0, 4}));
    BOOST_TEST(bits_of(rules("lm_head: null, " + embedding), all) == (Bits{3, 4}));
    BOOST_TEST(bits_of(rules(embedding + ", lm_head: null"), all) == (Bits{0, 4}));
    // A rule that does not name the state has no say.
    BOOST_TEST(bits_of(rules("embed_tokens: " + n_bits(2, "bias")), all) == (Bits{4, 4}));
    // All paths are exempt: dense.
    tied.aliases = {"/optimizer/tied/weight"};
    BOOST_TEST(bits_of(kDefault, {tied, weight("/other/weight")}) == (Bits{0, 4}));
}

BOOST_AUTO_TEST_CASE(filters_and_messages_know_every_path) {
    Candidate tied = weight("/embed_tokens/table");
    tied.aliases = {"/lm_head/matrix"};
    const std::vector<Candidate> all{tied, weight("/other/weight")};
    for (const std::string include : {"/lm_head/.*", "lm_head\\.matrix", "lm_head", ".*/table"}) {
        BOOST_TEST(bits_of(kDefault, all, {include, ""}) == (Bits{4, 4}), include);
        BOOST_TEST(bits_of(kDefault, all, {".*", include}) == (Bits{0, 4}), include);
    }
    BOOST_TEST(has(message_of(rules("lm_haed: " + n_bits(2)), all), "the nearest are lm_head"));
    const Selection shadowed = test::select(
        parse_config(
            rules("lm_head: " + module_bits(2, "*") + ", embed_tokens: " + module_bits(3, "*")),
            "c"),
        all, {}, {});
    BOOST_REQUIRE_EQUAL(shadowed.warnings.size(), 1U);
    BOOST_TEST(has(shadowed.warnings[0],
                   "'lm_head' (c:1): is shadowed: all that it matches is taken by the later "
                   "module_name_configs 'embed_tokens'"),
               shadowed.warnings[0]);
}

BOOST_AUTO_TEST_CASE(a_wrapper_is_of_its_own_type_and_of_what_it_wraps) {
    const std::vector<Candidate> all{weight("/model_weights/bi/bi/forward_gru/gru_cell/kernel:0"),
                                     weight("/model_weights/td/td/kernel:0"),
                                     weight("/model_weights/d/d/kernel:0")};
    const std::map<std::string, std::string> types{
        {"bi", "Bidirectional(GRU)"}, {"gru", "GRU"}, {"td", "TimeDistributed(Dense)"},
        {"inner", "Dense"},           {"d", "Dense"}, {"lost", "LSTM"}};
    const auto yaml = [](const std::string& type_rules) {
        return "kmeans_palettization_config: {global_config: null, module_type_configs: {" +
               type_rules + "}}";
    };
    const auto bits = [&](const std::string& type_rules) {
        return bits_of(yaml(type_rules), all, {}, types);
    };
    BOOST_TEST(bits("torch.nn.GRU: " + n_bits(2)) == (Bits{2, 0, 0}));
    BOOST_TEST(bits("Bidirectional: " + n_bits(3)) == (Bits{3, 0, 0}));
    BOOST_TEST(bits("GRU: " + n_bits(2) + ", Bidirectional: " + n_bits(3)) == (Bits{3, 0, 0}));
    BOOST_TEST(bits("torch.nn.Linear: " + n_bits(2)) == (Bits{0, 2, 2}));
    BOOST_TEST(bits("TimeDistributed: " + n_bits(3) + ", Dense: " + n_bits(6)) == (Bits{0, 6, 6}));
    BOOST_TEST(bits("Dense: " + n_bits(6) + ", TimeDistributed: " + n_bits(3)) == (Bits{0, 3, 6}));
    try {
        (void)test::select(parse_config(yaml("LSTM: " + n_bits(2)), "c"), all, types, {});
        BOOST_ERROR("accepted");
    } catch (const Error& error) {
        const std::string text = error.what();
        BOOST_TEST(has(text,
                       "its types are Bidirectional, Dense, GRU, GRUCell, TimeDistributed; layer "
                       "'lost' is of this type, but has no tensors in this file"),
                   text);
    }
}

BOOST_AUTO_TEST_CASE(shadowing_is_found_for_parents_whose_children_all_have_rules) {
    const std::vector<Candidate> all{weight("/enc/0/weight"), weight("/enc-x/weight"),
                                     weight("/enc/1/weight")};
    const Selection selection = test::select(
        parse_config(rules("enc: " + n_bits(2) + ", enc.0: " + n_bits(3) + ", enc.1: " + n_bits(6)),
                     "c"),
        all, {}, {});
    BOOST_REQUIRE_EQUAL(selection.warnings.size(), 1U);
    BOOST_TEST(has(selection.warnings[0], "'enc' (c:1): is shadowed"));
    BOOST_TEST(has(selection.warnings[0], "later module_name_configs 'enc.0'"));
}

BOOST_AUTO_TEST_CASE(a_rule_that_names_no_state_of_its_modules_is_warned_of) {
    const auto warnings = [](const std::string& body) {
        return test::select(parse_config(rules(body), "c"),
                            {weight("/enc/weight"), weight("/enc/gain"), weight("/dec/weight")}, {},
                            {})
            .warnings;
    };
    const auto found = warnings("enc: {op_state_spec: {wieght: {n_bits: 2}}}");
    BOOST_REQUIRE_EQUAL(found.size(), 1U);
    BOOST_TEST(has(found[0], "'enc' (c:1): names no state"), found[0]);
    BOOST_TEST(has(found[0], "'weight' of enc, 'gain' of enc"), found[0]);
    for (const char* body :
         {"enc: {op_state_spec: {gain: {n_bits: 2}}}", "enc: {op_state_spec: {weight: null}}",
          "enc: {module_state_spec: {gain: {n_bits: 2}}}", "enc: null",
          "enc: {op_state_spec: null}"}) {
        BOOST_TEST(warnings(body).empty(), body);
    }
}

BOOST_AUTO_TEST_CASE(many_rules_over_many_modules_are_quick) {
    std::vector<Candidate> all;
    std::map<std::string, std::string> types;
    for (int layer = 0; layer < 3000; ++layer) {
        for (int part = 0; part < 10; ++part) {
            const std::string name = "part_" + std::to_string(part);
            all.push_back(
                weight("/model/layers/" + std::to_string(layer) + "/" + name + "/weight"));
            types[name] = part % 2 == 0 ? "Dense" : "Conv2D";
        }
    }
    SelectionOptions options;
    options.allow_unmatched_rules = true;
    for (const std::string key : {"model\\.layers\\.1#\\.part_7", "model.layers.7#.pert_[12]",
                                  ".*\\.1#\\.qart_7", ".*part_#x"}) {
        std::string body;
        for (int rule = 0; rule < 300; ++rule) {
            std::string name = key;
            name.replace(name.find('#'), 1, std::to_string(rule));
            body += (rule == 0 ? "'" : ", '") + name + "': " + n_bits(2);
        }
        const Config config = parse_config(rules(body), "c");
        const std::clock_t start = std::clock();  // processor time: machines are shared
        (void)test::select(config, all, types, options);
        const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
        BOOST_TEST_MESSAGE(key << ": " << seconds << " s");
        // Took 0.15 s when this was written, a tenth of 1000 rules over 100,000 modules.
        // Sanitizers are slower.
        BOOST_TEST(seconds < 20, key);
    }
}

BOOST_AUTO_TEST_CASE(a_name_of_nothing_but_dots_is_no_bomb) {
    std::string name;
    for (int dot = 0; dot < 30000; ++dot) name += "a.";
    BOOST_TEST(bits_of(rules("a: " + n_bits(2)), {weight("/" + name + "weight")}) == (Bits{2}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_type_rule_needs_types) {
    const std::string yaml =
        "kmeans_palettization_config: {module_type_configs: {torch.nn.Linear: " + n_bits(2) + "}}";
    BOOST_TEST(has(message_of(yaml, {weight("/a/gamma", 1)}), "module_name_configs"));
    BOOST_TEST(bits_of(yaml, {weight("/a/weight"), weight("/b/weight", 4)}) == (Bits{2, 4}));
}

BOOST_AUTO_TEST_CASE(what_is_no_tensor_of_weights_stays) {
    const std::vector<Candidate> all{weight("/a/weight"),
                                     test::candidate("/b/weight", 2, false, 100),
                                     test::candidate("/c/weight", 0, true, 1)};
    BOOST_TEST(bits_of(kDefault, all) == (Bits{4, 0, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_pattern_that_backtracks_without_end_is_an_error) {
    const std::vector<Candidate> all{weight("/" + std::string(60, 'a') + "/weight")};
    for (const std::string key : {"module_name_configs", "op_name_config"}) {
        const std::string rule = "{\"(a+)+[bc]\": {op_state_spec: {weight: {n_bits: 2}}}}";
        const std::string message =
            message_of(key == "op_name_config" ? rules("", "{op_name_config: " + rule + "}")
                                               : rules(rule.substr(1, rule.size() - 2)),
                       all);
        BOOST_TEST(has(message, "gives up on 'aaa"), message);
        BOOST_TEST(has(message, key + " '(a+)+[bc]'"), message);
    }
}

BOOST_AUTO_TEST_CASE(a_path_longer_than_the_machine_stack_of_a_pattern_is_matched) {
    const std::vector<Candidate> all{weight("/" + std::string(60000, 'a') + "/weight")};
    BOOST_TEST(bits_of(rules("\"(a|b|[cd]e)+\": " + n_bits(2)), all) == (Bits{2}),
               boost::test_tools::per_element());
}

namespace {

/// Files of one tensor each, with the types of their layers.
struct Files {
    std::vector<Candidate> candidates;
    std::vector<std::map<std::string, std::string>> types;

    [[nodiscard]] Selection select(const std::string& yaml,
                                   const SelectionOptions& options = {}) const {
        std::vector<CandidateFile> files;
        std::vector<Candidate> all;
        std::vector<test::Types> types_of_modules;
        for (std::size_t f = 0; f < candidates.size(); ++f) {
            std::vector<Candidate> own{candidates[f]};
            types_of_modules.push_back(test::described(own, types[f]));
            all.push_back(own.front());
        }
        for (std::size_t f = 0; f < candidates.size(); ++f)
            files.push_back({"file" + std::to_string(f) + ".h5", f, &types_of_modules[f]});
        return select_tensors_of_files(parse_config(yaml, "c"), all, files, options);
    }
    [[nodiscard]] std::string message(const std::string& yaml,
                                      const SelectionOptions& options = {}) const {
        try {
            (void)select(yaml, options);
        } catch (const Error& error) {
            return error.what();
        }
        return "accepted";
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(rules_of_several_files_must_match_in_one_of_them) {
    const Files files{{weight("/a/weight"), weight("/b/weight")}, {{}, {}}};
    const Selection both = files.select(rules("a: " + n_bits(8) + ", b: " + n_bits(6)));
    BOOST_TEST(both.decisions[0].spec->n_bits == 8);
    BOOST_TEST(both.decisions[1].spec->n_bits == 6);
    BOOST_TEST(both.warnings.empty());
    const std::string unmatched = files.message(rules("bb: " + n_bits(8)));
    BOOST_TEST(has(unmatched, "'bb' (c:1): matches no module of these files"));
    BOOST_TEST(has(unmatched, "the nearest are b"));  // in the second file
    // A rule may be shadowed in one file if it wins in the other.
    BOOST_TEST(files.select(rules("'[ab]': " + n_bits(8) + ", b: " + n_bits(6))).warnings.empty());
    BOOST_TEST(has(files.select(rules("b: " + n_bits(6) + ", '[ab]': " + n_bits(8))).warnings.at(0),
                   "shadowed"));
    // Nothing needs to be selected in one file if something is in the other.
    BOOST_TEST(files.message(rules("a: " + n_bits(8), "null")) == "accepted");
    BOOST_TEST(has(files.message(rules("", "null")), "these files have the states weight"));
}

BOOST_AUTO_TEST_CASE(filters_of_several_files_are_read_in_one_way) {
    const Files files{{weight("/a/weight"), weight("/fc/weight")}, {{}, {}}};
    // Read as HDF5 paths, it spares the second file's only tensor; read dotted, it would not.
    SelectionOptions options;
    options.exclude = "(?!/fc/).*";
    const Selection selection = files.select(kDefault, options);
    BOOST_TEST(!selection.decisions[0].spec);
    BOOST_TEST(selection.decisions[1].spec.has_value());
    options.exclude = "nothing";
    BOOST_TEST(has(files.message(kDefault, options), "matches nothing"));
}

BOOST_AUTO_TEST_CASE(each_of_several_files_has_its_own_layer_types) {
    const std::string yaml =
        "kmeans_palettization_config: {module_type_configs: {Dense: " + n_bits(8, "kernel") +
        ", Conv2D: " + n_bits(6, "kernel") + "}}";
    Files files{{weight("/x/kernel"), weight("/x/kernel")}, {{{"x", "Dense"}}, {{"x", "Conv2D"}}}};
    const Selection selection = files.select(yaml);
    BOOST_TEST(selection.decisions[0].spec->n_bits == 8);
    BOOST_TEST(selection.decisions[1].spec->n_bits == 6);
    BOOST_TEST(selection.warnings.empty());
    files.types[1].clear();
    files.candidates[1] = weight("/x/gamma");
    BOOST_TEST(has(files.message(yaml), "file1.h5: c: "));
    BOOST_TEST(has(files.message(yaml), "no layer of this file has a type"));
}

BOOST_AUTO_TEST_SUITE_END()
