#include "stages/pack.hpp"

#include <algorithm>

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

/// Joins the low n_bits of eight bytes, most significant first: 8 * n_bits bits at the low end.
std::uint64_t joined(std::uint64_t bytes, int n_bits) noexcept {
    const auto n = static_cast<unsigned>(n_bits);
    bytes = ((bytes >> 8U & 0x00FF00FF00FF00FFU) << n) | (bytes & 0x00FF00FF00FF00FFU);
    bytes = ((bytes >> 16U & 0x0000FFFF0000FFFFU) << 2 * n) | (bytes & 0x0000FFFF0000FFFFU);
    return (bytes >> 32U << 4 * n) | (bytes & 0xFFFFFFFFU);
}

/// The inverse.
std::uint64_t spread(std::uint64_t bits, int n_bits) noexcept {
    const auto n = static_cast<unsigned>(n_bits);
    const auto low = [](unsigned count) { return (std::uint64_t{1} << count) - 1; };
    bits = (bits >> 4 * n << 32U) | (bits & low(4 * n));
    const std::uint64_t pairs = low(2 * n) | low(2 * n) << 32U;
    bits = ((bits >> 2 * n & pairs) << 16U) | (bits & pairs);
    const std::uint64_t ones = low(n) * 0x0001000100010001U;
    return ((bits >> n & ones) << 8U) | (bits & ones);
}

std::uint64_t load_big_endian(const std::uint8_t* bytes, std::size_t count) noexcept {
    std::uint64_t value = 0;
    for (std::size_t b = 0; b < count; ++b) value = value << 8U | bytes[b];
    return value;
}

void store_big_endian(std::uint64_t value, std::uint8_t* bytes, std::size_t count) noexcept {
    for (std::size_t b = count; b-- > 0; value >>= 8U) bytes[b] = static_cast<std::uint8_t>(value);
}

/// Eight values a step; n_bits a constant, so that bytes are moved by whole words.
template <int n_bits>
void pack_eights(const std::uint8_t* values, std::size_t eights, std::uint8_t* packed) {
    for (std::size_t e = 0; e < eights; ++e) {
        store_big_endian(joined(load_big_endian(values + 8 * e, 8), n_bits), packed + n_bits * e,
                         n_bits);
    }
}

template <int n_bits>
void unpack_eights(const std::uint8_t* packed, std::size_t eights, std::uint8_t* values) {
    for (std::size_t e = 0; e < eights; ++e) {
        store_big_endian(spread(load_big_endian(packed + n_bits * e, n_bits), n_bits),
                         values + 8 * e, 8);
    }
}

using Eights = void (*)(const std::uint8_t*, std::size_t, std::uint8_t*);
constexpr Eights kPackEights[] = {nullptr,        pack_eights<1>, pack_eights<2>, pack_eights<3>,
                                  pack_eights<4>, pack_eights<5>, pack_eights<6>, pack_eights<7>};
constexpr Eights kUnpackEights[] = {nullptr,          unpack_eights<1>, unpack_eights<2>,
                                    unpack_eights<3>, unpack_eights<4>, unpack_eights<5>,
                                    unpack_eights<6>, unpack_eights<7>};

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
    return pack_chunk(values, values.size(), n_bits);
}

std::vector<std::uint8_t> pack_chunk(std::span<const std::uint8_t> indices,
                                     std::size_t chunk_values, int n_bits) {
    PAL_ASSERT(indices.size() <= chunk_values && n_bits >= 1 && n_bits <= 8);
    const auto bits = static_cast<std::size_t>(n_bits);
    std::vector<std::uint8_t> packed(n_bits == 8 ? chunk_values : chunk_values * bits / 8 + 1);
    if (n_bits == 8) {
        std::copy(indices.begin(), indices.end(), packed.begin());
        return packed;
    }
    const std::size_t eights = indices.size() / 8;
    kPackEights[bits](indices.data(), eights, packed.data());
    std::uint32_t pending = 0;  // bits not yet stored, at the low end
    int pending_bits = 0;
    std::size_t byte = eights * bits;
    for (const std::uint8_t value : indices.subspan(eights * 8)) {
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
    const auto bits = static_cast<std::size_t>(n_bits);
    const std::size_t needed_bytes = (values.size() * bits + 7) / 8;
    if (packed.size() < needed_bytes) {
        throw Error(ErrorCode::kInput, "a chunk of indices has " + std::to_string(packed.size()) +
                                           " bytes, " + std::to_string(needed_bytes) +
                                           " are needed; the file is damaged");
    }
    if (n_bits == 8) {
        std::copy_n(packed.begin(), values.size(), values.begin());
        return;
    }
    const std::size_t eights = values.size() / 8;
    kUnpackEights[bits](packed.data(), eights, values.data());
    const std::uint32_t mask = (1U << n_bits) - 1;
    std::uint32_t pending = 0;
    int pending_bits = 0;
    std::size_t byte = eights * bits;
    for (std::uint8_t& value : values.subspan(eights * 8)) {
        if (pending_bits < n_bits) {
            pending = (pending << 8) | packed[byte++];
            pending_bits += 8;
        }
        pending_bits -= n_bits;
        value = static_cast<std::uint8_t>((pending >> pending_bits) & mask);
    }
}

ChunkGrid::ChunkGrid(const Geometry& geometry)
    : shape_(geometry.indices_shape), chunk_(chunk_shape(geometry)), grid_(shape_.size()) {
    for (std::size_t d = 0; d < shape_.size(); ++d) {
        grid_[d] = (shape_[d] + chunk_[d] - 1) / chunk_[d];
        count_ *= grid_[d];
        chunk_values_ *= chunk_[d];
        if (chunk_[d] == 1 && shape_[d] > 1) partial_ = d;
    }
    // Leading dimensions of one element a chunk, one that chunks divide, and whole ones behind it.
    while (partial_ + 1 < shape_.size() && chunk_[partial_] == 1) ++partial_;
    for (std::size_t d = partial_ + 1; d < shape_.size(); ++d) {
        PAL_ASSERT(chunk_[d] == shape_[d]);
        inner_ *= shape_[d];
    }
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

std::vector<PackedChunk> pack_indices(std::span<const std::uint8_t> indices,
                                      const Geometry& geometry, int n_bits) {
    const ChunkGrid grid(geometry);
    std::vector<PackedChunk> chunks(grid.count());
    for_each_task(chunks.size(), [&](std::size_t c) {
        const IndexRun run = grid.positions(c);
        chunks[c] = {grid.offset(c), pack_chunk(indices.subspan(run.begin, run.length),
                                                grid.chunk_values(), n_bits)};
    });
    return chunks;
}

std::vector<std::uint8_t> unpack_indices(const PalettizedTensor& tensor) {
    const ChunkGrid grid(tensor.geometry);
    PAL_ASSERT(tensor.chunks.size() == grid.count());
    std::vector<std::uint8_t> indices(tensor.geometry.index_count);
    for_each_task(grid.count(), [&](std::size_t c) {
        const IndexRun run = grid.positions(c);
        unpack_bits(tensor.chunks[c].bytes, tensor.n_bits,
                    std::span(indices).subspan(run.begin, run.length));
    });
    return indices;
}

}  // namespace pal
