// /h5palettize of a palettized file holds what the program wrote there and nothing else.
#pragma once

#include <hdf5.h>

#include <string>
#include <vector>

namespace pal {

/// What is missing there, or is not of this program: "path: what", a line each.
[[nodiscard]] std::vector<std::string> foreign_documents(hid_t root);

}  // namespace pal
