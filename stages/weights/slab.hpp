// Slabs: pieces of a tensor that different shards work on. A slab is a range of rows of the leading
// dimension. It has whole groups and whole chunks of indices, so results are joined without change.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "stages/tensor/tensor.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

/// Rows first .. first + rows - 1 of the leading dimension.
struct Slab {
    std::uint64_t first = 0;
    std::uint64_t rows = 0;
};

/// Number of rows of the smallest slab. Slabs begin at multiples of it; the last one also takes the
/// rows left over. Returns nothing if the tensor cannot be cut: its groups do not lie along the
/// leading dimension, or each scale covers all rows. Nor if a unit has few indices, or two units do
/// not fit.
[[nodiscard]] std::optional<std::uint64_t> slab_unit(const Geometry& geometry,
                                                     const PalettizationSpec& spec);

/// Returns the same geometry with `rows` rows of the leading dimension: from whole to slab, or
/// back. geometry must have a group_axis. Where slabs are cut by slab_unit, all have the same chunk
/// shape.
[[nodiscard]] Geometry with_rows(const Geometry& geometry, std::uint64_t rows);
/// Number of the slab's first group among the groups of the whole.
[[nodiscard]] std::size_t first_group(const Geometry& whole, const Slab& slab);
/// Weights of a slab with this geometry. Reads them from the whole when they are asked for.
[[nodiscard]] Weights slab_weights(const Weights& whole, const Geometry& geometry,
                                   const Slab& slab);

/// Joins all slabs of a tensor, given in order. Reads chunks from the slabs when they are asked
/// for.
[[nodiscard]] PalettizedTensor joined(std::vector<PalettizedTensor> slabs, const Geometry& whole);

}  // namespace pal
