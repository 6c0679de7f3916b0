#include "pipeline/plan/file_layers.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace pal {

namespace {

LayerHints hints_of(const CheckpointInfo& info, const LayerOptions& options) {
    const std::optional<Layout>& layout = options.layout;
    LayerHints hints;
    hints.is_keras = info.layout == Layout::kKeras;
    hints.order_by_option = layout.has_value();
    hints.order_is_told = hints.is_keras || hints.order_by_option;
    hints.order = layout.value_or(info.layout) == Layout::kKeras ? DimensionOrder::kOutputLast
                                                                 : DimensionOrder::kOutputFirst;
    hints.order_reason = layout ? "--layout" : info.layout_reason;
    hints.classes = info.layer_types;
    hints.equations = info.layer_equations;
    hints.names = info.layer_names;
    hints.types = options.types;
    return hints;
}

}  // namespace

FileLayers layers_of(const CheckpointInfo& info, const LayerOptions& options) {
    return std::move(layers_of_model({&info}, options).front());
}

std::vector<FileLayers> layers_of_model(const std::vector<const CheckpointInfo*>& infos,
                                        const LayerOptions& options) {
    std::vector<Candidate> all;
    LayerHints hints;
    const auto add = [&](const DatasetInfo& dataset) {
        all.push_back({dataset.path, dataset.shape, dataset.dtype.has_value(),
                       dataset.element_count, dataset.aliases});
        all.back().stored_type = dataset.stored_type;
    };
    for (const CheckpointInfo* info : infos) {
        std::ranges::for_each(info->datasets, add);
        // Datasets that --drop leaves out still tell of the rest.
        std::ranges::for_each(info->dropped.evidence, add);
        // The first file that tells the order of dimensions tells it for all.
        LayerHints own = hints_of(*info, options);
        own.classes.merge(hints.classes);
        own.equations.merge(hints.equations);
        own.names.merge(hints.names);
        if (info == infos.front() || (own.order_is_told && !hints.order_is_told)) {
            hints = std::move(own);
        } else {
            hints.classes = std::move(own.classes);
            hints.equations = std::move(own.equations);
            hints.names = std::move(own.names);
        }
    }
    const LayerTable table = describe_layers(all, hints);
    std::vector<FileLayers> layers;
    auto next = std::make_move_iterator(all.begin());
    for (const CheckpointInfo* info : infos) {
        const auto end = next + static_cast<std::ptrdiff_t>(info->datasets.size());
        layers.push_back({{next, end}, {table.types, {}}});
        next = end + static_cast<std::ptrdiff_t>(info->dropped.evidence.size());
    }
    layers.front().table.warnings = table.warnings;
    return layers;
}

AxisMap axis_map(const Layer& layer) {
    return {layer.output.first, layer.input.first, layer.output.count, layer.input.count};
}

}  // namespace pal
