// Version of the program, as palettized files name it.
#pragma once

namespace pal {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace pal
