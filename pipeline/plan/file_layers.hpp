// Describes the layers of a checkpoint for the rules: what configs/layers makes of what io/ found.
#pragma once

#include <optional>
#include <vector>

#include "configs/layers/layer_table.hpp"
#include "configs/model/candidate.hpp"
#include "io/read/checkpoint_info.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// The datasets of a file as rules see them, and the types of its modules.
struct FileLayers {
    std::vector<Candidate> candidates;  // in the order of info.datasets
    LayerTable table;
};

/// The options that overrule what a file says of its layers.
struct LayerOptions {
    std::optional<Layout> layout = {};  // --layout; nothing: as the file says
    std::vector<TypeRule> types = {};   // --types
};

[[nodiscard]] FileLayers layers_of(const CheckpointInfo& info, const LayerOptions& options);

/// The same for the files of one model, as an index names them: layers that lie in several files
/// are seen whole. The first file has the warnings of all.
[[nodiscard]] std::vector<FileLayers> layers_of_model(
    const std::vector<const CheckpointInfo*>& infos, const LayerOptions& options);

/// Returns the dimensions of a tensor's axes for the stages.
[[nodiscard]] AxisMap axis_map(const Layer& layer);

}  // namespace pal
