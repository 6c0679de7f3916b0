// A histogram that only counts: the quick one, for values that suit it.
#pragma once

#include <cstddef>
#include <optional>

#include "stages/cluster/histogram/counted_histogram.hpp"
#include "stages/cluster/types/points.hpp"

namespace pal::cluster {

/// Bins of equal width, so narrow that the narrowest cluster of a good LUT spans about 160 of
/// them, or 96 where clusters have thousands of values; values beyond the range of a sample get a
/// bin each. A bin's mean is taken for its centre. Nothing where this does not suit: values repeat
/// much or lie in clumps narrower than a bin (their means are then anywhere in a bin), or lie so
/// unevenly that it would take more bins than are worth it. O(n).
[[nodiscard]] std::optional<CountedHistogram> even_histogram(const FloatBlocks& values,
                                                             std::size_t max_clusters);

}  // namespace pal::cluster
