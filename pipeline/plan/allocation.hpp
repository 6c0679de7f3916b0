// Spends a byte budget: picks one choice per tensor so that the sum of the errors is least. This is
// the multiple-choice knapsack problem (Kellerer, Pferschy and Pisinger 2004, chapter 11).
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
    std::vector<std::size_t> chosen;  // [tensor], an index into the choices of the tensor
    std::uint64_t bytes = 0;
    double error = 0;
    double bound = 0;  // lower bound on the error within the budget; equals `error` if the search
                       // was complete
};

/// Chooses among `choices`: one or more per tensor, in any order. Returns nothing if even the
/// smallest choices together exceed the budget.
///
/// The first step is the optimum on the convex hulls of the choices (the linear relaxation). An
/// exact search over all choices that its bound leaves possible then spends the rest of the budget.
/// A search of more than 65536 states keeps the best ones, and `bound` is that of the relaxation.
/// Fewer bytes are left than the cheapest choice that would lower an error costs.
/// O(n log n) for n tensors, and the search.
[[nodiscard]] std::optional<Allocation> allocate(
    const std::vector<std::vector<Alternative>>& choices, std::uint64_t budget_bytes);

}  // namespace pal
