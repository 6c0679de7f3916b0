// The palettization spec: coreai_opt's PalettizationSpec, field for field. Values are validated and
// immutable; configs/ parses and validates them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pal {

enum class GranularityKind { kPerTensor, kPerGroupedChannel };

struct Granularity {
    GranularityKind kind = GranularityKind::kPerTensor;
    int axis = 0;                  // logical: 0 = output channels, 1 = input channels; grouped only
    std::uint64_t group_size = 0;  // channels per group, >= 1; grouped only
    /// Allows a smaller last group where group_size does not divide the axis. Not in coreai_opt.
    bool partial_groups = false;
    bool operator==(const Granularity&) const = default;
};

enum class LutDType { kInt8, kUInt8, kFloat8E4M3, kFloat8E5M2 };
enum class QScheme { kSymmetric, kSymmetricWithClipping, kAsymmetric };

struct LutQSpec {
    LutDType dtype = LutDType::kInt8;
    QScheme qscheme = QScheme::kSymmetric;
    std::optional<double> float_min;  // <= 0, replaces the observed minimum
    std::optional<double> float_max;  // >= 0, replaces the observed maximum
    bool e8m0_scale = false;          // scale_dtype: float8_e8m0fnu, FP8 only
    bool operator==(const LutQSpec&) const = default;
};

struct PalettizationSpec {
    int n_bits = 4;  // 1, 2, 3, 4, 6 or 8
    Granularity granularity;
    std::uint64_t cluster_dim = 1;
    bool enable_per_channel_scale = false;
    std::optional<LutQSpec> lut_qspec;
    // Module settings that travel with a spec. Only the reference engine uses them.
    bool enable_fast_kmeans_mode = true;
    int rounding_precision = 4;  // decimals, >= 1
    bool operator==(const PalettizationSpec&) const = default;
};

/// True if both ends of the LUT's range are given. Its scale is then of float32, whatever the type
/// of the weights.
[[nodiscard]] inline bool has_given_range(const LutQSpec& spec) noexcept {
    return spec.float_min && spec.float_max;
}

enum class Engine { kFast, kExact, kReference };

[[nodiscard]] std::string_view engine_name(Engine engine) noexcept;  // "fast", ...
[[nodiscard]] std::string_view lut_dtype_name(
    LutDType dtype) noexcept;  // "int8", "float8_e4m3fn", ...
[[nodiscard]] std::string_view qscheme_name(QScheme qscheme) noexcept;  // "symmetric", ...
/// Returns one line of JSON with every field of the spec, without the module settings. The file
/// stores it as `palettized_spec`, and the report shows it.
[[nodiscard]] std::string spec_to_json(const PalettizationSpec& spec);

}  // namespace pal
