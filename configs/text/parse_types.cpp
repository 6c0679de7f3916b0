#include "configs/text/parse_types.hpp"

#include <fmt/format.h>

#include "configs/layers/layer_classes.hpp"
#include "configs/model/layer_types.hpp"
#include "configs/text/nearest.hpp"
#include "configs/text/text_file.hpp"
#include "configs/text/yaml.hpp"

namespace pal {

std::vector<TypeRule> parse_types(std::string_view text, const std::string& source) {
    const yaml::Place document = yaml::load(text, source);
    std::vector<TypeRule> rules;
    for (const auto& [pattern, value] : yaml::entries(document)) {
        std::string type = yaml::text(value, "names of layer types, such as Dense or Linear");
        if (kind_of_class(type) == LayerKind::kUnknown && !is_wrapper(type)) {
            const std::string near = nearest(short_layer_type(type), known_layer_types());
            yaml::fail(value,
                       fmt::format("'{}' is no type known here{}", type,
                                   near.empty() ? "" : fmt::format(", did you mean '{}'?", near)));
        }
        const std::string origin = yaml::position(value) + ": '" + pattern + "'";
        rules.push_back({Pattern(pattern, origin), pattern, std::move(type), origin});
    }
    return rules;
}

std::vector<TypeRule> load_types(const std::string& file, const std::string& label) {
    return parse_types(read_text_file(file, label), file);
}

}  // namespace pal
