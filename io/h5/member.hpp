// Members of a palettized group: making them, and opening them where everything may be hostile.
#pragma once

#include <cstddef>
#include <string>

#include "io/h5/datatypes.hpp"
#include "io/h5/handles.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

/// Largest member, in bytes, that lies in its own header: one block fewer to write and to read.
inline constexpr std::size_t kMostCompactBytes = 2048;

/// Makes creation properties for a member. They keep times out of the file, whose bytes would else
/// depend on when it was made.
[[nodiscard]] h5::Plist new_member_plist();
/// Returns the creation properties for an unfiltered member of `bytes` bytes, kept for the process.
[[nodiscard]] hid_t member_plist_for(std::size_t bytes);
[[nodiscard]] h5::Dataset create_member(hid_t group, const std::string& name, hid_t type,
                                        const Shape& shape, hid_t plist);

/// Throws Error(kInput): `text`, and that the file is damaged.
[[noreturn]] void damaged(const std::string& text);

[[nodiscard]] bool has_member(hid_t group, const std::string& name);

struct Member {
    h5::Dataset dataset;
    h5::Type type;
    h5::StoredType stored;
    std::size_t count = 0;  // elements
};

/// Opens a member of the given shape. Throws Error(kInput) if there is none, if its shape differs
/// or can grow, or if it lies in another file.
[[nodiscard]] Member open_member(hid_t group, const std::string& name, const Shape& shape);

}  // namespace pal
