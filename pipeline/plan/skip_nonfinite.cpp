#include "pipeline/plan/skip_nonfinite.hpp"

#include "stages/scale.hpp"

namespace pal {

std::vector<std::size_t> skip_nonfinite(Plan& plan, const CheckpointReader& reader) {
    std::vector<std::size_t> skipped;
    for (std::size_t e = 0; e < plan.entries.size(); ++e) {
        PlanEntry& entry = plan.entries[e];
        if (!entry.palettize) continue;
        const NonFinite bad =
            count_nonfinite(reader.open_weights(*entry.dataset, entry.kept_bytes));
        if (bad.count == 0) continue;
        leave_dense(entry, std::to_string(bad.count) +
                               " weights are NaN or infinite, the first at index " +
                               std::to_string(bad.first));
        skipped.push_back(e);
    }
    return skipped;
}

}  // namespace pal
