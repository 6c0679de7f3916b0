// What a tensor would lose at each number of bits, from one look at its weights.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "stages/chain.hpp"

namespace pal {

inline constexpr std::array<int, 6> kWidths{1, 2, 3, 4, 6, 8};

struct WidthErrors {
    /// [width] Sum over the weights of squared errors, times their sensitivities where there are
    /// some that are not all 0.
    std::array<double, kWidths.size()> squared{};
    double energy = 0;  // the same of squared weights
    /// As above without sensitivities: what the signal-to-noise ratio is made of.
    std::array<double, kWidths.size()> plain_squared{};
    double plain_energy = 0;
};

/// For task.spec with each of the widths in place of its own, LUT quantization and rounding
/// included. Scalars, as the engines fast and exact find them: one pass for all widths, over bins;
/// what `run` loses is met within some 1e-3 for up to 4 bits, and mostly 1 % below what this says
/// for 6 and 8. Vectors and the engine reference go through the whole chain once a width, vectors
/// with little effort: `run` mostly loses up to 2 % less than this says, of clumps up to 10 %.
/// Memory: as clustering. Nothing where a weight is NaN or infinite. Parallel; the same for every
/// number of threads.
[[nodiscard]] std::optional<WidthErrors> measure_widths(
    const TensorTask& task, const Weights& weights, const std::optional<Weights>& sensitivities);

}  // namespace pal
