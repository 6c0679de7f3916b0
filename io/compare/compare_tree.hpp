// Compares the trees of two checkpoints: links, objects and all that objects hold.
#pragma once

#include "io/compare/comparison.hpp"

namespace pal {

/// Compares everything that links lead to from the root. Values with references are deferred.
void compare_tree(Comparison& comparison);

}  // namespace pal
