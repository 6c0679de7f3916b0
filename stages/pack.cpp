#include "stages/pack.hpp"

#include <algorithm>
#include <cstring>

#include "stages/error.hpp"
#include "stages/parallel.hpp"

namespace pal {

namespace {

constexpr std::uint64_t kChunkValues = std::uint64_t{1} << 20;

/// Rows of the leading dimension a chunk takes, of the `rows` that would fit: whole groups, or a
/// divisor of one.
std::uint64_t rows_of_whole_groups(std::uint64_t rows, std::uint64_t group_rows) {
    if (rows >= group_rows) return rows - rows % group_rows;
    while (group_rows % rows != 0) --rows;
    return rows;
}

/// Calls body(offset in the tensor, offset in the chunk, length) for each contiguous row that a
/// chunk shares with the tensor.
template <class Body>
void for_each_shared_row(const Shape& chunk, std::span<const std::uint64_t> offset,
                         const Shape& shape, const Body& body) {
    const std::size_t rank = shape.size();
    Shape extent(rank);
    for (std::size_t d = 0; d < rank; ++d) {
        if (offset[d] >= shape[d]) return;
        extent[d] = std::min(chunk[d], shape[d] - offset[d]);
    }
    Shape at(rank, 0);  // the last dimension stays 0: rows are taken whole
    while (true) {
        std::uint64_t in_tensor = 0;
        std::uint64_t in_chunk = 0;
        for (std::size_t d = 0; d < rank; ++d) {
            in_tensor = in_tensor * shape[d] + offset[d] + at[d];
            in_chunk = in_chunk * chunk[d] + at[d];
        }
        body(in_tensor, in_chunk, extent[rank - 1]);
        std::size_t d = rank - 1;
        while (d > 0 && ++at[d - 1] == extent[d - 1]) at[--d] = 0;
        if (d == 0) return;
    }
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
    if (geometry.group_axis == 0U && chunk[0] < shape[0]) {
        chunk[0] = rows_of_whole_groups(chunk[0], geometry.group_index_channels);
    }
    return chunk;
}

std::vector<std::uint8_t> pack_bits(std::span<const std::uint8_t> values, int n_bits) {
    if (n_bits == 8) return {values.begin(), values.end()};
    std::vector<std::uint8_t> packed(values.size() * static_cast<std::size_t>(n_bits) / 8 + 1);
    std::uint32_t pending = 0;  // bits not yet stored, at the low end
    int pending_bits = 0;
    std::size_t byte = 0;
    for (const std::uint8_t value : values) {
        pending = (pending << n_bits) | value;
        pending_bits += n_bits;
        if (pending_bits >= 8) {
            pending_bits -= 8;
            packed[byte++] = static_cast<std::uint8_t>(pending >> pending_bits);
        }
    }
    if (pending_bits > 0) packed[byte] = static_cast<std::uint8_t>(pending << (8 - pending_bits));
    return packed;
}

void unpack_bits(std::span<const std::uint8_t> packed, int n_bits, std::span<std::uint8_t> values) {
    const std::size_t needed_bytes = (values.size() * static_cast<std::size_t>(n_bits) + 7) / 8;
    if (packed.size() < needed_bytes) {
        throw Error(ErrorCode::kInput, "a chunk of indices has " + std::to_string(packed.size()) +
                                           " bytes, " + std::to_string(needed_bytes) +
                                           " are needed; the file is damaged");
    }
    if (n_bits == 8) {
        std::copy_n(packed.begin(), values.size(), values.begin());
        return;
    }
    const std::uint32_t mask = (1U << n_bits) - 1;
    std::uint32_t pending = 0;
    int pending_bits = 0;
    std::size_t byte = 0;
    for (std::uint8_t& value : values) {
        if (pending_bits < n_bits) {
            pending = (pending << 8) | packed[byte++];
            pending_bits += 8;
        }
        pending_bits -= n_bits;
        value = static_cast<std::uint8_t>((pending >> pending_bits) & mask);
    }
}

std::vector<PackedChunk> pack_indices(const PalettizedTensor& tensor) {
    const Shape& shape = tensor.geometry.indices_shape;
    const Shape chunk = chunk_shape(tensor.geometry);
    const std::uint64_t chunk_values = element_count(chunk).value();
    Shape grid(shape.size());
    for (std::size_t d = 0; d < shape.size(); ++d) grid[d] = (shape[d] + chunk[d] - 1) / chunk[d];

    std::vector<PackedChunk> chunks(element_count(grid).value());
    const auto pack_one = [&](std::size_t position) {
        PackedChunk& packed = chunks[position];
        packed.offset.resize(shape.size());
        for (std::size_t d = shape.size(); d-- > 0; position /= grid[d]) {
            packed.offset[d] = position % grid[d] * chunk[d];
        }
        std::vector<std::uint8_t> values(chunk_values, 0);
        for_each_shared_row(
            chunk, packed.offset, shape,
            [&](std::uint64_t in_tensor, std::uint64_t in_chunk, std::uint64_t length) {
                std::memcpy(values.data() + in_chunk, tensor.indices.data() + in_tensor, length);
            });
        packed.bytes = pack_bits(values, tensor.n_bits);
    };
    for_each_task(chunks.size(), pack_one);
    return chunks;
}

void place_chunk(std::span<const std::uint8_t> chunk_values, const Shape& chunk,
                 std::span<const std::uint64_t> offset, const Shape& indices_shape,
                 std::span<std::uint8_t> indices) {
    for_each_shared_row(chunk, offset, indices_shape,
                        [&](std::uint64_t in_tensor, std::uint64_t in_chunk, std::uint64_t length) {
                            std::memcpy(indices.data() + in_tensor, chunk_values.data() + in_chunk,
                                        length);
                        });
}

}  // namespace pal
