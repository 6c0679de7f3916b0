// Copies attributes and comments of objects.
#pragma once

#include <string_view>

#include "io/h5/hdf5.hpp"

namespace pal {

/// Copies every attribute as it is, in the order of h5::list_attributes. Both objects are open.
void copy_attributes(hid_t from, hid_t to);

/// The same without those for whose name `left_out` returns true.
void copy_attributes(hid_t from, hid_t to, bool (*left_out)(std::string_view name));

/// Copies the comment of an object, if it has one. H5Ocopy needs no such call.
void copy_comment(hid_t from, hid_t to);

}  // namespace pal
