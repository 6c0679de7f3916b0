// Compares two datasets: types, shapes, storage, fill values, data.
#pragma once

#include "io/compare/comparison.hpp"

namespace pal {

/// Compares decoded values, or the stored chunks where those cannot be decoded. Data in other files
/// is not read: both datasets have to name the same places. Throws Error(kInput) that names the
/// dataset where its data cannot be read.
void compare_datasets(Comparison& comparison, hid_t a, hid_t b, const std::string& path);

}  // namespace pal
