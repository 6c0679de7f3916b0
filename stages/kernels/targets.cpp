#include "stages/kernels/targets.hpp"

#include <hwy/highway.h>
#include <hwy/targets.h>

#include <cstdlib>

#include "stages/tensor/error.hpp"

namespace pal::kernels {

namespace {

/// Returns the bits of the targets that dispatch can reach here. The static target needs no
/// detection.
std::int64_t reachable() { return (hwy::SupportedTargets() & HWY_TARGETS) | HWY_STATIC_TARGET; }

/// Returns reachable() as it was before anything was forced.
std::int64_t detected() {
    static const std::int64_t targets = reachable();
    return targets;
}

/// Returns the best of the targets, which has the lowest bit.
std::int64_t best_of(std::int64_t targets) { return targets & -targets; }

void use(std::int64_t targets) {
    hwy::SetSupportedTargetsForTest(targets);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());  // dispatch has cached its choice
}

}  // namespace

std::vector<std::string> supported_targets() {
    std::vector<std::string> names;
    for (std::int64_t left = detected(); left != 0; left &= left - 1) {
        names.emplace_back(hwy::TargetName(best_of(left)));
    }
    return names;
}

std::string active_target() {
    static_cast<void>(detected());
    return hwy::TargetName(best_of(reachable()));
}

void force_target(std::string_view name) {
    if (name.empty()) return use(detected());
    std::string allowed;
    for (std::int64_t left = detected(); left != 0; left &= left - 1) {
        const std::string_view known = hwy::TargetName(best_of(left));
        if (known == name) return use(best_of(left));
        allowed.append(allowed.empty() ? "" : ", ").append(known);
    }
    throw Error(ErrorCode::kUsage, "instruction set '" + std::string(name) +
                                       "' is unknown or not available here; this machine has " +
                                       allowed);
}

void force_target_from_environment() {
    static const std::string name = [] {
        const char* value = std::getenv("H5PALETTIZE_TARGET");
        return std::string(value == nullptr ? "" : value);
    }();
    if (name.empty()) return;
    try {
        force_target(name);
    } catch (const Error& error) {
        throw error.in("H5PALETTIZE_TARGET");
    }
}

}  // namespace pal::kernels
