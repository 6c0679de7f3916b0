#include "pipeline/plan/sensitivities.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "pipeline/plan/plan.hpp"
#include "stages/sensitivities.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

const DatasetInfo* dataset_at(const CheckpointInfo& info, const std::string& path) {
    const auto found = std::ranges::lower_bound(info.datasets, path, {}, &DatasetInfo::path);
    return found != info.datasets.end() && found->path == path ? &*found : nullptr;
}

/// Returns the path, and what coreai_opt calls the sensitivities of /fc.weight or /fc/weight:
/// fc.parametrizations.weight.original, in one name or by groups.
std::vector<std::string> spellings_of(const std::string& path) {
    const std::size_t state_at = path.find_last_of("/.") + 1;
    const std::string state = path.substr(state_at);
    const std::string module = path.substr(0, state_at);
    std::string dotted = module;
    std::replace(dotted.begin() + 1, dotted.end(), '/', '.');
    std::string grouped = module;
    std::ranges::replace(grouped, '.', '/');
    return {path, dotted + "parametrizations." + state + ".original",
            grouped + "parametrizations/" + state + "/original"};
}

const DatasetInfo* found_for(const CheckpointInfo& sensitivities, const DatasetInfo& tensor) {
    std::vector<std::string> paths{tensor.path};
    paths.insert(paths.end(), tensor.aliases.begin(), tensor.aliases.end());
    for (const std::string& path : paths) {
        for (const std::string& spelling : spellings_of(path)) {
            if (const DatasetInfo* found = dataset_at(sensitivities, spelling)) return found;
        }
    }
    return nullptr;
}

}  // namespace

const DatasetInfo* sensitivities_of(const CheckpointInfo& sensitivities, const DatasetInfo& tensor,
                                    bool may_lack) {
    const DatasetInfo* const found = found_for(sensitivities, tensor);
    if (found == nullptr && may_lack) return nullptr;
    const auto refuse = [&](const std::string& why) {
        throw Error(ErrorCode::kInput, sensitivities.file + ": " + tensor.path + ": " + why);
    };
    if (found == nullptr) {
        refuse(
            "no sensitivities; give one value a weight of every tensor that is palettized, leave "
            "the tensor out with --exclude, or use --sensitivity-missing unweighted");
    }
    if (found->shape != tensor.shape) {
        refuse(fmt::format("sensitivities of shape {}, the tensor has {}",
                           shape_to_string(found->shape), shape_to_string(tensor.shape)));
    }
    if (!found->dtype)
        refuse("sensitivities are " + found->stored_type + ", wanted are floating-point numbers");
    if (!found->unreadable.empty()) refuse("sensitivities: " + found->unreadable);
    return found;
}

void warn_of_missing_sensitivities(Plan& plan) {
    constexpr std::size_t kMostNamed = 3;
    std::size_t count = 0;
    std::string names;
    for (const PlanEntry* entry : plan.palettized()) {
        if (entry->sensitivities != nullptr) continue;
        if (count++ < kMostNamed) names += (names.empty() ? "" : ", ") + entry->dataset->path;
    }
    if (count == 0) return;
    plan.warnings.push_back(fmt::format(
        "{} {} palettized without sensitivities, since the file has none: {}{}", count,
        count == 1 ? "tensor is" : "tensors are", names, count > kMostNamed ? " ..." : ""));
}

std::optional<Weights> open_sensitivities(const CheckpointReader& sensitivities,
                                          const PlanEntry& entry) {
    if (entry.sensitivities == nullptr) return std::nullopt;
    Weights raw = sensitivities.open_weights(*entry.sensitivities);
    return entry.normalize_sensitivities ? normalized_like_coreai(raw) : raw;
}

void require_valid(const CheckpointReader& sensitivities, const Plan& plan) {
    for (const PlanEntry* entry : plan.palettized()) {
        if (entry->sensitivities == nullptr) continue;
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
