// Random numbers of our own, so that a seed means the same everywhere.
#pragma once

#include <cstdint>

namespace pal::cluster {

class Random {  // splitmix64, Steele, Lea and Flood 2014
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    /// In [0, 1).
    double next() noexcept {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
        return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
    }

  private:
    std::uint64_t state_;
};

}  // namespace pal::cluster
