#include "pipeline/plan/allocation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>

namespace pal {

namespace {

constexpr std::size_t kMostStates = 65536;

using Alternatives = std::vector<Alternative>;

/// Step from one vertex of the convex hull of a tensor's choices to the next.
struct Step {
    std::size_t tensor = 0;
    std::size_t to = 0;  // index of a choice
    std::uint64_t bytes = 0;
    double gain = 0;

    [[nodiscard]] double rate() const { return gain / static_cast<double>(bytes); }
};

/// Returns the choices on the lower convex hull, by rising bytes. Each saves less error per byte
/// than the one before.
std::vector<std::size_t> hull_of(const Alternatives& choices) {
    std::vector<std::size_t> order(choices.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::pair(choices[a].bytes, choices[a].error) <
               std::pair(choices[b].bytes, choices[b].error);
    });
    const auto rate = [&](std::size_t from, std::size_t to) {
        return (choices[from].error - choices[to].error) /
               static_cast<double>(choices[to].bytes - choices[from].bytes);
    };
    std::vector<std::size_t> hull;
    for (const std::size_t next : order) {
        if (!hull.empty() && choices[next].error >= choices[hull.back()].error) continue;
        while (hull.size() >= 2 &&
               rate(hull[hull.size() - 2], hull.back()) <= rate(hull.back(), next)) {
            hull.pop_back();
        }
        hull.push_back(next);
    }
    return hull;
}

class Allocator {
  public:
    Allocator(const std::vector<Alternatives>& choices, std::uint64_t budget)
        : choices_(choices), budget_(budget), current_(choices.size()) {}

    std::optional<Allocation> run() {
        std::vector<Step> steps;
        for (std::size_t t = 0; t < choices_.size(); ++t) {
            const std::vector<std::size_t> hull = hull_of(choices_[t]);
            current_[t] = hull.front();
            bytes_ += choices_[t][hull.front()].bytes;
            for (std::size_t v = 1; v < hull.size(); ++v) {
                const Alternative& from = choices_[t][hull[v - 1]];
                const Alternative& to = choices_[t][hull[v]];
                steps.push_back({t, hull[v], to.bytes - from.bytes, from.error - to.error});
            }
        }
        if (bytes_ > budget_) return std::nullopt;
        relax(std::move(steps));
        Allocation best{current_, 0, 0, 0};
        fill(best.chosen);
        price(best);
        search(best);
        fill(best.chosen);  // uses what an incomplete search left over
        price(best);
        best.bound = complete_ ? best.error : std::min(bound_, best.error);
        return best;
    }

  private:
    /// Finds the optimum on the hulls: takes steps by falling rate until one does not fit.
    void relax(std::vector<Step> steps) {
        std::stable_sort(steps.begin(), steps.end(),
                         [](const Step& a, const Step& b) { return a.rate() > b.rate(); });
        for (const Step& step : steps) {
            if (step.bytes > budget_ - bytes_) {
                rate_ = step.rate();
                break;
            }
            current_[step.tensor] = step.to;
            bytes_ += step.bytes;
        }
        for (std::size_t t = 0; t < choices_.size(); ++t) error_ += choices_[t][current_[t]].error;
        bound_ = std::max(0.0, error_ - rate_ * static_cast<double>(budget_ - bytes_));
    }

    void price(Allocation& allocation) const {
        allocation.bytes = 0;
        allocation.error = 0;
        for (std::size_t t = 0; t < choices_.size(); ++t) {
            allocation.bytes += choices_[t][allocation.chosen[t]].bytes;
            allocation.error += choices_[t][allocation.chosen[t]].error;
        }
    }

    /// Takes what still fits, the largest gain per byte first, until nothing does.
    void fill(std::vector<std::size_t>& chosen) const {
        std::uint64_t bytes = 0;
        for (std::size_t t = 0; t < choices_.size(); ++t) bytes += choices_[t][chosen[t]].bytes;
        for (;;) {
            std::optional<Step> best;
            for (std::size_t t = 0; t < choices_.size(); ++t) {
                const Alternative& own = choices_[t][chosen[t]];
                for (std::size_t c = 0; c < choices_[t].size(); ++c) {
                    const Alternative& other = choices_[t][c];
                    if (other.error >= own.error || other.bytes > own.bytes + (budget_ - bytes))
                        continue;
                    // A gain that costs no bytes counts as one byte.
                    const Step step{
                        t, c,
                        std::max<std::uint64_t>(1, other.bytes - std::min(other.bytes, own.bytes)),
                        own.error - other.error};
                    if (!best || step.rate() > best->rate()) best = step;
                }
            }
            if (!best) return;
            bytes += choices_[best->tensor][best->to].bytes;
            bytes -= choices_[best->tensor][chosen[best->tensor]].bytes;
            chosen[best->tensor] = best->to;
        }
    }

