// Sums of many terms without a wait for each addition.
#pragma once

#include <array>
#include <cstddef>

namespace pal::cluster {

/// term(0) + ... + term(count - 1), in four sums side by side: one alone waits for each of its
/// additions. The order of additions depends on count alone.
template <class Term>
double sum_of(std::size_t count, const Term& term) {
    std::array<double, 4> sums{};
    std::size_t t = 0;
    for (; t + sums.size() <= count; t += sums.size()) {
        for (std::size_t lane = 0; lane < sums.size(); ++lane) sums[lane] += term(t + lane);
    }
    for (; t < count; ++t) sums[t % sums.size()] += term(t);
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace pal::cluster
