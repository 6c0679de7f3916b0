// Making the datasets of a palettized group. Private to io/.
#pragma once

#include <cstddef>
#include <string>

#include "io/h5/hdf5.hpp"

namespace pal {

/// Bytes up to which a member lies in its own header: one block fewer to write, and to read.
inline constexpr std::size_t kMostCompactBytes = 2048;

/// What all members share: no times, which would make the file's bytes depend on when it was made.
[[nodiscard]] h5::Plist new_member_plist();
/// Of an unfiltered member of so many bytes; kept for the process.
[[nodiscard]] hid_t member_plist_for(std::size_t bytes);
[[nodiscard]] h5::Dataset create_member(hid_t group, const std::string& name, hid_t type,
                                        const Shape& shape, hid_t plist);

}  // namespace pal
