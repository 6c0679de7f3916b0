// The HDF5 C library: thin wrappers, one header for each kind of object.
#pragma once

#include "io/h5/datasets.hpp"
#include "io/h5/dataspaces.hpp"
#include "io/h5/datatypes.hpp"
#include "io/h5/file_access.hpp"
#include "io/h5/handles.hpp"
#include "io/h5/links.hpp"
#include "io/h5/objects.hpp"
#include "io/h5/property_lists.hpp"
#include "io/h5/structure_size.hpp"
