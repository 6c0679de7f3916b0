// Byte counts for people.
#pragma once

#include <cstdint>
#include <string>

namespace pal {

/// "17 B", "1.20 MiB": binary units up to PiB, two digits behind the point.
[[nodiscard]] std::string bytes_for_people(std::uint64_t bytes);

}  // namespace pal
