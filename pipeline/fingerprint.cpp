#include "pipeline/fingerprint.hpp"

#include <fmt/format.h>

namespace pal {

std::string Fingerprint::text() const { return fmt::format("{:016x}", hash_); }

}  // namespace pal
