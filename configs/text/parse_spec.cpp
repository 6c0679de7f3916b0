#include "configs/text/parse_spec.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "configs/text/values.hpp"

namespace pal::yaml {

namespace {

constexpr auto kAnyNumber = std::numeric_limits<long long>::max();

Choices<LutDType> lut_dtypes() {
    return {{{"int8", LutDType::kInt8},
             {"uint8", LutDType::kUInt8},
             {"float8_e4m3fn", LutDType::kFloat8E4M3},
             {"float8_e5m2", LutDType::kFloat8E5M2},
             {"float8_e4m3", LutDType::kFloat8E4M3}},
            true};
}

bool is_float8(LutDType dtype) {
    return dtype == LutDType::kFloat8E4M3 || dtype == LutDType::kFloat8E5M2;
}

/// Granularity of a LUT's scale. Upstream writes it out; there is only one.
struct PerTensor {};

struct NoAxis {
    static void check(const Place& place) {
        if (!is_null(place)) fail(place, "found " + shown(place) + ", per_tensor allows null");
    }
    static Schema schema() { return null_schema(); }
};

const FieldMap<PerTensor>& per_tensor_fields() {
    static const FieldMap<PerTensor> kFields{
        "lut_granularity",
        "How many scales a LUT has: one",
        {checked_field<PerTensor>("type", "The only one that there is", Only{{"per_tensor"}}),
         checked_field<PerTensor>("axis", "Has no meaning here: null", NoAxis{})},
        {}};
    return kFields;
}

std::optional<double> range_end(const Place& place) {
    if (is_null(place)) return std::nullopt;
    const double value = number(place, "numbers and null");
    if (!std::isfinite(value))
        fail(place, "found " + shown(place) + ", a range ends at finite numbers");
    return value;
}

void parse_float_range(const Place& place, LutQSpec& lut) {
    if (is_null(place)) return;
    if (!place.node.IsSequence() || place.node.size() != 2) {
        fail(place, "found " + shown(place) + ", allowed is [min, max] with numbers or null");
    }
    lut.float_min = range_end({place.node[0], place.source, place.path + "[0]", {}});
    lut.float_max = range_end({place.node[1], place.source, place.path + "[1]", {}});
    if (lut.float_min && *lut.float_min > 0)
        fail(place, fmt::format("min is {}, allowed is <= 0", *lut.float_min));
    if (lut.float_max && *lut.float_max < 0)
        fail(place, fmt::format("max is {}, allowed is >= 0", *lut.float_max));
    if (lut.float_min && lut.float_max && !(*lut.float_min < *lut.float_max)) {
        fail(place, fmt::format("min {} is not below max {}", *lut.float_min, *lut.float_max));
    }
}

Schema float_range_schema() {
    const Schema min{{"type", {"number", "null"}}, {"maximum", 0}};
    const Schema max{{"type", {"number", "null"}}, {"minimum", 0}};
    Schema range{{"type", "array"}, {"minItems", 2}, {"maxItems", 2}};
    range["prefixItems"] = Schema::array({min, max});
    range["not"] = {{"const", Schema::array({0, 0})}};
    return nullable(std::move(range));
}

/// Refuses the computed keys that a dump of upstream's QuantizationSpec holds. Upstream drops them,
/// so that a value that contradicts the settings would go unnoticed.
void refuse_computed(const Place& place) {
    for (const auto& [key, value] : entries(place)) {
        for (const char* computed :
             {"n_bits", "target_dtype", "_quant_range", "quant_min", "quant_max"}) {
            if (key != computed) continue;
            fail({value.key, value.source, value.path, {}},
                 "'" + key + "' is computed from dtype and qscheme; leave it out");
        }
    }
}

void check_lut_qspec(const Place& place, const LutQSpec& lut) {
    if (is_float8(lut.dtype) && lut.qscheme != QScheme::kSymmetric) {
        fail(place, fmt::format("dtype {} goes with qscheme symmetric only, found {}",
                                lut_dtype_name(lut.dtype), qscheme_name(lut.qscheme)));
    }
    if (!is_float8(lut.dtype) && lut.e8m0_scale) {
        fail(place,
             fmt::format("scale_dtype is for FP8 only, dtype is {}", lut_dtype_name(lut.dtype)));
    }
}

Schema lut_qspec_condition() {
    Choices<LutDType> float8 = lut_dtypes();
    std::erase_if(float8.choices, [](const auto& choice) { return !is_float8(choice.second); });
    Schema condition;
    condition["if"] = {{"properties", {{"dtype", float8.schema()}}},
                       {"required", Schema::array({"dtype"})}};
    condition["then"] = {{"properties", {{"qscheme", {{"const", "symmetric"}}}}}};
    condition["else"] = {{"properties", {{"scale_dtype", null_schema()}}}};
    return condition;
}

const FieldMap<LutQSpec>& lut_qspec_fields() {
    static const FieldMap<LutQSpec> kFields{
        "lut_qspec",
        "How the entries of a LUT are quantized",
        {field("dtype", "The type of the LUT's entries (default int8)", lut_dtypes(),
               &LutQSpec::dtype),
         field("qscheme", "Where the range lies about 0 (default symmetric); FP8: symmetric",
               Choices<QScheme>{{{"symmetric", QScheme::kSymmetric},
                                 {"symmetric_with_clipping", QScheme::kSymmetricWithClipping},
                                 {"asymmetric", QScheme::kAsymmetric}}},
               &LutQSpec::qscheme),
         checked_field<LutQSpec>("qformulation", "The only one that there is", Only{{"zp"}}),
         checked_field<LutQSpec>("granularity", per_tensor_fields().description,
                                 per_tensor_fields()),
         {"float_range", "[min, max] in place of the observed range; null: the observed end",
          parse_float_range, float_range_schema()},
         field("scale_dtype", "Scales that are powers of two, for FP8 only (default null)",
               Nullable{Choices<bool>{{{"float8_e8m0fnu", true}, {"float8_e8m0", true}}, true}},
               &LutQSpec::e8m0_scale),
         checked_field<LutQSpec>("fake_quantize_cls", "The only one that there is",
                                 Only{{"default"}}),
         checked_field<LutQSpec>("qparam_calculator_cls",
                                 "All mean the same for weights, which are observed once",
                                 Only{{"default", "static", "moving_average", "global_minmax"}}),
         checked_field<LutQSpec>("range_calculator_cls", "The only one that there is",
                                 Only{{"minmax"}})},
        {{check_lut_qspec, lut_qspec_condition()}}};
    return kFields;
}

/// Kind of value: a LUT's quantization. Computed keys get a message of their own.
struct LutQSpecKind {
    static void read(const Place& place, std::optional<LutQSpec>& lut) {
        refuse_computed(place);
        lut_qspec_fields().read(place, lut);
    }
    static Schema schema() { return lut_qspec_fields().schema(); }
};

void check_granularity(const Place& place, const Granularity& granularity) {
    bool has_type = false;
    bool has_group_size = false;
    const Place* grouped_key = nullptr;
    const auto all = entries(place);
    for (const auto& [key, value] : all) {
        if (key == "type") has_type = true;
        if (key == "group_size") has_group_size = true;
        const bool of_any = key == "type" || (key == "axis" && is_null(value));
        if (!of_any) grouped_key = &value;  // upstream also dumps a null axis for per_tensor
    }
    if (!has_type) fail(place, "type is missing, allowed are per_tensor, per_grouped_channel");
    const bool grouped = granularity.kind == GranularityKind::kPerGroupedChannel;
    if (grouped && !has_group_size)
        fail(place, "group_size is missing; per_grouped_channel needs an integer >= 1");
    if (!grouped && grouped_key != nullptr)
        fail(*grouped_key, "goes with type per_grouped_channel only");
}

Schema granularity_condition() {
    Schema condition{{"required", Schema::array({"type"})}};
    condition["if"] = {{"properties", {{"type", {{"const", "per_grouped_channel"}}}}}};
    condition["then"] = {{"required", Schema::array({"group_size"})}};
    condition["else"] = {
        {"properties",
         {{"axis", null_schema()}, {"group_size", false}, {"partial_groups", false}}}};
    return condition;
}

const FieldMap<Granularity>& granularity_fields() {
    static const FieldMap<Granularity> kFields{
        "granularity",
        "Which weights share a LUT",
        {field("type", "One LUT for a tensor, or one for every group of channels",
               Choices<GranularityKind>{
                   {{"per_tensor", GranularityKind::kPerTensor},
                    {"per_grouped_channel", GranularityKind::kPerGroupedChannel}}},
               &Granularity::kind),
         field("axis", "0: groups of output channels (default), 1: of input channels",
               Nullable{Integers{{0, 1}, "0, 1, null", true}}, &Granularity::axis),
         field("group_size", "Channels that share a LUT", Positive<std::uint64_t>{kAnyNumber},
               &Granularity::group_size),
         field("partial_groups", "Whether the last group may be smaller (default refuse)",
               Choices<bool>{{{"allow", true}, {"refuse", false}}}, &Granularity::partial_groups)},
        {{check_granularity, granularity_condition()}}};
    return kFields;
}

}  // namespace

const FieldMap<PalettizationSpec>& spec_fields() {
    using Spec = PalettizationSpec;
    static const FieldMap<Spec> kFields{
        "spec",
        "How a tensor is palettized",
        {field("n_bits", "Bits of an index: a LUT has 2^n_bits entries (default 4)",
               Integers{{1, 2, 3, 4, 6, 8}, "1, 2, 3, 4, 6, 8"}, &Spec::n_bits),
         field("granularity", granularity_fields().description + " (default per_tensor)",
               granularity_fields(), &Spec::granularity),
         field("cluster_dim", "Output channels that share an index (default 1)",
               Positive<std::uint64_t>{kAnyNumber}, &Spec::cluster_dim),
         field("enable_per_channel_scale",
               "Divide each output channel by its largest magnitude first (default false)",
               Boolean{}, &Spec::enable_per_channel_scale),
         field("lut_qspec", lut_qspec_fields().description + " (default null: they are not)",
               Nullable{LutQSpecKind{}}, &Spec::lut_qspec),
         checked_field<Spec>("training_strategy_config", "Is for training: no effect here",
                             ForTraining{}),
         checked_field<Spec>("training_strategy_spec", "Is for training: no effect here",
                             ForTraining{})},
        {}};
    return kFields;
}

PalettizationSpec parse_spec(const Place& place) {
    PalettizationSpec spec;
    spec_fields().read_into(place, spec);
    return spec;
}

std::vector<std::string> allowed_values(std::string_view field) {
    const auto of = [&](const auto& map, std::string_view key) {
        for (const auto& known : map.fields) {
            if (known.name == key) return listed_values(known.schema);
        }
        return std::vector<std::string>();
    };
    if (field == "n_bits") return of(spec_fields(), field);
    if (field == "granularity") return of(granularity_fields(), "type");
    if (field == "axis") return of(granularity_fields(), field);
    return field.starts_with("lut_") ? of(lut_qspec_fields(), field.substr(4))
                                     : std::vector<std::string>();
}

void add_spec_definitions(Schema& definitions) {
    const auto add = [&](const auto& map) { definitions[map.name] = map.definition(); };
    add(spec_fields());
    add(granularity_fields());
    add(lut_qspec_fields());
    add(per_tensor_fields());
}

}  // namespace pal::yaml
