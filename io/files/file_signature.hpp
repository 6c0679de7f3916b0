// Tells HDF5 files from others by their first bytes.
#pragma once

#include <string>

#include "io/files/descriptor.hpp"

namespace pal {

/// True for a regular file with the signature of HDF5 at its begin, or behind a user block of 512
/// bytes or a power of 2 above. False for what cannot be read. Never waits for a pipe.
[[nodiscard]] bool begins_as_hdf5(const std::string& path);
/// The same of an open file.
[[nodiscard]] bool begins_as_hdf5(const Descriptor& file);

}  // namespace pal
