// Sizes as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace pal {

[[nodiscard]] std::string bytes_for_people(std::uint64_t bytes);  // "1.20 MiB"

}  // namespace pal
