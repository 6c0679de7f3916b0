// Counting on several threads side by side.
#pragma once

#include <oneapi/tbb/enumerable_thread_specific.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

namespace pal::cluster {

/// Returns the sum over threads of their counts, [slots]. for_each(visit) calls `visit` with
/// blocks, on several threads at a time. count(block, counts) adds one block to the counts of its
/// thread.
template <class ForEach, class Count>
[[nodiscard]] std::vector<std::uint32_t> counted_by(const ForEach& for_each, std::size_t slots,
                                                    const Count& count) {
    using Counts = std::vector<std::uint32_t>;
    tbb::enumerable_thread_specific<Counts> counts([&] { return Counts(slots); });
    for_each([&](const auto& block) { count(block, counts.local()); });
    Counts total = std::move(*counts.begin());
    for (auto one = std::next(counts.begin()); one != counts.end(); ++one) {
        for (std::size_t s = 0; s < slots; ++s) total[s] += (*one)[s];
    }
    return total;
}

}  // namespace pal::cluster
