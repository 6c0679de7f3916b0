#include "pipeline/plan/plan_text.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace pal {

std::string spec_for_people(const PalettizationSpec& spec) {
    std::string text = fmt::format("{} bit", spec.n_bits);
    if (spec.granularity.kind == GranularityKind::kPerGroupedChannel) {
        text += fmt::format(", groups of {} on axis {}", spec.granularity.group_size,
                            spec.granularity.axis);
    }
    if (spec.cluster_dim > 1) text += fmt::format(", vectors of {}", spec.cluster_dim);
    if (spec.enable_per_channel_scale) text += ", scaled";
    if (spec.lut_qspec) text += fmt::format(", {} LUT", lut_dtype_name(spec.lut_qspec->dtype));
    return text;
}

const char* layout_name(Layout layout) noexcept {
    return layout == Layout::kKeras ? "keras" : "torch";
}

nlohmann::ordered_json widths_json(const WidthChoice& widths) {
    nlohmann::ordered_json json;
    json["budget_bytes"] = widths.budget_bytes > 0 ? nlohmann::ordered_json(widths.budget_bytes)
                                                   : nlohmann::ordered_json(nullptr);
    json["used_bytes"] = widths.used_bytes;
    json["bits_per_weight"] = bits_per_weight(widths.used_bytes, widths.weights);
    json["error"] = widths.error;
    json["least_error"] = widths.bound;
    return json;
}

std::string widths_for_people(const WidthChoice& widths) {
    std::string text = fmt::format("widths chosen: {:.4f} bits per weight",
                                   bits_per_weight(widths.used_bytes, widths.weights));
    if (widths.budget_bytes > 0) {
        text += fmt::format(" ({} of {} bytes); error {:.6g}, of at least {:.6g}",
                            widths.used_bytes, widths.budget_bytes, widths.error, widths.bound);
    }
    return text + "\n";
}

}  // namespace pal
