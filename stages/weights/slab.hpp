// Parts of a tensor that are worked on apart: rows of its leading dimension that hold whole groups,
// and whole chunks of indices, so that what is made of them can be put together as it is.
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

/// Slabs begin at multiples of so many rows and have no fewer, the last one what is left over
/// besides. Nothing where the tensor cannot be cut: its groups do not lie along the leading
/// dimension, a scale or a chunk takes all of it, or there is but one such unit.
[[nodiscard]] std::optional<std::uint64_t> slab_unit(const Geometry& geometry,
                                                     const PalettizationSpec& spec);

/// Groups, vectors and channels as they are, with so many rows of the leading dimension instead: of
/// a slab as a tensor of its own, or of the whole that a slab was cut from. Both have chunks of one
/// shape where slabs were cut by slab_unit.
[[nodiscard]] Geometry with_rows(const Geometry& geometry, std::uint64_t rows);
/// The first of its groups among those of the whole.
[[nodiscard]] std::size_t first_group(const Geometry& whole, const Slab& slab);
/// Its weights, read from those of the whole as they are asked for.
[[nodiscard]] Weights slab_weights(const Weights& whole, const Geometry& geometry,
                                   const Slab& slab);

/// The tensor that slabs were cut from: all of them, in order. Chunks are read from the slabs as
/// they are asked for.
[[nodiscard]] PalettizedTensor joined(std::vector<PalettizedTensor> slabs, const Geometry& whole);

}  // namespace pal
