#include <boost/test/unit_test.hpp>
#include <ctime>

#include "configs/model/make_config.hpp"
#include "configs/text/parse_config.hpp"
#include "configs/text/presets.hpp"
#include "configs/text/spec_options.hpp"
#include "configs/write/config_json.hpp"
#include "configs/write/config_yaml.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/text.hpp"

using namespace pal;
using test::has;

namespace {

std::string message_of(const std::string& text) {
    try {
        (void)parse_config(text, "c.yaml");
    } catch (const Error& error) {
        BOOST_TEST((error.code() == ErrorCode::kUsage));
        return error.what();
    }
    return "accepted";
}

/// A config whose weights have the given spec, on one line.
std::string with_spec(const std::string& spec) {
    return "kmeans_palettization_config:\n  global_config:\n    op_state_spec:\n      weight: " +
           spec + "\n";
}

std::string repeated(const std::string& text, int times) {
    std::string result;
    for (int i = 0; i < times; ++i) result += text;
    return result;
}

void check_message(const std::string& text, const std::vector<std::string>& parts) {
    const std::string message = message_of(text);
    for (const std::string& part : parts) {
        BOOST_TEST(has(message, part), "'" << part << "' is not in: " << message);
    }
}

PalettizationSpec spec_of(const std::string& spec) {
    return parse_config(with_spec(spec), "c.yaml")
        .global_config->op_state_spec->front()
        .second.value();
}

// A config as coreai_opt's users write it: three levels, anchors in a map of their own, full types.
const char* const kThreeLevels = R"(
palettization_spec:
  four: &four
    n_bits: 4
    granularity: {type: per_grouped_channel, axis: 0, group_size: 16}
  eight: &eight
    n_bits: 8
    lut_qspec: {dtype: int8, qscheme: symmetric, granularity: {type: per_tensor}}
kmeans_palettization_config:
  global_config:
    op_state_spec:
      weight: *four
    enable_fast_kmeans_mode: true
    rounding_precision: 4
  module_type_configs:
    torch.nn.modules.conv.Conv2d:
      op_state_spec:
        weight:
          <<: *eight
          n_bits: 6
  module_name_configs:
    "(?!head).*fc\\d+":
      module_state_spec:
        weight: *eight
    head: null
)";

// All keys that coreai_opt's dumps add to a user's config, at all three levels.
const char* const kDump = R"(
palettization_spec: {}
kmeans_palettization_config:
  global_config:
    op_input_spec: null
    op_output_spec: null
    op_state_spec:
      weight:
        n_bits: 6
        granularity: {type: per_grouped_channel, axis: 1, group_size: 8}
        cluster_dim: 1
        enable_per_channel_scale: true
        training_strategy_config: {type: default}
        lut_qspec:
          dtype: torch.int8
          qscheme: asymmetric
          qformulation: zp
          granularity: {type: per_tensor, axis: null}
          float_range: [-1.5, null]
          scale_dtype: null
          fake_quantize_cls: default
          qparam_calculator_cls: static
          range_calculator_cls: minmax
      bias: null
    op_type_config: null
    op_name_config: null
    module_input_spec: null
    module_output_spec: null
    module_state_spec: null
    pat_schedule: null
    enable_fast_kmeans_mode: false
    rounding_precision: 5
  module_type_configs:
    torch.nn.modules.conv.Conv2d:
      op_input_spec: {"*": null}
      op_output_spec: {"*": null}
      op_state_spec: &of_type
        weight:
          n_bits: 2
          granularity: {type: per_tensor, axis: null}
          training_strategy_config: null
          lut_qspec:
            dtype: torch.float8_e5m2
            qscheme: symmetric
            scale_dtype: torch.float8_e8m0fnu
            float_range: [null, null]
            fake_quantize_cls: default
            qparam_calculator_cls: default
            range_calculator_cls: minmax
        bias: null
      op_type_config:
        conv2d: {op_input_spec: null, op_output_spec: {}, op_state_spec: *of_type}
      pat_schedule: null
  module_name_configs:
    "(?!head).*fc\\d+":
      enable_fast_kmeans_mode: false
      op_input_spec: {}
      op_state_spec: &of_name
        weight:
          n_bits: 3
          cluster_dim: 4
          lut_qspec: null
          training_strategy_config: {type: default}
        bias: null
      op_name_config:
        "fc.*": {op_input_spec: null, op_output_spec: null, op_state_spec: *of_name}
      module_state_spec: *of_name
      module_input_spec: {}
      module_output_spec: {}
      pat_schedule: null
)";

}  // namespace

