// Target of an external link, without HDF5's header.
#pragma once

#include <string>

namespace pal {

struct ExternalTarget {
    std::string file;  // relative to the folder of the file with the link
    std::string object;
};

}  // namespace pal
