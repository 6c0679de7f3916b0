// A histogram that only counts: the quickest one, for values that suit it.
#pragma once

#include <cstddef>
#include <optional>

#include "stages/cluster/histogram/counted_histogram.hpp"
#include "stages/cluster/types/points.hpp"

namespace pal::cluster {

/// Counts the values into bins of equal width. The narrowest cluster of a good LUT spans about 160
/// bins, or 96 where clusters have thousands of values. Values beyond the range of a sample get a
/// bin each. A bin's centre stands for its mean. O(n).
///
/// Returns nothing if the values do not suit. They may repeat much. They may lie in clumps narrower
/// than a bin, whose means are then anywhere in the bin. Or they lie so unevenly that it would take
/// more bins than are worth it.
[[nodiscard]] std::optional<CountedHistogram> even_histogram(const FloatBlocks& values,
                                                             std::size_t max_clusters);

}  // namespace pal::cluster
