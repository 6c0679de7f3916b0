// Row minima of a totally monotone matrix, for dynamic programs over intervals.
//
// Row j is a position where an interval ends. Its columns are the positions i < j where the
// interval may begin. The minimising i never falls as j grows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

#include "stages/parallel/parallel.hpp"

namespace pal::cluster {

/// Divide and conquer: the middle row bounds the columns of both halves (Grønlund et al. 2017,
/// arXiv:1701.07204, section 2). Computes O((rows + columns) log rows) values. Parallel where there
/// are many rows; call it inside isolated().
template <class Value, class Store>
class MonotoneMinima {
  public:
    /// value(i, j) returns an entry. store(j, i, least) is called once per row, from several
    /// threads.
    MonotoneMinima(const Value& value, const Store& store) : value_(value), store_(store) {}

    /// Finds the minima of rows first .. last, whose columns lie in [low, high], low < first. The
    /// first of equal minima counts.
    void find(std::size_t first, std::size_t last, std::size_t low, std::size_t high) const {
        const std::size_t middle = first + (last - first) / 2;
        double least = std::numeric_limits<double>::infinity();
        std::size_t at = low;
        const std::size_t end = std::min(high + 1, middle);
        for (std::size_t i = low; i < end; ++i) {
            const double value = value_(i, middle);
            if (value < least) {
                least = value;
                at = i;
            }
        }
        store_(middle, at, least);
        const auto left = [=, this] {
            if (middle > first) find(first, middle - 1, low, at);
        };
        const auto right = [=, this] {
            if (middle < last) find(middle + 1, last, at, high);
        };
        if (last - first < kParallelRows) {
            left();
            right();
        } else {
            both(left, right);
        }
    }

  private:
    static constexpr std::size_t kParallelRows = std::size_t{1} << 14;

    const Value& value_;
    const Store& store_;
};

}  // namespace pal::cluster
