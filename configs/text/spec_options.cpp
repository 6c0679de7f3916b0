#include "configs/text/spec_options.hpp"

#include <yaml-cpp/yaml.h>

#include "configs/text/parse_spec.hpp"
#include "configs/text/presets.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

PalettizationSpec spec_from_fields(const std::map<std::string, std::string>& fields) {
    // The fields become a YAML document, so that the tables of config files validate them.
    YAML::Node spec(YAML::NodeType::Map);
    for (const auto& [field, text] : fields) {
        YAML::Node value = YAML::Node(text);
        value.SetTag("?");
        if (field == "granularity") {
            spec["granularity"]["type"] = value;
        } else if (field == "axis" || field == "group_size") {
            spec["granularity"][field] = value;
        } else if (field == "lut_dtype" || field == "lut_qscheme" || field == "lut_scale_dtype") {
            spec["lut_qspec"][field.substr(4)] = value;
        } else if (field != "lut_float_min" && field != "lut_float_max") {
            spec[field] = value;
        }
    }
    if (fields.count("lut_float_min") + fields.count("lut_float_max") > 0) {
        for (const char* end : {"lut_float_min", "lut_float_max"}) {
            YAML::Node value;
            if (const auto found = fields.find(end); found != fields.end()) {
                value = found->second;
                value.SetTag("?");
            }
            spec["lut_qspec"]["float_range"].push_back(value);
        }
    }
    const bool grouping = fields.count("axis") + fields.count("group_size") > 0;
    if (grouping && fields.count("granularity") == 0)
        spec["granularity"]["type"] = "per_grouped_channel";
    if (spec["lut_qspec"].IsDefined() && !spec["lut_qspec"]["dtype"].IsDefined()) {
        throw Error(ErrorCode::kUsage,
                    "--lut-qscheme, --lut-scale-dtype and --lut-float-* need --lut-dtype");
    }
    try {
        return yaml::parse_spec({spec, "options", "", {}});
    } catch (const Error& error) {
        // The position in "options:1:1: cluster_dim: found ..." means nothing to a user.
        const std::string text = error.what();
        const std::size_t space = text.find(": ");
        throw Error(ErrorCode::kUsage, "spec options: " + text.substr(space + 2));
    }
}

std::vector<std::string> allowed_field_values(std::string_view field) {
    return field == "preset" ? preset_names() : yaml::allowed_values(field);
}

}  // namespace pal
