#include "stages/kernels/partition_rows.hpp"

#include <algorithm>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stages/kernels/partition_rows.cpp"
#include <hwy/foreach_target.h>
// foreach_target first: it includes this file once for each target.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pal::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Lanes = hn::CappedTag<double, kRowBlock>;

struct Predecessors {
    const double* sums;
    const double* weights;
    const double* gain;
    std::size_t begin;
    std::size_t end;
};

/// One vector of positions against predecessors begin .. end - 1. Mul and Div, nothing fused: the
/// same roundings everywhere. A predecessor at or behind the position has no positive weight.
HWY_INLINE void best_of(const Predecessors& from, const double* sums, const double* weights,
                        double* gain, double* choice) {
    const Lanes d;
    const auto sum = hn::LoadU(d, sums);
    const auto weight = hn::LoadU(d, weights);
    const auto zero = hn::Zero(d);
    const auto one = hn::Set(d, 1.0);
    auto most = hn::Set(d, -std::numeric_limits<double>::infinity());
    auto index = hn::Set(d, static_cast<double>(from.begin));
    auto at = index;
    for (std::size_t i = from.begin; i < from.end; ++i) {
        const auto s = hn::Sub(sum, hn::Set(d, from.sums[i]));
        const auto w = hn::Sub(weight, hn::Set(d, from.weights[i]));
        const auto g = hn::Add(hn::Set(d, from.gain[i]), hn::Div(hn::Mul(s, s), w));
        const auto better = hn::And(hn::Gt(g, most), hn::Gt(w, zero));
        most = hn::IfThenElse(better, g, most);
        at = hn::IfThenElse(better, index, at);
        index = hn::Add(index, one);
    }
    hn::StoreU(most, d, gain);
    hn::StoreU(at, d, choice);
}

HWY_INLINE void best_of_block(const Predecessors& from, const double* sums, const double* weights,
                              double* gain, std::uint32_t* choice) {
    const std::size_t lanes = hn::Lanes(Lanes());
    HWY_ALIGN double at[kRowBlock];
    for (std::size_t v = 0; v < kRowBlock; v += lanes)
        best_of(from, sums + v, weights + v, gain + v, at + v);
    for (std::size_t v = 0; v < kRowBlock; ++v) choice[v] = static_cast<std::uint32_t>(at[v]);
}

void row_of_target(const RowInput& input, std::size_t first, std::size_t last, double* gain,
                   std::uint32_t* choice) {
    std::size_t highest = last - 1;
    for (std::size_t block = (last - first) / kRowBlock + 1; block-- > 0;) {
        const std::size_t j = first + block * kRowBlock;
        const std::size_t lowest = input.previous_choice[std::min(j, input.previous_last)];
        const std::size_t behind = std::min(j + kRowBlock - 1, last);
        const Predecessors from{input.sums.data(), input.weights.data(), input.previous_gain.data(),
                                std::max(lowest, input.previous_first),
                                std::min(highest + 1, behind)};
        best_of_block(from, input.sums.data() + j, input.weights.data() + j, gain + j, choice + j);
        highest = choice[j];
    }
}

/// One window against the window before it.
class Window {
  public:
    Window(const Predecessors& from, const double* sums, const double* weights, double* gain,
           std::uint32_t* choice)
        : from_(from), sums_(sums), weights_(weights), gain_(gain), choice_(choice) {}

    /// Fills the blocks that hold the first `count` positions.
    void fill(std::size_t count) const {
        fill(0, (count + kRowBlock - 1) / kRowBlock, from_.begin, from_.end);
    }

  private:
    /// Fills blocks first .. last - 1, given that the choices lie in [begin, end): the middle block
    /// bounds both halves.
    void fill(std::size_t first, std::size_t last, std::size_t begin, std::size_t end) const {
        const std::size_t j = (first + (last - first) / 2) * kRowBlock;
        const double most = *std::max_element(weights_ + j, weights_ + j + kRowBlock);
        std::size_t before = end;  // behind the last predecessor of any position of the block
        while (before > begin + 1 && from_.weights[before - 1] >= most) --before;
        best_of_block({from_.sums, from_.weights, from_.gain, begin, before}, sums_ + j,
                      weights_ + j, gain_ + j, choice_ + j);
        const std::size_t middle = j / kRowBlock;
        if (middle > first) fill(first, middle, begin, choice_[j] + 1);
        if (middle + 1 < last) fill(middle + 1, last, choice_[j + kRowBlock - 1], end);
    }

    Predecessors from_;
    const double* sums_;
    const double* weights_;
    double* gain_;
    std::uint32_t* choice_;
};

void windows_of_target(const WindowsInput& input, double* gain, std::uint32_t* choice) {
    const std::size_t width = input.width;
    double* previous = gain;
    double* next = gain + width;
    previous[0] = 0;
    for (std::size_t c = 1; c < input.counts.size(); ++c) {
        const std::size_t row = c * width;
        const Predecessors from{input.sums.data() + row - width, input.weights.data() + row - width,
                                previous, 0, input.counts[c - 1]};
        Window(from, input.sums.data() + row, input.weights.data() + row, next, choice + row)
            .fill(input.counts[c]);
        std::swap(previous, next);
    }
}

}  // namespace
}  // namespace pal::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace pal::kernels {

HWY_EXPORT(row_of_target);
HWY_EXPORT(windows_of_target);

void fill_row(const RowInput& input, std::size_t first, std::size_t last, std::span<double> gain,
              std::span<std::uint32_t> choice) {
    HWY_DYNAMIC_DISPATCH(row_of_target)(input, first, last, gain.data(), choice.data());
}

void fill_windows(const WindowsInput& input, std::span<double> gain,
                  std::span<std::uint32_t> choice) {
    HWY_DYNAMIC_DISPATCH(windows_of_target)(input, gain.data(), choice.data());
}

}  // namespace pal::kernels

#endif  // HWY_ONCE
