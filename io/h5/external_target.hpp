// Where an external link points to.
#pragma once

#include <string>

namespace pal {

struct ExternalTarget {
    std::string file;  // as seen from the folder of the file that has the link
    std::string object;
};

}  // namespace pal
