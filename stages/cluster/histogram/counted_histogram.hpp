// A histogram of unweighted floats in one pass, by counting alone.
//
// Values are binned by their bits, as in adaptive_histogram: by their leading key (sign, exponent,
// 7 bits of the mantissa), and each key is split further where the cube root of the density is
// large (Panter and Dite 1951). How the density lies is asked of a sample first; values of keys
// that the sample did not meet are set aside and binned by their keys. A bin knows its count and
// its mean exactly, whatever the order in which values came: everything is integers.
#pragma once

#include <cstdint>
#include <vector>

#include "stages/cluster/types/points.hpp"

namespace pal::cluster {

/// Values in [low, high].
struct CountedBin {
    double weight = 0;
    double mean = 0;
    double low = 0;
    double high = 0;
};

struct CountedHistogram {
    std::vector<CountedBin> bins;  // non-empty ones, ascending; disjoint
    bool finite = true;            // else there is a NaN or infinity, and the bins say nothing
    bool even = false;             // values lie as evenly inside bins as chance has them
};

/// About `fine_bins` bins, and one for each leading key that the sample missed. `passes` may be 1,
/// or 2: then the splits follow from counts of all values instead of a sample. O(n).
[[nodiscard]] CountedHistogram counted_histogram(const FloatBlocks& values, std::size_t fine_bins,
                                                 int passes);

}  // namespace pal::cluster
