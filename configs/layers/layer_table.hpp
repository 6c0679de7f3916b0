// The layer table of a file: the kind of each module, the role of each tensor, and which dimensions
// of a kernel are channels, each with its evidence. Selection, axes and explanations read it.
//
// Evidence, the stronger first:
//
//   0. the user   --types FILE                                          layer_hints
//   1. metadata   classes, names and equations that Keras writes        layer_classes, equations
//   2. neighbours the bias beside a kernel, kernels of the same block   channel_dims, siblings
//                 a query beside a key and a value                      surroundings
//   3. names      of states, and default names of Keras' layers         state_roles, layer_classes
//                 of modules that are no layers: tokens, positions      tables
//   4. rank       a weight of 4 dimensions is a 2-D convolution's       module_roles
//
// A bias tells the order of dimensions better than the metadata. channel_dims warns where they
// differ.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "configs/layers/layer_hints.hpp"
#include "configs/model/candidate.hpp"

namespace pal {

struct LayerTable {
    std::map<std::string, std::string> types;  // dotted module, in all spellings -> type
    std::vector<std::string> warnings;         // evidence that contradicts other evidence
};

/// Fills in Candidate::paths of all tensors of a file. Pure.
LayerTable describe_layers(std::span<Candidate> candidates, const LayerHints& hints);

}  // namespace pal
