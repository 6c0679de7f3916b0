// Specs and tasks that tests of several stages share.
#pragma once

#include <cstdint>
#include <variant>

#include "stages/chain.hpp"

namespace pal::test {

/// Returns a default spec with groups of `size` channels along `axis`.
inline PalettizationSpec grouped(int axis, std::uint64_t size, std::uint64_t cluster_dim = 1) {
    PalettizationSpec spec;
    spec.granularity = {GranularityKind::kPerGroupedChannel, axis, size, false};
    spec.cluster_dim = cluster_dim;
    return spec;
}

inline PalettizationSpec with_bits(PalettizationSpec spec, int n_bits) {
    spec.n_bits = n_bits;
    return spec;
}

/// Returns a task for a tensor that the spec fits. Its last group may be partial.
inline TensorTask task_for(const Shape& shape, const PalettizationSpec& spec,
                           DType dtype = DType::kF32, AxisMap axes = {0, 1}) {
    return {"/w", dtype, std::get<Geometry>(make_geometry(shape, axes, spec, true)), spec, {}};
}

}  // namespace pal::test
