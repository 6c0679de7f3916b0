// Rows of the dynamic program over intervals, in SIMD: finds the predecessor that explains most.
//
// A partition of least cost is one of most gain. An interval's cost is its sum of squares less
// sum^2 / weight, and the sums of squares of all intervals add up to the same total. Positions
// stand for prefixes: sums[p] and weights[p] are those of all bins in front of p.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pal::kernels {

/// Number of positions that are filled at a time, on every instruction set. Arrays need as many
/// entries again behind their last position, with weight 0.
inline constexpr std::size_t kRowBlock = 8;

/// Input of a row: sums and weights per position, and the previous row.
struct RowInput {
    std::span<const double> sums;
    std::span<const double> weights;
    std::span<const double> previous_gain;
    std::span<const std::uint32_t> previous_choice;
    std::size_t previous_first = 0;  // first and last position filled in the previous row
    std::size_t previous_last = 0;
};

/// Fills gain[j] and choice[j] for j in [first, last]. gain[j] is the maximum over i in
/// [previous_first, j - 1] of previous_gain[i] + gain of the interval (i, j). choice[j] is the
/// lowest such i. Overwrites up to kRowBlock - 1 entries behind `last`.
///
/// Choices never fall from one position, or from one row, to the next, because the costs meet the
/// quadrangle inequality. This bounds the search. The same bits on every instruction set. Divisions
/// dominate: about 0.7 ns each with AVX2 on Zen 3.
void fill_row(const RowInput& input, std::size_t first, std::size_t last, std::span<double> gain,
              std::span<std::uint32_t> choice);

/// Windows of candidate positions, one per boundary, [windows][width] each. Weight 0 pads a window
/// behind its last candidate. The first window and the last one hold one candidate: the positions
/// of no bins and of all of them.
struct WindowsInput {
    std::span<const double> weights;
    std::span<const double> sums;
    std::span<const std::uint32_t> counts;  // [window] number of candidates
    std::size_t width = 0;                  // a multiple of kRowBlock
};

/// Fills choice, [windows][width]: the place in the window before that explains most, lowest first.
/// Window 0 is left out. gain: [2][width] of scratch.
void fill_windows(const WindowsInput& input, std::span<double> gain,
                  std::span<std::uint32_t> choice);

}  // namespace pal::kernels
