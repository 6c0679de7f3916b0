#include "stages/tensor/chunk_grid.hpp"

#include <algorithm>

#include "stages/tensor/error.hpp"

namespace pal {

namespace {

constexpr std::uint64_t kChunkValues = std::uint64_t{1} << 20;

/// Rows of the leading dimension that a chunk takes if `rows` of them fit: whole groups, or the
/// largest divisor of a group.
std::uint64_t rows_of_whole_groups(std::uint64_t rows, std::uint64_t group_rows) {
    if (rows >= group_rows) return rows - rows % group_rows;
    while (group_rows % rows != 0) --rows;
    return rows;
}

}  // namespace

Shape chunk_shape(const Geometry& geometry) {
    const Shape& shape = geometry.indices_shape;
    Shape chunk(shape.size(), 1);
    std::uint64_t values = 1;
    for (std::size_t d = shape.size(); d-- > 0;) {
        chunk[d] =
            std::min<std::uint64_t>(shape[d], std::max<std::uint64_t>(1, kChunkValues / values));
        values *= chunk[d];
        if (chunk[d] < shape[d]) break;
    }
    if (geometry.group_axis == 0U && geometry.group_dims == 1 && chunk[0] < shape[0]) {
        chunk[0] = rows_of_whole_groups(chunk[0], geometry.group_index_channels);
    }
    return chunk;
}

std::size_t packed_bytes(std::size_t values, int n_bits) noexcept {
    return n_bits == 8 ? values : values * static_cast<std::size_t>(n_bits) / 8 + 1;
}

ChunkGrid::ChunkGrid(const Geometry& geometry)
    : shape_(geometry.indices_shape), chunk_(chunk_shape(geometry)), grid_(shape_.size()) {
    for (std::size_t d = 0; d < shape_.size(); ++d) {
        grid_[d] = (shape_[d] + chunk_[d] - 1) / chunk_[d];
        count_ *= grid_[d];
        chunk_values_ *= chunk_[d];
        if (chunk_[d] == 1 && shape_[d] > 1) partial_ = d;
    }
    // A chunk has extent 1 in the leading dimensions, divides one dimension, and takes the trailing
    // ones whole.
    while (partial_ + 1 < shape_.size() && chunk_[partial_] == 1) ++partial_;
    for (std::size_t d = partial_ + 1; d < shape_.size(); ++d) {
        PAL_ASSERT(chunk_[d] == shape_[d]);
        inner_ *= shape_[d];
    }
}

std::size_t ChunkGrid::chunk_bytes(int n_bits) const noexcept {
    return packed_bytes(chunk_values_, n_bits);
}

Shape ChunkGrid::offset(std::size_t number) const {
    Shape offset(shape_.size());
    for (std::size_t d = shape_.size(); d-- > 0; number /= grid_[d]) {
        offset[d] = number % grid_[d] * chunk_[d];
    }
    return offset;
}

IndexRun ChunkGrid::positions(std::size_t number) const {
    const Shape first = offset(number);
    std::size_t begin = 0;
    for (std::size_t d = 0; d < shape_.size(); ++d) begin = begin * shape_[d] + first[d];
    const std::size_t rows = std::min(chunk_[partial_], shape_[partial_] - first[partial_]);
    return {begin, rows * inner_};
}

std::size_t ChunkGrid::chunk_of(std::size_t position) const noexcept {
    const std::size_t row = position / inner_;
    const std::size_t outer = row / shape_[partial_];
    return outer * grid_[partial_] + row % shape_[partial_] / chunk_[partial_];
}

bool are_few(const Geometry& geometry) noexcept { return geometry.index_count <= kFewIndices; }

std::uint64_t index_bytes(const Geometry& geometry, int n_bits) {
    if (are_few(geometry)) return geometry.index_count;
    const ChunkGrid grid(geometry);
    return grid.count() * grid.chunk_bytes(n_bits);
}

}  // namespace pal
