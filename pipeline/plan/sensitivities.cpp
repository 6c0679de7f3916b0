#include "pipeline/plan/sensitivities.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pipeline/plan/plan.hpp"
#include "stages/sensitivities.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

const DatasetInfo* dataset_at(const CheckpointInfo& info, const std::string& path) {
    const auto found = std::ranges::lower_bound(info.datasets, path, {}, &DatasetInfo::path);
    return found != info.datasets.end() && found->path == path ? &*found : nullptr;
}

}  // namespace

const DatasetInfo& sensitivities_of(const CheckpointInfo& sensitivities,
                                    const DatasetInfo& tensor) {
    const DatasetInfo* found = dataset_at(sensitivities, tensor.path);
    for (const std::string& alias : tensor.aliases) {
        if (found == nullptr) found = dataset_at(sensitivities, alias);
    }
    const auto refuse = [&](const std::string& why) {
        throw Error(ErrorCode::kInput, sensitivities.file + ": " + tensor.path + ": " + why);
    };
    if (found == nullptr) {
        refuse(
            "no sensitivities; give one value a weight of every tensor that is palettized, or "
            "leave the tensor out with --exclude");
    }
    if (found->shape != tensor.shape) {
        refuse(fmt::format("sensitivities of shape {}, the tensor has {}",
                           shape_to_string(found->shape), shape_to_string(tensor.shape)));
    }
    if (!found->dtype)
        refuse("sensitivities are " + found->stored_type + ", wanted are floating-point numbers");
    if (!found->unreadable.empty()) refuse("sensitivities: " + found->unreadable);
    return *found;
}

void require_valid(const CheckpointReader& sensitivities, const Plan& plan) {
    for (const PlanEntry* entry : plan.palettized()) {
        const auto bad = first_bad_sensitivity(sensitivities.open_weights(*entry->sensitivities));
        sensitivities.require_whole(entry->sensitivities->path);
        if (!bad) continue;
        throw Error(
            ErrorCode::kInput,
            fmt::format("{}: {}: the sensitivity at index {} is {}, allowed are finite "
                        "numbers from 0 on",
                        sensitivities.info().file, entry->dataset->path, bad->index, bad->value));
    }
}

}  // namespace pal
