#include "pipeline/plan/axes.hpp"

#include <algorithm>

namespace pal {

namespace {

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

bool ends_with_weight_of_keras1(const std::string& path) {
    return path.ends_with("_W") || path.ends_with("_W:0");
}

/// Returns the class inside of wrappers, which has the weights: "TimeDistributed(Conv2D)" ->
/// "Conv2D".
std::string innermost(const std::string& keras_class) {
    const std::size_t begin = keras_class.rfind('(') + 1;  // 0 without a bracket
    return keras_class.substr(begin, keras_class.find(')', begin) - begin);
}

/// Returns the Keras class of the layer that a path lies in; empty if the file does not say.
std::string layer_type(const std::string& path,
                       const std::map<std::string, std::string>& layer_types) {
    std::size_t begin = 1;
    while (begin < path.size()) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const auto found = layer_types.find(path.substr(begin, end - begin));
        if (found != layer_types.end()) return innermost(found->second);
        begin = end + 1;
    }
    return "";
}

/// Recognizes Theano's order (out, in, rows, columns). Kernels are smaller than channel counts, so
/// the trailing dimensions are small.
bool looks_like_theano_order(const DatasetInfo& dataset) {
    const Shape& shape = dataset.shape;
    return ends_with_weight_of_keras1(dataset.path) && shape.size() >= 4 &&
           *std::max_element(shape.begin() + 2, shape.end()) < std::max(shape[0], shape[1]);
}

}  // namespace

AxisMap axis_map(const DatasetInfo& dataset, Layout layout,
                 const std::map<std::string, std::string>& layer_types) {
    const std::size_t rank = dataset.shape.size();
    if (rank < 2) return {0, 0};
    const AxisMap torch_order{0, 1};
    if (layout == Layout::kTorch || looks_like_theano_order(dataset)) return torch_order;

    const std::string type = layer_type(dataset.path, layer_types);
    const bool embedding = type == "Embedding" || contains(dataset.path, "/embeddings");
    if (embedding) return torch_order;
    const bool depthwise = contains(dataset.path, "depthwise_kernel") ||
                           type.starts_with("DepthwiseConv") ||
                           (contains(dataset.path, "depthwise_conv") && rank >= 3);
    const bool transposed = (type.starts_with("Conv") && type.ends_with("Transpose")) ||
                            (contains(dataset.path, "_transpose") && rank >= 3);
    if (depthwise || transposed) return {rank - 2, rank - 1};
    return {rank - 1, rank - 2};
}

}  // namespace pal
