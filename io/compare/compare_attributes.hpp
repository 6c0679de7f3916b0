// Compares the attributes and comments of two objects.
#pragma once

#include "io/compare/comparison.hpp"

namespace pal {

/// Compares names, types, shapes and values. Attributes that the format adds are left out.
void compare_attributes(Comparison& comparison, hid_t a, hid_t b, const std::string& path);

void compare_comments(Comparison& comparison, hid_t a, hid_t b, const std::string& path);

}  // namespace pal
