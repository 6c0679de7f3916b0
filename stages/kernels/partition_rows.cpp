#include "stages/kernels/partition_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stages/error.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stages/kernels/partition_rows.cpp"
#include <hwy/foreach_target.h>
// foreach_target first: it includes this file once for each target.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace pal::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class Real>
using Lanes = hn::CappedTag<Real, kRowBlock>;

template <class Real>
struct Predecessors {
    const Real* sums;
    const Real* weights;
    const Real* gain;
    std::size_t begin;
    std::size_t end;
};

/// One vector of positions against predecessors begin .. end - 1. Mul and Div, nothing fused: the
/// same roundings everywhere. A predecessor at or behind the position has no positive weight.
template <class Real>
HWY_INLINE void best_of(const Predecessors<Real>& from, const Real* sums, const Real* weights,
                        Real* gain, Real* choice) {
    const Lanes<Real> d;
    const auto sum = hn::LoadU(d, sums);
    const auto weight = hn::LoadU(d, weights);
    const auto zero = hn::Zero(d);
    const auto one = hn::Set(d, Real{1});
    auto most = hn::Set(d, -std::numeric_limits<Real>::infinity());
    auto index = hn::Set(d, static_cast<Real>(from.begin));
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

template <class Real>
HWY_INLINE void best_of_block(const Predecessors<Real>& from, const Real* sums, const Real* weights,
                              Real* gain, std::uint32_t* choice) {
    const std::size_t lanes = hn::Lanes(Lanes<Real>());
    HWY_ALIGN Real at[kRowBlock];
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
        const Predecessors<double> from{
            input.sums.data(), input.weights.data(), input.previous_gain.data(),
            std::max(lowest, input.previous_first), std::min(highest + 1, behind)};
        best_of_block(from, input.sums.data() + j, input.weights.data() + j, gain + j, choice + j);
        highest = choice[j];
    }
}

/// One window against the window before it.
template <class Real>
class Window {
  public:
    Window(const Predecessors<Real>& from, const Real* sums, const Real* weights, Real* gain,
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
        const Real most = *std::max_element(weights_ + j, weights_ + j + kRowBlock);
        std::size_t before = end;  // behind the last predecessor of any position of the block
        while (before > begin + 1 && from_.weights[before - 1] >= most) --before;
        best_of_block<Real>({from_.sums, from_.weights, from_.gain, begin, before}, sums_ + j,
                            weights_ + j, gain_ + j, choice_ + j);
        const std::size_t middle = j / kRowBlock;
        if (middle > first) fill(first, middle, begin, choice_[j] + 1);
        if (middle + 1 < last) fill(middle + 1, last, choice_[j + kRowBlock - 1], end);
    }

    Predecessors<Real> from_;
    const Real* sums_;
    const Real* weights_;
    Real* gain_;
    std::uint32_t* choice_;
};

void windows_of_target(const WindowsInput& input, double* gain, std::uint32_t* choice) {
    const std::size_t width = input.width;
    double* previous = gain;
    double* next = gain + width;
    previous[0] = 0;
    for (std::size_t c = 1; c < input.counts.size(); ++c) {
        const std::size_t row = c * width;
        const Predecessors<double> from{input.sums.data() + row - width,
                                        input.weights.data() + row - width, previous, 0,
                                        input.counts[c - 1]};
        Window<double>(from, input.sums.data() + row, input.weights.data() + row, next,
                       choice + row)
            .fill(input.counts[c]);
        std::swap(previous, next);
    }
}

/// The candidates of two neighbouring windows as floats, about the cluster that lies between their
/// current places: what is near those keeps its precision, whatever lies farther away.
class RoughWindows {
  public:
    RoughWindows(const WindowsInput& input, std::size_t window)
        : from_(first_candidate(input, window - 1)),
          here_(first_candidate(input, window)),
          from_count_(input.counts[window - 1]),
          count_(input.counts[window]),
          current_(input.current[window - 1]) {
        PAL_ASSERT(count_ > 0 && from_count_ > 0);
        const std::size_t place = input.current[window];
        const std::size_t last = count_ - 1;
        weight_ = from_.weights[current_];
        sum_ = from_.sums[current_];
        square_ = from_.squares[current_];
        mean_ = (here_.sums[place] - sum_) / (here_.weights[place] - weight_);
        weight_unit_ = 1 / (here_.weights[last] - from_.weights[0]);
        const double spread = square_about_mean(here_, last) - square_about_mean(from_, 0);
        cost_ = spread > 0 ? spread : 1;
        cost_unit_ = 1 / cost_;
        sum_unit_ = std::sqrt(weight_unit_ / cost_);
    }

