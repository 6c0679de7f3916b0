// Sums of many terms that do not wait for each addition.
#pragma once

#include <array>
#include <cstddef>

namespace pal::cluster {

/// Returns term(0) + ... + term(count - 1), added up in four sums side by side. A single sum would
/// wait for each of its additions. The order of additions depends on count alone.
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
