// Random numbers and hashes of our own: a seed means the same on every machine.
#pragma once

#include <cstdint>

namespace pal::cluster {

/// Returns the first output of splitmix64 from this state (Steele, Lea and Flood 2014). It serves
/// as a hash, too.
[[nodiscard]] inline std::uint64_t splitmix64(std::uint64_t state) noexcept {
    std::uint64_t z = state + 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

/// The generator splitmix64.
class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    /// Returns a number in [0, 1).
    double next() noexcept {
        const std::uint64_t bits = splitmix64(state_);
        state_ += 0x9E3779B97F4A7C15U;
        return static_cast<double>(bits >> 11) * 0x1p-53;
    }

  private:
    std::uint64_t state_;
};

}  // namespace pal::cluster
