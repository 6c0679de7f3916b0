#include "pipeline/plan/skip_nonfinite.hpp"

#include "stages/scale.hpp"

namespace pal {

void skip_nonfinite(Plan& plan, const CheckpointReader& reader) {
    for (PlanEntry& entry : plan.entries) {
        if (!entry.palettize) continue;
        const NonFinite bad =
            count_nonfinite(reader.open_weights(*entry.dataset, entry.kept_bytes));
        if (bad.count == 0) continue;
        leave_dense(entry, std::to_string(bad.count) +
                               " weights are NaN or infinite, the first at index " +
                               std::to_string(bad.first));
    }
}

}  // namespace pal
