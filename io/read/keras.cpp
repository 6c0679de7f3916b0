#include "io/read/keras.hpp"

#include <set>

#include "io/files/foreign_json.hpp"
#include "io/h5/attributes.hpp"

namespace pal {

namespace {

using Json = ForeignJson;

/// Returns the class of a layer, with the layer inside for a wrapper: "Bidirectional(GRU)". Empty
/// if the node is no layer.
std::string class_of(const Json& node, int depth) {
    if (!node.is_object() || depth > 10) return "";
    const auto type = node.find("class_name");
    if (type == node.end() || !type->is_string()) return "";
    const auto config = node.find("config");
    const bool has_config = config != node.end() && config->is_object();
    const std::string wrapped =
        has_config && config->contains("layer") ? class_of((*config)["layer"], depth + 1) : "";
    return type->get<std::string>() + (wrapped.empty() ? "" : "(" + wrapped + ")");
}

/// Returns the equation of an EinsumDense, also of a wrapped one; empty for other layers.
std::string equation_of(const Json& config, int depth) {
    if (!config.is_object() || depth > 10) return "";
    if (const auto equation = config.find("equation");
        equation != config.end() && equation->is_string())
        return equation->get<std::string>();
    const auto layer = config.find("layer");
    if (layer == config.end() || !layer->is_object() || !layer->contains("config")) return "";
    return equation_of((*layer)["config"], depth + 1);
}

/// Collects every class with a name: Keras configs nest models as layers and wrap layers ("layer":
/// {...}).
void collect_layers(const Json& node, CheckpointInfo& info) {
    if (node.is_object()) {
        const auto type = node.find("class_name");
        const auto config = node.find("config");
        if (type != node.end() && type->is_string() && config != node.end() &&
            config->is_object()) {
            const auto name = config->find("name");
            if (name != config->end() && name->is_string()) {
                info.layer_types.emplace(name->get<std::string>(), class_of(node, 0));
                std::string equation = equation_of(*config, 0);
                if (!equation.empty())
                    info.layer_equations.emplace(name->get<std::string>(), std::move(equation));
            }
        }
    }
    if (!node.is_structured()) return;
    for (const Json& child : node) collect_layers(child, info);
}

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Recognizes ".../vars/0", Keras 3's name for a variable of a layer.
bool is_keras3_path(const std::string& path) {
    const auto last = path.rfind('/');
    if (last == std::string::npos || !is_number(std::string_view(path).substr(last + 1)))
        return false;
    return std::string_view(path).substr(0, last).ends_with("/vars");
}

/// Notes the `name` attributes by which Keras 3 tells a layer's name from its path.
void note_layer_names(Checkpoint& checkpoint) {
    std::set<std::string> groups;
    for (const DatasetInfo& dataset : checkpoint.info.datasets) {
        if (is_keras3_path(dataset.path))
            groups.insert(dataset.path.substr(0, dataset.path.rfind('/')));
    }
    for (const std::string& path : groups) {
        const h5::Group group = h5::open_group(checkpoint.file.get(), path);
        if (const auto name = h5::read_string_attribute(group.get(), "name");
            name && !name->empty())
            checkpoint.info.layer_names.emplace(path, *name);
    }
}

std::string keras_attribute(hid_t group) {
    for (const char* name : {"keras_version", "backend", "layer_names", "weight_names"}) {
        if (h5::has_attribute(group, name)) return name;
    }
    return "";
}

std::string keras_reason(const Checkpoint& checkpoint) {
    const h5::Group root = h5::open_group(checkpoint.file.get(), "/");
    std::vector<std::pair<std::string, haddr_t>> places{{"/", h5::object_info(root.get()).addr}};
    for (const h5::Link& link : h5::list_links(root.get())) {
        if (link.type == H5L_TYPE_HARD) places.emplace_back("/" + link.name, link.address);
    }
    for (const auto& [place, address] : places) {
        const auto object = h5::open_at<h5::Object>(checkpoint.file.get(), address, place);
        const std::string name = keras_attribute(object.get());
        if (name.empty()) continue;
        const bool theano = name == "layer_names" && !h5::has_attribute(object.get(), "backend");
        return name + " attribute of " + place +
               (theano ? ", no backend (Theano's Keras 1 stores convolutions as (out, in, kh, kw))"
                       : "");
    }
    for (const DatasetInfo& dataset : checkpoint.info.datasets) {
        if (is_keras3_path(dataset.path)) return "Keras 3's vars/N names (" + dataset.path + ")";
    }
    return "";
}

}  // namespace

void detect_layout(Checkpoint& checkpoint) {
    const std::string reason = keras_reason(checkpoint);
    checkpoint.info.layout = reason.empty() ? Layout::kTorch : Layout::kKeras;
    checkpoint.info.layout_reason = reason.empty() ? "no Keras attributes" : reason;

    note_layer_names(checkpoint);
    const h5::Group root = h5::open_group(checkpoint.file.get(), "/");
    const auto config = h5::read_string_attribute(root.get(), "model_config");
    if (!config) return;
    try {
        collect_layers(json_or_null(*config), checkpoint.info);
    } catch (const Error& error) {
        throw error.in("attribute model_config of /");
    }
}

}  // namespace pal
