#include "pipeline/fingerprint.hpp"

#include <fmt/format.h>

#include <bit>

namespace pal {

std::string Fingerprint::text() const { return fmt::format("{:016x}", hash_); }

Fingerprint fingerprint_of(std::span<const double> numbers) noexcept {
    static_assert(std::endian::native == std::endian::little);
    Fingerprint fingerprint;
    fingerprint.add({reinterpret_cast<const char*>(numbers.data()),  // NOLINT: their bytes
                     numbers.size_bytes()});
    return fingerprint;
}

}  // namespace pal
