#include "stages/cluster/partition/priced_partition.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "stages/cluster/arithmetic/rounding.hpp"
#include "stages/cluster/partition/monotone_minima.hpp"
#include "stages/tensor/error.hpp"

namespace pal::cluster {

namespace {

constexpr double kMergedRounding = 128 * kEpsilon;  // some 70 roundings of positive terms

/// Return the largest error of the computed cost of an interval, if the cost is at most `most`.
double rounding_of(const PrefixCosts& costs, double) { return 2 * costs.doubt(); }
double rounding_of(const MergedCosts&, double most) { return kMergedRounding * most; }

}  // namespace

template <class Costs>
PricedProgram<Costs>::PricedProgram(const Costs& costs, std::span<const double> gains)
    : costs_(costs),
      gains_(gains),
      count_(costs.size()),
      total_(count_ + 1),
      open_(count_ + 1),
      choice_(count_ + 1) {
    PAL_ASSERT(count_ > 0 && count_ < std::numeric_limits<std::uint32_t>::max());
    PAL_ASSERT(gains.empty() || gains.size() == count_);
    queue_.reserve(count_);
}

template <class Costs>
Priced PricedProgram<Costs>::solve(double price) {
    PAL_ASSERT(price > 0);
    price_ = price;
    queue_.assign(1, {0, 1});
    head_ = 0;
    for (std::size_t end = 1; end <= count_; ++end) {
        while (head_ + 1 < queue_.size() && queue_[head_ + 1].from <= end) ++head_;
        const std::uint32_t begin = queue_[head_].begin;
        choice_[end] = begin;
        total_[end] = value(begin, end) + price;
        open(end);
        if (end < count_) enqueue(end);
    }
    return {price, open_[count_].total, open_[count_].clusters};
}

template <class Costs>
double PricedProgram<Costs>::gain_at(std::size_t position) const noexcept {
    if (position == count_) return 0;
    const double below = left_out(position - 1) ? 0 : gains_[position - 1];
    const double above = left_out(position) ? 0 : gains_[position];
    return std::max(below, above);
}

template <class Costs>
void PricedProgram<Costs>::open(std::size_t end) {
    open_[end] = {total_[end], open_[choice_[end]].clusters + 1};
    if (gains_.empty()) return;
    open_[end].total -= gain_at(end);
    if (!left_out(end - 1)) return;
    const Open before =
        end == 1 ? Open{} : Open{total_[end - 1], open_[choice_[end - 1]].clusters + 1};
    if (before.total < open_[end].total) open_[end] = before;
}

/// Returns the first end behind `low` for which `begin` is better than `than`. `high` is such an
/// end, or is beyond the last end.
template <class Costs>
std::size_t PricedProgram<Costs>::first_better(std::size_t begin, std::size_t than, std::size_t low,
                                               std::size_t high) const {
    const auto better = [&](std::size_t end) { return value(begin, end) < value(than, end); };
    if (high > count_) {
        std::size_t step = 1;
        while (low + step <= count_ && !better(low + step)) {
            low += step;
            step *= 2;
        }
        if (low + step <= count_) high = low + step;
    }
    while (high - low > 1) {
        const std::size_t middle = low + (high - low) / 2;
        if (better(middle)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return high;
}

template <class Costs>
void PricedProgram<Costs>::enqueue(std::size_t begin) {
    std::size_t high = count_ + 1;
    while (queue_.back().from > begin) {
        const Candidate& last = queue_.back();
        if (!(value(begin, last.from) < value(last.begin, last.from))) break;
        high = last.from;
        queue_.pop_back();
    }
    const Candidate& last = queue_.back();
    const std::size_t low = std::max<std::size_t>(last.from, begin);
    const std::size_t from = first_better(begin, last.begin, low, high);
    if (from > count_) return;
    queue_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(from)});
}

template <class Costs>
Slack PricedProgram<Costs>::slack() const {
    std::vector<double> excess(count_ + 1);
    const auto beginning = [this](std::size_t begin, std::size_t end) { return value(begin, end); };
    const auto compare = [&](std::size_t end, std::size_t, double least) {
        excess[end] = total_[end] - (least + price_);
    };
    isolated([&] { MonotoneMinima(beginning, compare).find(1, count_, 0, count_ - 1); });
    const double worst = *std::max_element(excess.begin(), excess.end());
    const double most = *std::max_element(total_.begin(), total_.end());
    // A minimum may lose the error of two values at each level. Totals are sums of positive terms:
    // they add a few roundings.
    const double levels = std::bit_width(count_ + 1);
    return {std::max(0.0, worst),
            (2 * levels + 2) * (rounding_of(costs_, most) + kEpsilon * most) + 8 * kEpsilon * most};
}

template <class Costs>
std::vector<std::size_t> PricedProgram<Costs>::boundaries() const {
    PAL_ASSERT(gains_.empty());
    std::vector<std::size_t> result{count_};
    while (result.back() > 0) result.push_back(choice_[result.back()]);
    std::reverse(result.begin(), result.end());
    return result;
}

template class PricedProgram<PrefixCosts>;
template class PricedProgram<MergedCosts>;

bool PriceSearch::add(const Priced& tried) {
    constexpr int kMostTried = 100;
    constexpr double kSettled = 1e-9;
    if (!best_ || tried.bound(k_) > best_->bound(k_)) best_ = tried;
    if (tried.clusters == k_ || ++tried_ == kMostTried) return false;
    (tried.clusters > k_ ? low_ : high_) = tried;
    if (!low_ || !high_) {
        // The optimum of many clusters falls with their number squared (Panter and Dite 1951); the
        // saving of one more falls with its cube. Steps grow if that is not enough.
        const double ratio = static_cast<double>(tried.clusters) / static_cast<double>(k_);
        power_ = power_ == 0 ? 3 : 2 * power_;
        price_ *= std::clamp(std::pow(ratio, power_), 1.0 / 64, 64.0);
        return price_ > 0 && price_ < std::numeric_limits<double>::infinity();
    }
    // Bounds are concave in the price: none is better than at the intersection of the lines from
    // both sides.
    const double low_cost = low_->total - low_->price * static_cast<double>(low_->clusters);
    const double high_cost = high_->total - high_->price * static_cast<double>(high_->clusters);
    price_ = (high_cost - low_cost) / static_cast<double>(low_->clusters - high_->clusters);
    if (!(price_ > low_->price && price_ < high_->price)) return false;
    const double most = low_cost + price_ * static_cast<double>(low_->clusters - k_);
    return most > best_->bound(k_) * (1 + kSettled);
}

}  // namespace pal::cluster
