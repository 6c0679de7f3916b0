// Checks that /h5palettize of a palettized file holds what the program wrote there, nothing else.
#pragma once

#include <hdf5.h>

#include <string>
#include <vector>

namespace pal {

/// Returns what is missing there or was not written by this program, one line "path: what" each.
[[nodiscard]] std::vector<std::string> foreign_documents(hid_t root);

}  // namespace pal
