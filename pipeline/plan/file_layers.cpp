#include "pipeline/plan/file_layers.hpp"

namespace pal {

namespace {

LayerHints hints_of(const CheckpointInfo& info, std::optional<Layout> layout) {
    LayerHints hints;
    hints.is_keras = info.layout == Layout::kKeras;
    hints.order_by_option = layout.has_value();
    hints.order_is_told = hints.is_keras || hints.order_by_option;
    hints.order = layout.value_or(info.layout) == Layout::kKeras ? DimensionOrder::kOutputLast
                                                                 : DimensionOrder::kOutputFirst;
    hints.order_reason = layout ? "--layout" : info.layout_reason;
    hints.classes = info.layer_types;
    hints.names = info.layer_names;
    return hints;
}

}  // namespace

FileLayers layers_of(const CheckpointInfo& info, std::optional<Layout> layout) {
    FileLayers layers;
    layers.candidates.reserve(info.datasets.size());
    for (const DatasetInfo& dataset : info.datasets) {
        layers.candidates.push_back({dataset.path, dataset.shape, dataset.dtype.has_value(),
                                     dataset.element_count, dataset.aliases});
    }
    layers.table = describe_layers(layers.candidates, hints_of(info, layout));
    return layers;
}

AxisMap axis_map(const Layer& layer) {
    return {layer.output.first, layer.input.first, layer.output.count, layer.input.count};
}

}  // namespace pal