    /// costs: of the best partition up to each candidate, [from], and on return [here].
    void fill(double* HWY_RESTRICT costs, std::uint32_t* HWY_RESTRICT choice) {
        const double known = costs[current_];
        for_each_block(
            from_, from_count_, [&](std::size_t i, auto weight, auto sum, auto square) HWY_ATTR {
                const auto cost = hn::Mul(hn::Sub(hn::LoadU(D(), costs + i), hn::Set(D(), known)),
                                          hn::Set(D(), cost_unit_));
                store(weight, from_weights_ + i);
                store(sum, from_sums_ + i);
                store(hn::Sub(square, hn::Min(cost, hn::Set(D(), kMostCost))), from_gain_ + i);
            });
        for_each_block(here_, count_,
                       [&](std::size_t j, auto weight, auto sum, auto square) HWY_ATTR {
                           store(weight, weights_ + j);
                           store(sum, sums_ + j);
                           hn::StoreU(square, D(), costs + j);
                       });
        for (std::size_t j = count_; j % kRowBlock != 0; ++j) weights_[j] = kBelowAll;
        Window<float>({from_sums_, from_weights_, from_gain_, 0, from_count_}, sums_, weights_,
                      gain_, choice)
            .fill(count_);
        for (std::size_t j = 0; j < count_; j += hn::Lanes(D())) {
            const auto gain = hn::PromoteTo(D(), hn::LoadU(F(), gain_ + j));
            const auto cost = hn::Sub(hn::LoadU(D(), costs + j), gain);
            hn::StoreU(hn::Mul(cost, hn::Set(D(), cost_)), D(), costs + j);
        }
    }

  private:
    using D = Lanes<double>;
    using F = hn::Rebind<float, D>;

    /// From a window's first candidate on.
    struct Candidates {
        const double* weights;
        const double* sums;
        const double* squares;
    };

    static constexpr double kMostCost = 1e30;  // in units of all that lies between the windows
    static constexpr float kBelowAll = -2;     // weights lie between -1 and 1

    static Candidates first_candidate(const WindowsInput& input, std::size_t window) {
        const std::size_t at = window * input.width;
        return {input.weights.data() + at, input.sums.data() + at, input.squares.data() + at};
    }

    template <class V>
    static HWY_INLINE void store(V values, float* to) {
        hn::StoreU(hn::DemoteTo(F(), values), F(), to);
    }

    /// Squared distances to the mean, of what lies between the current place and there.
    [[nodiscard]] double square_about_mean(const Candidates& of, std::size_t at) const {
        const double weight = of.weights[at] - weight_;
        return of.squares[at] - square_ - mean_ * (2 * (of.sums[at] - sum_) - mean_ * weight);
    }

    /// Calls body(first, weights, sums, squares) for candidates side by side: from the current
    /// place, about the mean, in units.
    template <class Body>
    HWY_INLINE void for_each_block(const Candidates& of, std::size_t count,
                                   const Body& body) const {
        const auto mean = hn::Set(D(), mean_);
        for (std::size_t i = 0; i < count; i += hn::Lanes(D())) {
            const auto weight = hn::Sub(hn::LoadU(D(), of.weights + i), hn::Set(D(), weight_));
            const auto sum = hn::Sub(hn::LoadU(D(), of.sums + i), hn::Set(D(), sum_));
            const auto square = hn::Sub(hn::LoadU(D(), of.squares + i), hn::Set(D(), square_));
            const auto shift = hn::Mul(mean, weight);
            const auto about = hn::Sub(square, hn::Mul(mean, hn::Sub(hn::Add(sum, sum), shift)));
            body(i, hn::Mul(weight, hn::Set(D(), weight_unit_)),
                 hn::Mul(hn::Sub(sum, shift), hn::Set(D(), sum_unit_)),
                 hn::Mul(about, hn::Set(D(), cost_unit_)));
        }
    }

    Candidates from_;
    Candidates here_;
    std::size_t from_count_;
    std::size_t count_;
    std::size_t current_;
    double weight_;  // in front of the current place
    double sum_;
    double square_;
    double mean_;
    double weight_unit_;
    double sum_unit_;
    double cost_;
    double cost_unit_;
    float from_sums_[kMostRoughWidth];
    float from_weights_[kMostRoughWidth];
    float from_gain_[kMostRoughWidth];
    float sums_[kMostRoughWidth];
    float weights_[kMostRoughWidth];
    float gain_[kMostRoughWidth];
};

void rough_windows_of_target(const WindowsInput& input, double* costs, std::uint32_t* choice) {
    costs[0] = 0;
    for (std::size_t window = 1; window < input.counts.size(); ++window)
        RoughWindows(input, window).fill(costs, choice + window * input.width);
}

}  // namespace
}  // namespace pal::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace pal::kernels {

HWY_EXPORT(row_of_target);
HWY_EXPORT(windows_of_target);
HWY_EXPORT(rough_windows_of_target);

void fill_row(const RowInput& input, std::size_t first, std::size_t last, std::span<double> gain,
              std::span<std::uint32_t> choice) {
    HWY_DYNAMIC_DISPATCH(row_of_target)(input, first, last, gain.data(), choice.data());
}

void fill_windows(const WindowsInput& input, std::span<double> gain,
                  std::span<std::uint32_t> choice) {
    HWY_DYNAMIC_DISPATCH(windows_of_target)(input, gain.data(), choice.data());
}

void fill_windows_roughly(const WindowsInput& input, std::span<double> costs,
                          std::span<std::uint32_t> choice) {
    PAL_ASSERT(input.width <= kMostRoughWidth);
    HWY_DYNAMIC_DISPATCH(rough_windows_of_target)(input, costs.data(), choice.data());
}

}  // namespace pal::kernels

#endif  // HWY_ONCE
