#include "configs/model/tensor_name.hpp"

#include <algorithm>

namespace pal {

namespace {

/// Splits a path at '/' and '.', and at '\\', which Keras 2.12 writes on Windows.
std::vector<std::string> components_of(const std::string& path) {
    std::vector<std::string> components(1);
    for (const char c : path) {
        if (c == '/' || c == '.' || c == '\\') {
            if (!components.back().empty()) components.emplace_back();
        } else {
            components.back() += c;
        }
    }
    if (components.back().empty() && components.size() > 1) components.pop_back();
    return components;
}

std::string without_tensor_suffix(const std::string& state) {
    const std::size_t colon = state.rfind(':');
    return colon != std::string::npos && all_digits(state.substr(colon + 1))
               ? state.substr(0, colon)
               : state;
}

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : ".") + part;
    return text;
}

/// True if `again` repeats a layer's name, as Keras does (conv2d_1/conv2d_1). Keras 2.0 adds a
/// number: block1_conv1/block1_conv1_1.
bool repeats(const std::string& layer, const std::string& again) {
    return again == layer ||
           (again.starts_with(layer + "_") && all_digits(again.substr(layer.size() + 1)));
}

std::vector<std::string> without_repetition(const std::vector<std::string>& parts) {
    std::vector<std::string> result;
    for (const std::string& part : parts) {
        if (result.empty() || !repeats(result.back(), part)) result.push_back(part);
    }
    return result;
}

void add_spelling(std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

TensorName tensor_name(const std::string& path) {
    std::vector<std::string> components = components_of(path);
    TensorName name;
    name.state_name = without_tensor_suffix(components.back());
    components.pop_back();
    // Keras 3 puts numbered variables into a group "vars", which is not a module.
    if (all_digits(name.state_name) && !components.empty() && components.back() == "vars") {
        add_spelling(name.module_names, joined(components));
        components.pop_back();
    }
    add_spelling(name.module_names, joined(components));
    add_spelling(name.module_names, joined(without_repetition(components)));
    if (!components.empty() && components.front() == "model_weights") {
        components.erase(components.begin());
        add_spelling(name.module_names, joined(components));
        add_spelling(name.module_names, joined(without_repetition(components)));
    }
    return name;
}

std::vector<std::string> dotted_paths(const std::string& path, const TensorName& name) {
    std::string raw = path.substr(path.starts_with('/') ? 1 : 0);
    std::replace(raw.begin(), raw.end(), '/', '.');
    std::vector<std::string> paths{raw};
    for (const std::string& module : name.module_names)
        paths.push_back(module + (module.empty() ? "" : ".") + name.state_name);
    return paths;
}

}  // namespace pal
