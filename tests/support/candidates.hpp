// Candidates for tests of rules, and selection with the layer table made first.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "configs/layers/layer_table.hpp"
#include "configs/rules/explain.hpp"
#include "configs/rules/select.hpp"
#include "configs/rules/survey.hpp"

namespace pal::test {

/// A dataset with `rank` dimensions of size 10.
inline Candidate candidate(const std::string& path, std::size_t rank, bool is_float,
                           std::uint64_t element_count,
                           const std::vector<std::string>& aliases = {}) {
    return {path, Shape(rank, 10), is_float, element_count, aliases};
}

using Types = std::map<std::string, std::string>;  // layer name -> class

/// Describes the layers of a file. Returns the types of its modules.
inline Types described(std::vector<Candidate>& candidates, const Types& classes) {
    LayerHints hints;
    hints.classes = classes;
    hints.is_keras = !classes.empty();
    hints.order_is_told = hints.is_keras;
    if (hints.is_keras) hints.order = DimensionOrder::kOutputLast;
    return describe_layers(candidates, hints).types;
}

inline Selection select(const Config& config, std::vector<Candidate> candidates,
                        const Types& classes, const SelectionOptions& options) {
    const Types types = described(candidates, classes);
    return select_tensors(config, candidates, types, options);
}

}  // namespace pal::test