BOOST_AUTO_TEST_SUITE(parsing)

BOOST_AUTO_TEST_CASE(a_config_of_coreai_opt_is_accepted_unchanged) {
    const Config config = parse_config(kThreeLevels, "c.yaml");
    BOOST_REQUIRE(config.global_config.has_value());
    BOOST_TEST(config.global_config->op_state_spec->front().second->granularity.group_size == 16U);
    BOOST_REQUIRE_EQUAL(config.module_type_configs.size(), 1U);
    const auto merged = config.module_type_configs[0].config->op_state_spec->front().second;
    BOOST_TEST(merged->n_bits == 6);
    BOOST_TEST(merged->lut_qspec.has_value());
    BOOST_REQUIRE_EQUAL(config.module_name_configs.size(), 2U);
    BOOST_TEST(config.module_name_configs[0].config->module_state_spec.front().second->n_bits == 8);
    BOOST_TEST(!config.module_name_configs[1].config.has_value());
    BOOST_TEST(config.module_name_configs[0].line == 22);
}

BOOST_AUTO_TEST_CASE(merge_keys_take_a_map_or_a_list_of_maps) {
    const std::string anchors =
        "palettization_spec:\n"
        "  a: &a {n_bits: 1, enable_per_channel_scale: true}\n"
        "  b: &b {n_bits: 2, lut_qspec: {dtype: uint8}}\n"
        "  c: &c {<<: *b, cluster_dim: 2}\n";
    const auto merged = [&](const std::string& spec) {
        return *parse_config(anchors + with_spec(spec), "c.yaml")
                    .global_config->op_state_spec->front()
                    .second;
    };
    const PalettizationSpec both = merged("{<<: [*a, *b]}");
    BOOST_TEST(both.n_bits == 1);  // the earlier map wins
    BOOST_TEST(both.enable_per_channel_scale);
    BOOST_TEST(both.lut_qspec.has_value());
    BOOST_TEST(merged("{<<: [*b, *a]}").n_bits == 2);
    BOOST_TEST(merged("{n_bits: 8, <<: [*a, *b]}").n_bits == 8);  // the map's own keys win
    BOOST_TEST(merged("{<<: [*b, *a], n_bits: 8}").n_bits == 8);
    BOOST_TEST(merged("{<<: [*c, *a]}").n_bits == 2);  // merged maps merge
    BOOST_TEST(merged("{<<: [*a, *c]}").cluster_dim == 2U);
    BOOST_TEST(merged("{<<: []}").n_bits == 4);
    check_message(anchors + with_spec("{<<: [*a, 3]}"), {"weight.<<", "'3'", "a list of maps"});
    check_message(anchors + with_spec("{<<: *a, n_bit: 3}"), {"unknown key 'n_bit'"});
    check_message(anchors + with_spec("{<<: null}"), {"weight.<<", "null"});
    check_message(anchors + with_spec("{\"<<\": {n_bits: 3}}"), {"unknown key '<<'"});
}

