// Spending a budget: one choice for each tensor, so that the errors add up to the least. The
// multiple-choice knapsack problem (Kellerer, Pferschy and Pisinger 2004, chapter 11).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace pal {

/// One way to store a tensor.
struct Alternative {
    std::uint64_t bytes = 0;
    double error = 0;  // finite, >= 0
};

struct Allocation {
    std::vector<std::size_t> chosen;  // [tensor], a number of its choices
    std::uint64_t bytes = 0;
    double error = 0;
    double bound = 0;  // no allocation within the budget has less error; equals it where the search
                       // was complete
};

/// choices: one or more for each tensor, in any order. Nothing where the smallest of all together
/// exceed the budget. First the optimum on the convex hull of the choices (the linear relaxation);
/// then, of the choices that its bound leaves possible, an exact search for the rest of the budget.
/// Where that has more than 65536 states to tell apart, the best of them go on, and `bound` is that
/// of the relaxation. What is left is less than the cheapest choice that would lower an error.
/// O(n log n) for n tensors, and the search.
[[nodiscard]] std::optional<Allocation> allocate(
    const std::vector<std::vector<Alternative>>& choices, std::uint64_t budget_bytes);

}  // namespace pal
