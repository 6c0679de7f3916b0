#include "pipeline/report/dense_note.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "pipeline/console/bytes_for_people.hpp"
#include "pipeline/console/printable.hpp"

namespace pal {

namespace {

/// True for what somebody may have expected to be palettized.
bool counts(const PlanEntry& entry) {
    return !entry.slab && entry.dataset->shape.size() >= 2 &&
           entry.role != TensorRole::kOptimizerSlot;
}

}  // namespace

std::vector<const PlanEntry*> largest_dense(const Plan& plan) {
    constexpr std::size_t kMost = 3;
    std::vector<const PlanEntry*> largest;
    for (const PlanEntry& entry : plan.entries) {
        if (counts(entry) && !entry.palettize) largest.push_back(&entry);
    }
    std::ranges::stable_sort(largest, std::ranges::greater{},
                             [](const PlanEntry* entry) { return entry->dataset->element_count; });
    largest.resize(std::min(kMost, largest.size()));
    return largest;
}

std::string dense_note(const Plan& plan) {
    std::uint64_t palettized = 0;
    std::uint64_t dense = 0;
    for (const PlanEntry& entry : plan.entries) {
        if (counts(entry)) (entry.palettize ? palettized : dense) += entry.dataset->element_count;
    }
    if (dense <= palettized) return "";
    std::string text =
        fmt::format("most weights stay dense: {} of {}; the largest:\n", dense, dense + palettized);
    for (const PlanEntry* entry : largest_dense(plan)) {
        const DatasetInfo& dataset = *entry->dataset;
        text += fmt::format("  {} {}, {}: {}\n", printable(dataset.path),
                            shape_to_string(dataset.shape), bytes_for_people(dataset.bytes),
                            printable(entry->reason));
    }
    return text;
}

}  // namespace pal
