// Opening the members of a palettized group, where everything may be hostile. Private to io/.
#pragma once

#include <cstddef>
#include <string>

#include "io/h5/hdf5.hpp"
#include "io/h5/hdf5_types.hpp"

namespace pal {

/// Throws: the file is damaged.
[[noreturn]] void damaged(const std::string& text);

[[nodiscard]] bool has_member(hid_t group, const std::string& name);

struct Member {
    h5::Dataset dataset;
    h5::Type type;
    h5::StoredType stored;
    std::size_t count = 0;
};

/// Throws where there is none of that shape, or where it lies in another file.
[[nodiscard]] Member open_member(hid_t group, const std::string& name, const Shape& shape);

}  // namespace pal
