// Nearest LUT entry of floats, by thresholds. A threshold lies half-way between two neighbouring
// entries. It is moved to the largest float at which the lower entry is still nearer or ties. The
// result is exact and the same on every instruction set.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stages/kernels/error_sums.hpp"

namespace pal::kernels {

/// A LUT prepared for search.
class NearestScalars {
  public:
    /// lut: k entries, ascending, each exactly a float, 1 <= k <= 256. expected: number of values
    /// to look up; a table pays for many.
    NearestScalars(std::span<const double> lut, std::size_t expected);

    /// Finds the nearest entry of each value: its index and itself. Ties go to the lower index,
    /// equal entries to the lowest of them. Finite values; all spans have one length. Thread-safe;
    /// serial.
    void find(std::span<const float> values, std::span<std::uint8_t> indices,
              std::span<float> nearest) const;

    /// The same; also returns error_sums of the values and their entries. `nearest` is scratch.
    [[nodiscard]] ErrorSums find_and_measure(std::span<const float> values,
                                             std::span<std::uint8_t> indices,
                                             std::span<float> nearest) const;

    /// Returns whether values may come as 16 stored bits: up to 16 distinct entries.
    [[nodiscard]] bool takes_stored() const noexcept { return distinct_ <= 16; }
    /// find_and_measure() for float16 (or bfloat16) as stored, in one pass, with the same results.
    [[nodiscard]] ErrorSums find_and_measure_stored(std::span<const std::uint16_t> patterns,
                                                    bool bfloat16,
                                                    std::span<std::uint8_t> indices) const;

  private:
    void name_first(std::span<std::uint8_t> indices) const;
    void find_by_table(std::span<const float> values, std::uint8_t* indices, float* nearest) const;
    template <std::size_t kSteps>
    void step_from_table(std::span<const float> values, std::uint8_t* indices) const;
    void find_by_halves(std::span<const float> values, std::uint8_t* indices, float* nearest) const;
    void make_table();

    std::size_t distinct_ = 0;
    bool first_of_all_ = true;             // distinct entry d is entry d of the LUT, for all d
    std::array<float, 256> thresholds_{};  // [distinct - 1], then infinity
    std::array<float, 256> entries_{};     // [distinct]
    std::array<std::uint8_t, 256> first_index_{};  // [distinct] its first place in the LUT
    std::vector<std::uint8_t> start_;  // [leading key] thresholds below the key's lowest value
    std::size_t most_steps_ = 0;       // largest number of thresholds inside a key
};

}  // namespace pal::kernels
