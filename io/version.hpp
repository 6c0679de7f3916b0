// The version that palettized files name as their writer.
#pragma once

namespace pal {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace pal
