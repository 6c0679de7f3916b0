#include "pipeline/plan/plan_warnings.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace pal {

void warn_of_large_tensors(Plan& plan, std::uint64_t memory_bytes) {
    constexpr std::uint64_t kAllowance = std::uint64_t{24} << 20;
    const PlanEntry* largest = nullptr;
    std::size_t count = 0;
    for (const PlanEntry& entry : plan.entries) {
        if (entry.memory_bytes < kAllowance || entry.memory_bytes - kAllowance <= memory_bytes)
            continue;
        ++count;
        if (largest == nullptr || entry.memory_bytes > largest->memory_bytes) largest = &entry;
    }
    if (largest == nullptr) return;
    plan.warnings.push_back(
        "--memory: " + std::to_string(count) + " of the tensors cannot be done within " +
        std::to_string(memory_bytes) + " bytes and are worked on alone; the largest, " +
        largest->task.path + ", needs about " + std::to_string(largest->memory_bytes) + " bytes");
}

void warn_of_growth(Plan& plan) {
    const auto grows = [](const PlanEntry* entry) { return !entry->growth.empty(); };
    const auto chosen = plan.palettized();
    const auto count = std::ranges::count_if(chosen, grows);
    if (count == 0) return;
    const PlanEntry& first = **std::ranges::find_if(chosen, grows);
    plan.warnings.push_back(std::to_string(count) +
                            " of the tensors that were asked for grow; the first, " +
                            first.dataset->path + ": " + first.growth);
}

void warn_of_scales(Plan& plan) {
    for (const PlanEntry* entry : plan.palettized()) {
        if (!entry->dataset->is_used_scale) continue;
        plan.warnings.push_back(entry->dataset->path +
                                ": is a dimension scale of other datasets; netCDF programs will "
                                "not open the output, --exclude leaves it as it is");
        return;
    }
}

}  // namespace pal
