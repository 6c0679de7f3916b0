// Rows of the dynamic program over intervals, in SIMD: which predecessor explains most.
//
// A partition of least cost is one of most gain: an interval's cost is its sum of squares less
// sum^2 / weight, and the sums of squares of all intervals add up to the same total. Positions
// stand for prefixes: sums[p] and weights[p] are those of all bins in front of p.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pal::kernels {

/// Positions of a row are filled this many at a time, on every instruction set; arrays need as
/// many entries again behind their last position, with weight 0.
inline constexpr std::size_t kRowBlock = 8;

/// What rows read: sums and weights per position, and the previous row.
struct RowInput {
    std::span<const double> sums;
    std::span<const double> weights;
    std::span<const double> previous_gain;
    std::span<const std::uint32_t> previous_choice;
    std::size_t previous_first = 0;  // positions filled in the previous row
    std::size_t previous_last = 0;
};

/// gain[j] = max over i in [previous_first, j - 1] of previous_gain[i] + gain of the interval (i,
/// j), and choice[j] = the lowest such i, for j in [first, last]; up to kRowBlock - 1 entries
/// behind `last` are overwritten. Choices never fall from one position, or from one row, to the
/// next (the costs meet the quadrangle inequality), which bounds where they are sought. The same
/// bits on every instruction set. Divisions dominate: about 0.7 ns each with AVX2 on Zen 3.
void fill_row(const RowInput& input, std::size_t first, std::size_t last, std::span<double> gain,
              std::span<std::uint32_t> choice);

/// Windows of candidate positions, one a boundary, [windows][width] each. Behind its last candidate
/// a window is padded with weight 0. The first window and the last one hold one candidate: the
/// positions of no bins and of all of them.
struct WindowsInput {
    std::span<const double> weights;
    std::span<const double> sums;
    std::span<const std::uint32_t> counts;  // [window] of candidates
    std::size_t width = 0;                  // a multiple of kRowBlock
};

/// Fills choice [windows][width]: the place in the window before that explains most, lowest first;
/// window 0 excepted. gain is [2][width] of scratch.
void fill_windows(const WindowsInput& input, std::span<double> gain,
                  std::span<std::uint32_t> choice);

}  // namespace pal::kernels
