#include "configs/parse_spec.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "configs/nearest.hpp"

namespace pal::yaml {

namespace {

template <class Value>
struct Choice {
    const char* name;
    Value value;
};

constexpr std::array<Choice<LutDType>, 5> kLutDTypes{{{"int8", LutDType::kInt8},
                                                      {"uint8", LutDType::kUInt8},
                                                      {"float8_e4m3fn", LutDType::kFloat8E4M3},
                                                      {"float8_e5m2", LutDType::kFloat8E5M2},
                                                      {"float8_e4m3", LutDType::kFloat8E4M3}}};
constexpr std::array<Choice<QScheme>, 3> kQSchemes{
    {{"symmetric", QScheme::kSymmetric},
     {"symmetric_with_clipping", QScheme::kSymmetricWithClipping},
     {"asymmetric", QScheme::kAsymmetric}}};
constexpr std::array<Choice<bool>, 2> kScaleDTypes{
    {{"float8_e8m0fnu", true}, {"float8_e8m0", true}}};

constexpr std::array<Choice<GranularityKind>, 2> kGranularities{
    {{"per_tensor", GranularityKind::kPerTensor},
     {"per_grouped_channel", GranularityKind::kPerGroupedChannel}}};
constexpr std::array<Choice<bool>, 2> kPartialGroups{{{"allow", true}, {"refuse", false}}};
constexpr std::array<int, 6> kBits{1, 2, 3, 4, 6, 8};
constexpr std::array<int, 2> kAxes{0, 1};

template <class Value, std::size_t count>
std::vector<std::string> names_of(const std::array<Choice<Value>, count>& choices) {
    std::vector<std::string> names;
    names.reserve(count);
    for (const auto& choice : choices) names.emplace_back(choice.name);
    return names;
}

template <std::size_t count>
std::vector<std::string> names_of(const std::array<int, count>& numbers) {
    std::vector<std::string> names;
    names.reserve(count);
    for (const int number : numbers) names.push_back(std::to_string(number));
    return names;
}

template <class Value, std::size_t count>
Value choose(const Place& place, const std::array<Choice<Value>, count>& choices) {
    const std::vector<std::string> names = names_of(choices);
    const std::string allowed = fmt::format("{}", fmt::join(names, ", "));
    std::string found = text(place, allowed);
    if (found.starts_with("torch.")) found.erase(0, 6);
    for (const auto& choice : choices) {
        if (found == choice.name) return choice.value;
    }
    const std::string near = nearest(found, names);
    fail(place, fmt::format("found {}, allowed are {}{}", shown(place), allowed,
                            near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
}

/// `also`: what else the place allows, for messages.
template <std::size_t count>
int number_of(const Place& place, const std::array<int, count>& numbers, const char* also = "") {
    const std::string allowed = fmt::format("{}{}", fmt::join(numbers, ", "), also);
    const long long found = integer(place, allowed);
    for (const int number : numbers) {
        if (found == number) return number;
    }
    fail(place, "found " + shown(place) + ", allowed are " + allowed);
}

/// A setting of upstream's that has one meaning here: any other value would be a silent difference.
void only(const Place& place, std::initializer_list<const char*> allowed) {
    const std::string list = fmt::format("{}", fmt::join(allowed, ", "));
    const std::string found = text(place, list);
    for (const char* choice : allowed) {
        if (found == choice) return;
    }
    fail(place, fmt::format("found {}, allowed are {}", shown(place), list));
}

void require_per_tensor(const Place& place) {
    require_known(place, {"type", "axis"});
    for (const auto& [key, value] : entries(place)) {
        if (key == "type") only(value, {"per_tensor"});
        if (key == "axis" && !is_null(value))
            fail(value, "found " + shown(value) + ", per_tensor allows null");
    }
}

std::optional<double> range_end(const Place& place) {
    if (is_null(place)) return std::nullopt;
    const double value = number(place, "numbers and null");
    if (!std::isfinite(value))
        fail(place, "found " + shown(place) + ", a range ends at finite numbers");
    return value;
}

void parse_float_range(const Place& place, LutQSpec& lut) {
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

/// What a dump of upstream's QuantizationSpec holds beside its settings. Upstream drops these keys
/// whatever their values; a value that contradicts the settings would then go unnoticed.
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

LutQSpec parse_lut_qspec(const Place& place) {
    refuse_computed(place);
    require_known(place,
                  {"dtype", "qscheme", "qformulation", "granularity", "float_range", "scale_dtype",
                   "fake_quantize_cls", "qparam_calculator_cls", "range_calculator_cls"});
    LutQSpec lut;
    for (const auto& [key, value] : entries(place)) {
        if (key == "dtype") lut.dtype = choose(value, kLutDTypes);
        if (key == "qscheme") lut.qscheme = choose(value, kQSchemes);
        if (key == "qformulation") only(value, {"zp"});
        if (key == "granularity") require_per_tensor(value);
        if (key == "float_range" && !is_null(value)) parse_float_range(value, lut);
        if (key == "scale_dtype" && !is_null(value)) lut.e8m0_scale = choose(value, kScaleDTypes);
        if (key == "fake_quantize_cls") only(value, {"default"});
        if (key == "qparam_calculator_cls") only(value, {"default", "static"});
        if (key == "range_calculator_cls") only(value, {"minmax"});
    }
    const bool float8 = lut.dtype == LutDType::kFloat8E4M3 || lut.dtype == LutDType::kFloat8E5M2;
    if (float8 && lut.qscheme != QScheme::kSymmetric) {
        fail(place, fmt::format("dtype {} goes with qscheme symmetric only, found {}",
                                lut_dtype_name(lut.dtype), qscheme_name(lut.qscheme)));
    }
    if (!float8 && lut.e8m0_scale) {
        fail(place,
             fmt::format("scale_dtype is for FP8 only, dtype is {}", lut_dtype_name(lut.dtype)));
    }
    return lut;
}

Granularity parse_granularity(const Place& place) {
    require_known(place, {"type", "axis", "group_size", "partial_groups"});
    Granularity granularity;
    bool has_type = false;
    bool has_group_size = false;
    const Place* grouped_key = nullptr;
    const auto all = entries(place);
    for (const auto& [key, value] : all) {
        if (key == "type") {
            granularity.kind = choose(value, kGranularities);
            has_type = true;
            continue;
        }
        if (key == "axis" && is_null(value)) continue;  // upstream dumps it for per_tensor too
        grouped_key = &value;
        if (key == "axis") {
            granularity.axis = number_of(value, kAxes, ", null");
        } else if (key == "group_size") {
            const long long size = integer(value, "integers >= 1");
            if (size < 1) fail(value, "found " + shown(value) + ", allowed are integers >= 1");
            granularity.group_size = static_cast<std::uint64_t>(size);
            has_group_size = true;
        } else if (key == "partial_groups") {
            granularity.partial_groups = choose(value, kPartialGroups);
        }
    }
    if (!has_type) fail(place, "type is missing, allowed are per_tensor, per_grouped_channel");
    const bool grouped = granularity.kind == GranularityKind::kPerGroupedChannel;
    if (grouped && !has_group_size)
        fail(place, "group_size is missing; per_grouped_channel needs an integer >= 1");
    if (!grouped && grouped_key != nullptr)
        fail(*grouped_key, "goes with type per_grouped_channel only");
    return granularity;
}

std::uint64_t parse_cluster_dim(const Place& place) {
    const long long dim = integer(place, "integers >= 1");
    if (dim < 1) fail(place, "found " + shown(place) + ", allowed are integers >= 1");
    return static_cast<std::uint64_t>(dim);
}

/// Newer upstream configs carry their training strategy; the default one is what happens here.
void require_default_training(const Place& place) {
    if (is_null(place)) return;
    for (const auto& [key, value] : entries(place)) {
        if (key != "type" || text(value, "default") != "default") {
            fail(value,
                 "training-time settings have no meaning for a checkpoint; leave the key out");
        }
    }
}

}  // namespace

PalettizationSpec parse_spec(const Place& place) {
    require_known(place, {"n_bits", "granularity", "cluster_dim", "enable_per_channel_scale",
                          "lut_qspec", "training_strategy_config"});
    PalettizationSpec spec;
    for (const auto& [key, value] : entries(place)) {
        if (key == "n_bits") spec.n_bits = number_of(value, kBits);
        if (key == "granularity") spec.granularity = parse_granularity(value);
        if (key == "cluster_dim") spec.cluster_dim = parse_cluster_dim(value);
        if (key == "enable_per_channel_scale") spec.enable_per_channel_scale = boolean(value);
        if (key == "lut_qspec" && !is_null(value)) spec.lut_qspec = parse_lut_qspec(value);
        if (key == "training_strategy_config") require_default_training(value);
    }
    return spec;
}

std::vector<std::string> allowed_values(std::string_view field) {
    if (field == "n_bits") return names_of(kBits);
    if (field == "granularity") return names_of(kGranularities);
    if (field == "axis") return names_of(kAxes);
    if (field == "lut_dtype") return names_of(kLutDTypes);
    if (field == "lut_qscheme") return names_of(kQSchemes);
    if (field == "lut_scale_dtype") return names_of(kScaleDTypes);
    return {};
}

}  // namespace pal::yaml
