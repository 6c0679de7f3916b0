// Compares a dataset with the palettized group in its place.
#pragma once

#include "io/compare/comparison.hpp"

namespace pal {

/// Compares what restore would make of the group with the dataset: storage and datatype. Reports
/// members that are no part of a palettized tensor.
void compare_palettized(Comparison& comparison, hid_t dataset, hid_t group,
                        const std::string& path);

}  // namespace pal
