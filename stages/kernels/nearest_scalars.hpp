// Nearest LUT entry of floats, by thresholds: half-way between two neighbouring entries, moved to
// the largest float at which the lower one is still nearer or ties. The result is exact and the
// same on every instruction set.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stages/kernels/error_sums.hpp"

namespace pal::kernels {

class NearestScalars {
  public:
    /// lut: k entries, ascending, each exactly a float, 1 <= k <= 256. expected: how many values
    /// will be looked up; many pay for a table.
    NearestScalars(std::span<const double> lut, std::size_t expected);

    /// Nearest entry of each value, ties to the lower index, equal entries to the lowest of them;
    /// and that entry. Finite values; all of one length. Thread-safe; serial.
    void find(std::span<const float> values, std::span<std::uint8_t> indices,
              std::span<float> nearest) const;

    /// The same, and error_sums of the values and their entries; `nearest` is scratch.
    [[nodiscard]] ErrorSums find_and_measure(std::span<const float> values,
                                             std::span<std::uint8_t> indices,
                                             std::span<float> nearest) const;

    /// Whether the values may come as 16 stored bits: up to 16 distinct entries.
    [[nodiscard]] bool takes_stored() const noexcept { return distinct_ <= 16; }
    /// find_and_measure() of float16 (or bfloat16) as stored, to the same results. In one pass.
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
    bool first_of_all_ = true;                     // entry number d is distinct entry number d
    std::array<float, 256> thresholds_{};          // [distinct - 1], then infinity
    std::array<float, 256> entries_{};             // [distinct]
    std::array<std::uint8_t, 256> first_index_{};  // [distinct] its first place in the LUT
    std::vector<std::uint8_t> start_;  // [leading key] thresholds below the key's lowest value
    std::size_t most_steps_ = 0;       // thresholds inside a key
};

}  // namespace pal::kernels