BOOST_AUTO_TEST_CASE(merged_rules_come_before_the_maps_own_as_in_python) {
    const Config config = parse_config(
        "palettization_spec: {x: &x {a: null, b: null}, y: &y {c: null, a: {}}}\n"
        "kmeans_palettization_config:\n  module_name_configs: {d: null, b: {}, <<: [*x, *y]}\n",
        "c");
    std::vector<std::string> names;
    for (const ModuleRule& rule : config.module_name_configs) {
        names.push_back(rule.name + (rule.config ? "+" : "-"));
    }
    const std::vector<std::string> expected{"c-", "a-", "b+", "d-"};  // what yaml.safe_load gives
    BOOST_TEST(names == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_config_of_many_rules_is_read_in_no_time) {
    std::string text = "kmeans_palettization_config:\n  module_name_configs:\n";
    for (int rule = 0; rule < 40000; ++rule) text += "    m" + std::to_string(rule) + ": null\n";
    const std::clock_t start = std::clock();  // of the processor: machines are shared
    BOOST_TEST(parse_config(text, "c").module_name_configs.size() == 40000U);
    BOOST_TEST(std::clock() - start < 20 * CLOCKS_PER_SEC);
}

BOOST_AUTO_TEST_CASE(json_is_read_by_the_same_parser) {
    const Config config = parse_config(
        R"({"kmeans_palettization_config": {"global_config": {"op_state_spec": {"weight": {"n_bits": 2}}}}})",
        "c.json");
    BOOST_TEST(config.global_config->op_state_spec->front().second->n_bits == 2);
}

BOOST_AUTO_TEST_CASE(defaults_are_upstreams) {
    const PalettizationSpec spec = spec_of("{}");
    BOOST_TEST((spec == PalettizationSpec{}));
    BOOST_TEST(spec.n_bits == 4);
    BOOST_TEST(spec_of("{granularity: {type: per_grouped_channel, axis: null, group_size: 8}}")
                   .granularity.axis == 0);
    BOOST_TEST(parse_config("kmeans_palettization_config: {module_name_configs: {a: null}}", "c")
                   .global_config.has_value());
    BOOST_TEST(!parse_config("kmeans_palettization_config: {global_config: null}", "c")
                    .global_config.has_value());
}

BOOST_AUTO_TEST_CASE(every_field_of_the_spec_is_read) {
    const PalettizationSpec spec = spec_of(
        "{n_bits: 3, granularity: {type: per_grouped_channel, axis: 1, group_size: 32}, "
        "cluster_dim: 2, "
        "enable_per_channel_scale: true, lut_qspec: {dtype: float8_e4m3, qscheme: symmetric, "
        "qformulation: zp, "
        "float_range: [-1, null], scale_dtype: float8_e8m0}}");
    BOOST_TEST(spec.n_bits == 3);
    BOOST_TEST(spec.granularity.axis == 1);
    BOOST_TEST(spec.granularity.group_size == 32U);
    BOOST_TEST(spec.cluster_dim == 2U);
    BOOST_TEST(spec.enable_per_channel_scale);
    BOOST_TEST((spec.lut_qspec->dtype == LutDType::kFloat8E4M3));
    BOOST_TEST(spec.lut_qspec->float_min.value() == -1.0);
    BOOST_TEST(!spec.lut_qspec->float_max.has_value());
    BOOST_TEST(spec.lut_qspec->e8m0_scale);
}

BOOST_AUTO_TEST_CASE(errors_say_where_what_and_what_is_allowed) {
    check_message(with_spec("{n_bits: 5}"),
                  {"c.yaml:4:24", "weight.n_bits", "'5'", "1, 2, 3, 4, 6, 8"});
    check_message(with_spec("{n_bits: \"4\"}"), {"n_bits", "'4'"});
    check_message(with_spec("{n_bits: 4.5}"), {"'4.5'"});
    check_message(with_spec("{n_bit: 4}"), {"unknown key 'n_bit'", "did you mean 'n_bits'?"});
    check_message(with_spec("{lut_qspec: {dtype: int4}}"),
                  {"lut_qspec.dtype", "'int4'", "int8, uint8"});
    check_message(with_spec("{lut_qspec: {dtypes: int8}}"),
                  {"unknown key 'dtypes'", "did you mean 'dtype'?"});
    check_message(with_spec("{lut_qspec: {dtype: float8_e5m2, qscheme: asymmetric}}"),
                  {"symmetric only"});
    check_message(with_spec("{lut_qspec: {qformulation: minval}}"), {"'minval'", "zp"});
    check_message(with_spec("{lut_qspec: {granularity: {type: per_channel}}}"),
                  {"'per_channel'", "per_tensor"});
    check_message(with_spec("{lut_qspec: {dtype: int8, scale_dtype: float8_e8m0fnu}}"),
                  {"FP8 only"});
    check_message(with_spec("{lut_qspec: {float_range: [1, 2]}}"), {"<= 0"});
    check_message(with_spec("{lut_qspec: {float_range: [.nan, 2]}}"), {".nan"});
    check_message(with_spec("{granularity: {type: per_grouped_channel}}"),
                  {"group_size is missing"});
    check_message(with_spec("{granularity: {type: per_grouped_channel, group_size: 0}}"),
                  {"'0'", ">= 1"});
    check_message(with_spec("{granularity: {type: per_grouped_channel, axis: 2, group_size: 4}}"),
                  {"'2'", "0, 1, null"});
    check_message(with_spec("{granularity: {type: per_block}}"),
                  {"'per_block'", "per_grouped_channel"});
    check_message(with_spec("{granularity: per_tensor}"), {"a map is wanted"});
    check_message(with_spec("{cluster_dim: 0}"), {"'0'", ">= 1"});
    check_message(with_spec("{enable_per_channel_scale: 1}"), {"true, false"});
    check_message("kmeans_palettization_config:\n  global_confg: null\n",
                  {"did you mean 'global_config'?"});
    check_message("quantization_config: {}\n", {"unknown key 'quantization_config'"});
    check_message("palettization_spec: {}\n", {"kmeans_palettization_config is missing"});
    check_message("", {"is empty"});
    check_message("a: [1\n", {"not YAML"});
    check_message(with_spec("{n_bits: 4, n_bits: 6}"), {"stands here again"});
    check_message("kmeans_palettization_config: {global_config: {module_state_spec: {weight: {}}}}",
                  {"module_state_spec"});
    check_message(
        "kmeans_palettization_config: {global_config: {op_input_spec: {\"*\": {dtype: int8}}}}",
        {"weight-only"});
    check_message(
        "kmeans_palettization_config: {global_config: {enable_fast_kmeans_mode: true, "
        "op_state_spec: "
        "{weight: {cluster_dim: 2}}}}",
        {"cluster_dim 2"});
}

BOOST_AUTO_TEST_CASE(a_null_axis_of_per_tensor_is_what_upstream_dumps) {
    BOOST_TEST(message_of(with_spec("{granularity: {type: per_tensor, axis: null}}")) ==
               "accepted");
    BOOST_TEST(message_of(with_spec(
                   "{lut_qspec: {dtype: int8, granularity: {type: per_tensor, axis: null}}}")) ==
               "accepted");
    check_message(with_spec("{granularity: {type: per_tensor, axis: 0}}"),
                  {"axis", "per_grouped_channel only"});
    check_message(with_spec("{lut_qspec: {dtype: int8, granularity: {type: per_tensor, axis: 0}}}"),
                  {"axis", "found '0'", "null"});
}

BOOST_AUTO_TEST_CASE(unknown_keys_are_errors_at_every_level) {
    const auto within = [](const std::string& module) {
        return "kmeans_palettization_config: {" + module + "}";
    };
    const std::string spec = "op_stat_spec: {weight: {}}";
    for (const std::string& text : {within("global_config: {" + spec + "}"),
                                    within("module_name_configs: {a: {" + spec + "}}"),
                                    within("module_type_configs: {A: {" + spec + "}}")}) {
        check_message(text,
                      {"c.yaml:1:", "unknown key 'op_stat_spec'", "did you mean 'op_state_spec'?"});
    }
    for (const std::string level : {"op_name_config", "op_type_config"}) {
        check_message(
            within("global_config: {" + level + ": {a: {op_state_spek: {weight: {}}}}}"),
            {level + ".a", "unknown key 'op_state_spek'", "did you mean 'op_state_spec'?"});
    }
    check_message(with_spec("{granularity: {type: per_grouped_channel, group_sise: 4}}"),
                  {"c.yaml:4:", "unknown key 'group_sise'", "did you mean 'group_size'?"});
    check_message(with_spec("{lut_qspec: {dtype: int8, granularity: {typ: per_tensor}}}"),
                  {"c.yaml:4:", "unknown key 'typ'", "did you mean 'type'?"});
    check_message("kmeans_palettization_config: {}\npaletization_spec: {}\n",
                  {"c.yaml:2:", "did you mean 'palettization_spec'?"});
}

BOOST_AUTO_TEST_CASE(everything_that_coreai_opt_dumps_is_read_at_every_level) {
    const Config config = parse_config(kDump, "c.yaml");
    const LutQSpec lut{LutDType::kInt8, QScheme::kAsymmetric, -1.5, {}, false};
    const PalettizationSpec of_global{
        6, {GranularityKind::kPerGroupedChannel, 1, 8, false}, 1, true, lut, false, 5};
    const auto check_only = [](const StateSpecs& specs, const PalettizationSpec& expected) {
        BOOST_REQUIRE_EQUAL(specs.size(), 2U);
        BOOST_TEST(specs[0].first == "weight");
        BOOST_TEST(spec_to_json(specs[0].second.value()) == spec_to_json(expected));
        BOOST_TEST((specs[0].second == expected));
        BOOST_TEST(specs[1].first == "bias");
        BOOST_TEST(!specs[1].second.has_value());
    };
    const ModuleConfig& global = config.global_config.value();
    BOOST_TEST(!global.enable_fast_kmeans_mode);
    BOOST_TEST(global.rounding_precision == 5);
    check_only(global.op_state_spec.value(), of_global);
    BOOST_TEST(global.op_type_config.empty());
    BOOST_TEST(global.op_name_config.empty());

    const LutQSpec float8{LutDType::kFloat8E5M2, QScheme::kSymmetric, {}, {}, true};
    const PalettizationSpec of_type{2, {}, 1, false, float8, true, 4};
    BOOST_REQUIRE_EQUAL(config.module_type_configs.size(), 1U);
    BOOST_TEST(config.module_type_configs[0].name == "torch.nn.modules.conv.Conv2d");
    const ModuleConfig& type = config.module_type_configs[0].config.value();
    check_only(type.op_state_spec.value(), of_type);
    BOOST_REQUIRE_EQUAL(type.op_type_config.size(), 1U);
    check_only(type.op_type_config[0].config.op_state_spec.value(), of_type);

    const PalettizationSpec of_name{3, {}, 4, false, {}, false, 4};
    BOOST_REQUIRE_EQUAL(config.module_name_configs.size(), 1U);
    const ModuleConfig& name = config.module_name_configs[0].config.value();
    check_only(name.op_state_spec.value(), of_name);
    check_only(name.module_state_spec, of_name);
    BOOST_REQUIRE_EQUAL(name.op_name_config.size(), 1U);
    check_only(name.op_name_config[0].config.op_state_spec.value(), of_name);
}

BOOST_AUTO_TEST_CASE(settings_of_training_have_no_effect_and_are_noted_once) {
    const auto note_of = [](const std::string& yaml) { return parse_config(yaml, "c.yaml").note; };
    BOOST_TEST(note_of(with_spec("{training_strategy_config: {type: default}}")).empty());
    BOOST_TEST(note_of(with_spec("{training_strategy_config: null}")).empty());
    for (const std::string key : {"training_strategy_config", "training_strategy_spec"}) {
        const std::string note = note_of(with_spec("{" + key + ": {type: qat, steps: [1, 2]}}"));
        BOOST_TEST(note.find(key + " is for training, and has no effect") != std::string::npos,
                   note);
    }
    BOOST_TEST(note_of("kmeans_palettization_config: {global_config: {pat_schedule: {steps: 3}}}")
                   .starts_with("c.yaml:1:"));
}

BOOST_AUTO_TEST_CASE(other_values_of_what_coreai_opt_dumps_are_errors) {
    check_message(with_spec("{lut_qspec: {fake_quantize_cls: mine}}"), {"'mine'", "default"});
    for (const char* name : {"default", "static", "moving_average", "global_minmax"}) {
        BOOST_TEST(spec_of(std::string("{lut_qspec: {qparam_calculator_cls: ") + name + "}}")
                       .lut_qspec.has_value());
    }
    check_message(with_spec("{lut_qspec: {qparam_calculator_cls: percentile}}"),
                  {"'percentile'", "static"});
    check_message(with_spec("{lut_qspec: {range_calculator_cls: percentile}}"),
                  {"'percentile'", "minmax"});
    check_message(with_spec("{lut_qspec: {dtype: torch.int4}}"), {"'torch.int4'", "int8"});
}

BOOST_AUTO_TEST_CASE(integers_are_read_as_pyyaml_and_pydantic_read_them) {
    const auto grouped = [](const std::string& size) {
        return "{granularity: {type: per_grouped_channel, group_size: " + size + "}}";
    };
    for (const char* size :
         {"16", "0x10", "020", "0b1_0000", "1_6", "+16", "16.0", "1.6e+1", "16.", "016.0", "\"16\"",
          "'+16'", "' 16 '", "\"16.0\"", "'16.00'", "'016'", "'1_6'", "!!str 16"}) {
        BOOST_TEST(spec_of(grouped(size)).granularity.group_size == 16U, size);
    }
    BOOST_TEST(spec_of(grouped("010")).granularity.group_size == 8U);
    BOOST_TEST(spec_of(grouped("'010'")).granularity.group_size == 10U);
    BOOST_TEST(spec_of(grouped("08")).granularity.group_size == 8U);
    BOOST_TEST(spec_of("{cluster_dim: '2'}").cluster_dim == 2U);
    BOOST_TEST(spec_of("{n_bits: 8.0}").n_bits == 8);
    BOOST_TEST(spec_of("{granularity: {type: per_grouped_channel, axis: '1', group_size: 8}}")
                   .granularity.axis == 1);
    BOOST_TEST(spec_of("{lut_qspec: {dtype: int8, float_range: [-010, 1.5]}}")
                   .lut_qspec->float_min.value() == -8);
    // PyYAML takes numbers such as 1e1 for texts, and pydantic refuses those for an integer.
    for (const char* size :
         {"1e1", "1.6e1", "1e+1", "'0x10'", "0o20", "16.5", "'16.5'", "'16.'", "'1__6'", "'_16'",
          "''", "' '", "'1e1'", ".inf", "~", "'0'", "'-1'", "0X10", "99999999999999999999"}) {
        check_message(with_spec(grouped(size)), {"group_size", "allowed are integers >= 1"});
    }
    check_message(with_spec(grouped("'" + std::string(5000, '0') + "1'")), {"group_size"});
}

BOOST_AUTO_TEST_CASE(quoted_numbers_and_booleans_are_texts) {
    check_message(with_spec("{n_bits: \"4\"}"), {"n_bits", "found the quoted text '4'"});
    check_message(with_spec("{enable_per_channel_scale: 'true'}"),
                  {"found the quoted text 'true', allowed are true, false"});
}

BOOST_AUTO_TEST_CASE(what_coreai_opt_computes_itself_must_be_left_out) {
    for (const std::string key :
         {"n_bits", "target_dtype", "_quant_range", "quant_min", "quant_max"}) {
        check_message(with_spec("{lut_qspec: {dtype: int8, " + key + ": 8}}"),
                      {"c.yaml:4:", "lut_qspec", "'" + key + "' is computed from dtype and qscheme",
                       "leave it out"});
    }
    check_message(with_spec("{quant_min: 8}"), {"unknown key 'quant_min'"});
}

BOOST_AUTO_TEST_CASE(hostile_documents_end_in_an_error) {
    std::string bomb = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n";
    for (int level = 1; level < 9; ++level) {
        bomb += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [";
        for (int i = 0; i < 10; ++i) bomb += (i == 0 ? "*a" : ", *a") + std::to_string(level - 1);
        bomb += "]\n";
    }
    check_message(bomb, {"c.yaml:", "more than 100000 nodes with aliases followed"});
    for (const std::string nest : {"[", "{", "? ", "- ", "{a: ", "- ? ", "[{a: ["}) {
        check_message(repeated(nest, 100000), {"c.yaml:1:", "nested deeper than 64"});
    }
    std::string indented;
    for (int depth = 0; depth < 100; ++depth) indented += repeated(" ", depth) + "a:\n";
    check_message(indented, {"c.yaml:65:65", "nested deeper than 64"});
    check_message("a: &a [*a]\n", {"nested deeper than 64"});
    check_message("[" + repeated("[],", 200000) + "]", {"more than 100000 nodes"});
    check_message(std::string(5 << 20, ' '), {"4 MiB"});
    check_message("a: 1\n---\nb: 2\n", {"several documents"});
}

BOOST_AUTO_TEST_CASE(text_that_is_not_utf8_is_refused_with_its_place) {
    const std::string head = "kmeans_palettization_config:\n  module_name_configs:\n";
    for (const std::string bytes : {"\xff", "\xc3", "\xed\xa0\x80", "a\x80"}) {
        check_message(head + "    \"" + bytes + ".*\": null\n", {"c.yaml:3:5: is not UTF-8"});
        check_message("a: [b, '" + bytes + "']\n", {"c.yaml:1:8: is not UTF-8"});
    }
    check_message("\xc3\xa9: 1\n", {"\xc3\xa9"});  // an unknown key, but text
}

BOOST_AUTO_TEST_CASE(merged_maps_cannot_be_a_bomb) {
    std::string bomb = "m0: &m0 {k0: 1}\n";
    for (int level = 1; level < 40; ++level) {
        const std::string below = "*m" + std::to_string(level - 1);
        const std::string name = std::to_string(level);
        bomb += "m" + name + ": &m" + name + " {<<: [" + below + ", " + below + "]}\n";
    }
    check_message(bomb, {"more than 100000 nodes with aliases followed"});
}

BOOST_AUTO_TEST_CASE(brackets_in_quotes_and_comments_do_not_nest) {
    const std::string classes = repeated("[ab]", 100) + repeated("[[]", 200);
    const Config config = parse_config("# " + repeated("[{", 500) +
                                           "\nkmeans_palettization_config:\n"
                                           "  module_name_configs:\n    '" +
                                           classes + "': null\n    \"" + classes + "x\": null\n",
                                       "c");
    BOOST_TEST(config.module_name_configs[0].name == classes);
    BOOST_TEST(config.module_name_configs.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_bad_pattern_is_an_error_of_the_config_wherever_it_stands) {
    check_message("kmeans_palettization_config:\n  module_name_configs:\n    'layers.(': null\n",
                  {"c.yaml:3:5", "module_name_configs 'layers.('", "not a regular expression",
                   "unterminated group at offset 7"});
    check_message(
        "kmeans_palettization_config:\n  global_config:\n    op_name_config:\n"
        "      fc: null\n      'a{2,1}': null\n",
        {"c.yaml:5:7", "op_name_config 'a{2,1}'", "not a regular expression", "at offset"});
    BOOST_CHECK_NO_THROW((void)parse_config(
        "kmeans_palettization_config: {module_type_configs: {\"layers.(\": null}}", "c"));
}

BOOST_AUTO_TEST_CASE(a_module_passes_its_rounding_on) {
    const Config config = parse_config(
        "kmeans_palettization_config: {global_config: {enable_fast_kmeans_mode: false, "
        "rounding_precision: 6, "
        "op_state_spec: {weight: {n_bits: 2}}}}",
        "c");
    BOOST_TEST(!config.global_config->op_state_spec->front().second->enable_fast_kmeans_mode);
    BOOST_TEST(config.global_config->op_state_spec->front().second->rounding_precision == 6);
}

BOOST_AUTO_TEST_CASE(a_resolved_config_reads_back_as_itself) {
    const Config config = parse_config(kThreeLevels, "c.yaml");
    const std::string json = config_to_json(config);
    BOOST_TEST(config_to_json(parse_config(json, "again")) == json);
}

BOOST_AUTO_TEST_CASE(a_config_as_yaml_reads_back_as_itself) {
    const char* const everything = R"(
kmeans_palettization_config:
  global_config:
    op_state_spec: {weight: {n_bits: 6, enable_per_channel_scale: true}, bias: null}
    op_type_config: {Linear: {op_state_spec: {weight: {cluster_dim: 4}}}, Conv2d: null}
    op_name_config: {'.*q': {op_state_spec: {'*': {n_bits: 2}}}}
    enable_fast_kmeans_mode: false
    rounding_precision: 7
  module_type_configs:
    Dense: {op_state_spec: {kernel: {lut_qspec: {dtype: float8_e5m2, scale_dtype: float8_e8m0fnu}}}}
  module_name_configs:
    'a "quoted" \\ name\.0': null
    'layers\.(?!0).*':
      module_state_spec:
        weight: {lut_qspec: {dtype: uint8, qscheme: asymmetric, float_range: [null, 1.5]}}
        "*": {granularity: {type: per_grouped_channel, axis: 1, group_size: 8, partial_groups: allow}}
)";
    for (const char* const text : {everything, kThreeLevels}) {
        const Config config = parse_config(text, "c.yaml");
        const Config again = parse_config(config_to_yaml(config), "again");
        BOOST_TEST(config_to_json(again) == config_to_json(config));
    }
    const Config nothing = parse_config("kmeans_palettization_config: {global_config: null}", "c");
    BOOST_TEST(!parse_config(config_to_yaml(nothing), "again").global_config);
}

BOOST_AUTO_TEST_CASE(presets_are_what_they_say) {
    for (const auto& [name, bits] : {std::pair{"w4", 4}, std::pair{"w6", 6}, std::pair{"w8", 8}}) {
        const PalettizationSpec spec =
            preset_config(name).global_config->op_state_spec->front().second.value();
        BOOST_TEST(spec.n_bits == bits);
        BOOST_TEST((spec.granularity.kind == GranularityKind::kPerTensor) == (bits == 8));
        BOOST_TEST(spec.granularity.axis == 0);
        if (bits != 8) BOOST_TEST(spec.granularity.group_size == 16U);
    }
    BOOST_CHECK_THROW((void)preset_config("w5"), Error);
}

BOOST_AUTO_TEST_CASE(options_are_validated_as_the_file_is) {
    const PalettizationSpec spec = spec_from_fields(
        {{"n_bits", "6"}, {"axis", "1"}, {"group_size", "4"}, {"lut_dtype", "uint8"}});
    BOOST_TEST(spec.n_bits == 6);
    BOOST_TEST(spec.granularity.axis == 1);
    BOOST_TEST((spec.granularity.kind == GranularityKind::kPerGroupedChannel));
    BOOST_TEST((spec.lut_qspec->dtype == LutDType::kUInt8));
    BOOST_CHECK_EXCEPTION((void)spec_from_fields({{"n_bits", "5"}}), Error, [](const Error& error) {
        return has(error.what(), "n_bits") && has(error.what(), "'5'") && !has(error.what(), ":1:");
    });
    BOOST_CHECK_THROW((void)spec_from_fields({{"lut_qscheme", "symmetric"}}), Error);
    BOOST_TEST(spec_from_fields({{"lut_dtype", "int8"}, {"lut_float_max", "2"}})
                   .lut_qspec->float_max.value() == 2.0);
}

BOOST_AUTO_TEST_SUITE_END()
