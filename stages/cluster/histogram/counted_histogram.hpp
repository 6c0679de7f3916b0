// A histogram of unweighted floats in one pass, by counting alone.
//
// Values are binned by their bits, as in adaptive_histogram. Each leading key (sign, exponent, 7
// bits of the mantissa) is split further where the cube root of the density is large (Panter and
// Dite 1951). A sample tells the density first. Values with keys that the sample did not meet are
// set aside and binned by their keys. A bin knows its count and its mean exactly, for any order of
// the values: all sums are integers.
#pragma once

#include <cstdint>
#include <vector>

#include "stages/cluster/types/points.hpp"

namespace pal::cluster {

/// A bin of values in [low, high].
struct CountedBin {
    double weight = 0;
    double mean = 0;
    double low = 0;
    double high = 0;
};

struct CountedHistogram {
    std::vector<CountedBin> bins;  // non-empty ones, ascending; disjoint
    bool finite = true;            // false: a value is NaN or infinite, and the bins mean nothing
    bool even = false;             // values lie inside bins as evenly as chance puts them
};

/// Counts the values into about `fine_bins` bins, and one for each leading key that the sample
/// missed. With passes = 1 the splits follow from a sample, with passes = 2 from counts of all
/// values. O(n).
[[nodiscard]] CountedHistogram counted_histogram(const FloatBlocks& values, std::size_t fine_bins,
                                                 int passes);

}  // namespace pal::cluster
