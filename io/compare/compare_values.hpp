// Compares two values of one type and shape.
#pragma once

#include "io/compare/comparison.hpp"
#include "io/h5/raw_value.hpp"

namespace pal {

/// Reports `difference` at `path` unless the values are equal. References are equal if they lead to
/// partners, so values with references wait until every object has its partner.
void compare_values(Comparison& comparison, h5::RawValue left, h5::RawValue right,
                    const std::string& path, const std::string& difference);

}  // namespace pal
