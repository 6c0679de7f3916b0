#include "stages/tensor/spec.hpp"

#include <charconv>

namespace pal {

namespace {

std::string number_or_null(const std::optional<double>& value) {
    if (!value) return "null";
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, *value).ptr;
    return {buffer, end};
}

std::string granularity_to_json(const Granularity& granularity) {
    if (granularity.kind == GranularityKind::kPerTensor) return R"({"type":"per_tensor"})";
    return R"({"type":"per_grouped_channel","axis":)" + std::to_string(granularity.axis) +
           R"(,"group_size":)" + std::to_string(granularity.group_size) +
           (granularity.partial_groups ? R"(,"partial_groups":"allow"})" : "}");
}

std::string lut_qspec_to_json(const LutQSpec& lut) {
    std::string json = R"({"dtype":")";
    json += lut_dtype_name(lut.dtype);
    json += R"(","qscheme":")";
    json += qscheme_name(lut.qscheme);
    json += R"(","float_range":[)" + number_or_null(lut.float_min) + "," +
            number_or_null(lut.float_max) + "]";
    json += lut.e8m0_scale ? R"(,"scale_dtype":"float8_e8m0fnu"})" : R"(,"scale_dtype":null})";
    return json;
}

}  // namespace

std::string_view engine_name(Engine engine) noexcept {
    switch (engine) {
        case Engine::kFast:
            return "fast";
        case Engine::kExact:
            return "exact";
        case Engine::kReference:
            return "reference";
    }
    return "";
}

std::string_view lut_dtype_name(LutDType dtype) noexcept {
    switch (dtype) {
        case LutDType::kInt8:
            return "int8";
        case LutDType::kUInt8:
            return "uint8";
        case LutDType::kFloat8E4M3:
            return "float8_e4m3fn";
        case LutDType::kFloat8E5M2:
            return "float8_e5m2";
    }
    return "";
}

std::string_view qscheme_name(QScheme qscheme) noexcept {
    switch (qscheme) {
        case QScheme::kSymmetric:
            return "symmetric";
        case QScheme::kSymmetricWithClipping:
            return "symmetric_with_clipping";
        case QScheme::kAsymmetric:
            return "asymmetric";
    }
    return "";
}

std::string spec_to_json(const PalettizationSpec& spec) {
    std::string json = R"({"n_bits":)" + std::to_string(spec.n_bits);
    json += R"(,"granularity":)" + granularity_to_json(spec.granularity);
    json += R"(,"cluster_dim":)" + std::to_string(spec.cluster_dim);
    json += R"(,"enable_per_channel_scale":)";
    json += spec.enable_per_channel_scale ? "true" : "false";
    json += R"(,"lut_qspec":)" + (spec.lut_qspec ? lut_qspec_to_json(*spec.lut_qspec) : "null");
    return json + "}";
}

}  // namespace pal