    /// A set of choices that differ from those of the relaxation.
    struct State {
        std::int64_t bytes = 0;  // more than the relaxation takes; may be negative
        double excess = 0;       // error beyond what the rate gives for these bytes; >= 0
        std::size_t parent = 0;  // index in `history_`: the state without this choice
        std::size_t tensor = 0;
        std::size_t choice = 0;
    };

    [[nodiscard]] double error_of(const State& state) const {
        return state.excess - rate_ * static_cast<double>(state.bytes);
    }

    /// Searches all choices whose excess is below the distance from the best allocation to the
    /// bound. Only these can improve it.
    void search(Allocation& best) {
        const auto left = static_cast<std::int64_t>(budget_ - bytes_);
        double slack = best.error - bound_;
        history_ = {State{}};
        std::vector<std::size_t> states{0};
        std::size_t winner = 0;
        for (std::size_t t = 0; t < choices_.size() && slack > 0; ++t) {
            const Alternative& own = choices_[t][current_[t]];
            std::vector<State> grown;
            for (std::size_t c = 0; c < choices_[t].size(); ++c) {
                const Alternative& other = choices_[t][c];
                const auto bytes =
                    static_cast<std::int64_t>(other.bytes) - static_cast<std::int64_t>(own.bytes);
                const double excess =
                    std::max(0.0, other.error - own.error + rate_ * static_cast<double>(bytes));
                if (c == current_[t] || excess >= slack) continue;
                for (const std::size_t s : states) {
                    const State& before = history_[s];
                    if (before.excess + excess < slack)
                        grown.push_back({before.bytes + bytes, before.excess + excess, s, t, c});
                }
            }
            if (grown.empty()) continue;
            for (const State& state : grown) history_.push_back(state);
            for (std::size_t s = history_.size() - grown.size(); s < history_.size(); ++s) {
                states.push_back(s);
                const double error = error_ + error_of(history_[s]);
                if (history_[s].bytes > left || !(error < best.error)) continue;
                best.error = error;
                winner = s;
                slack = best.error - bound_;
            }
            thin(states, slack);
        }
        if (winner == 0) return;
        best.chosen = current_;
        for (std::size_t s = winner; s != 0; s = history_[s].parent)
            best.chosen[history_[s].tensor] = history_[s].choice;
    }

    /// Removes states that another one beats in both bytes and error, or that can no longer win.
    void thin(std::vector<std::size_t>& states, double slack) {
        std::sort(states.begin(), states.end(), [&](std::size_t a, std::size_t b) {
            const auto key = [&](std::size_t s) {
                return std::tuple(history_[s].bytes, error_of(history_[s]), s);
            };
            return key(a) < key(b);
        });
        double least = std::numeric_limits<double>::infinity();
        std::erase_if(states, [&](std::size_t s) {
            const double error = error_of(history_[s]);
            // State 0 differs in no choice: later tensors start from it.
            if (s != 0 && (!(error < least) || history_[s].excess >= slack)) return true;
            least = std::min(least, error);
            return false;
        });
        if (states.size() <= kMostStates) return;
        complete_ = false;
        std::nth_element(states.begin(), states.begin() + kMostStates, states.end(),
                         [&](std::size_t a, std::size_t b) {
                             return std::pair(history_[a].excess, a) <
                                    std::pair(history_[b].excess, b);
                         });
        states.resize(kMostStates);
    }

    const std::vector<Alternatives>& choices_;
    std::uint64_t budget_;
    std::vector<std::size_t> current_;  // choices of the relaxation
    std::uint64_t bytes_ = 0;           // that `current_` takes
    double error_ = 0;                  // of `current_`
    double rate_ = 0;                   // error per byte at the end of the budget
    double bound_ = 0;
    std::vector<State> history_;
    bool complete_ = true;
};

}  // namespace

std::optional<Allocation> allocate(const std::vector<std::vector<Alternative>>& choices,
                                   std::uint64_t budget_bytes) {
    return Allocator(choices, budget_bytes).run();
}

}  // namespace pal
