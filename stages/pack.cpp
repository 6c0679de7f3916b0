#include "stages/pack.hpp"

#include <algorithm>

#include "stages/kernels/pack_bits.hpp"
#include "stages/parallel/parallel.hpp"
#include "stages/parallel/scratch.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

ChunkBytes pack_chunk(std::span<const std::uint8_t> indices, std::size_t chunk_values, int n_bits) {
    ChunkPacker packer(chunk_values, n_bits);
    packer.add(indices);
    return packer.take();
}

ChunkPacker::ChunkPacker(std::size_t chunk_values, int n_bits, ChunkBytes memory)
    : n_bits_(n_bits), room_(chunk_values), packed_(std::move(memory)) {
    PAL_ASSERT(n_bits >= 1 && n_bits <= 8);
    packed_.assign(packed_bytes(chunk_values, n_bits), 0);
}

void ChunkPacker::add(std::span<const std::uint8_t> indices) {
    PAL_ASSERT(indices.size() <= room_);
    room_ -= indices.size();
    if (n_bits_ == 8) {
        std::copy(indices.begin(), indices.end(),
                  packed_.begin() + static_cast<std::ptrdiff_t>(next_byte_));
        next_byte_ += indices.size();
        return;
    }
    while (pending_bits_ > 0 && !indices.empty()) {
        append(indices.front());
        indices = indices.subspan(1);
    }
    const std::size_t eights = indices.size() / 8;
    const std::size_t bytes = eights * static_cast<std::size_t>(n_bits_);
    kernels::pack_eights(indices.first(eights * 8), n_bits_,
                         std::span(packed_).subspan(next_byte_, bytes));
    next_byte_ += bytes;
    for (const std::uint8_t index : indices.subspan(eights * 8)) append(index);
}

ChunkBytes ChunkPacker::take() {
    if (pending_bits_ > 0)
        packed_[next_byte_] = static_cast<std::uint8_t>(pending_ << (8 - pending_bits_));
    return std::move(packed_);
}

void ChunkPacker::append(std::uint8_t index) {
    pending_ = (pending_ << n_bits_) | index;
    pending_bits_ += n_bits_;
    if (pending_bits_ < 8) return;
    pending_bits_ -= 8;
    packed_[next_byte_++] = static_cast<std::uint8_t>(pending_ >> pending_bits_);
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
    kernels::unpack_eights(packed.first(eights * bits), n_bits, values.first(eights * 8));
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

std::vector<ChunkBytes> pack_indices(std::span<const std::uint8_t> indices,
                                     const Geometry& geometry, int n_bits) {
    const ChunkGrid grid(geometry);
    std::vector<ChunkBytes> chunks(grid.count());
    for_each_task(chunks.size(), [&](std::size_t c) {
        const IndexRun run = grid.positions(c);
        chunks[c] = pack_chunk(indices.subspan(run.begin, run.length), grid.chunk_values(), n_bits);
    });
    return chunks;
}

void for_each_chunk_in_order(
    const PalettizedTensor& tensor,
    const std::function<void(std::size_t, std::span<const std::uint8_t>)>& consume) {
    const PackedChunks& chunks = tensor.chunks;
    if (chunks.size() == 1 || !chunks.worth_threads()) {
        ChunkBytes scratch;
        for (std::size_t c = 0; c < chunks.size(); ++c) consume(c, chunks.read(c, scratch));
        return;
    }
    struct Slot {
        ChunkBytes scratch;
        std::span<const std::uint8_t> bytes;
    };
    for_each_in_order<Slot>(
        chunks.size(),
        [&](std::size_t c, Slot& slot) { slot.bytes = chunks.read(c, slot.scratch); },
        [&](std::size_t c, const Slot& slot) { consume(c, slot.bytes); });
}

std::vector<std::uint8_t> unpack_indices(const PalettizedTensor& tensor) {
    const ChunkGrid grid(tensor.geometry);
    PAL_ASSERT(tensor.chunks.size() == grid.count());
    std::vector<std::uint8_t> indices(tensor.geometry.index_count);
    for_each_task(grid.count(), [&](std::size_t c) {
        const IndexRun run = grid.positions(c);
        Scratch<std::uint8_t> scratch;
        unpack_bits(tensor.chunks.read(c, scratch.buffer()), tensor.n_bits,
                    std::span(indices).subspan(run.begin, run.length));
    });
    return indices;
}

}  // namespace pal
