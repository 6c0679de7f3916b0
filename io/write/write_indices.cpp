#include "io/write/write_indices.hpp"

#include <span>
#include <utility>

#include "io/h5/member.hpp"
#include "stages/pack.hpp"

namespace pal {

namespace {

h5::Type index_type(int n_bits) {
    h5::Type type = h5::copy_type(h5::call("find a type", [] { return H5T_STD_U8LE; }));
    h5::call("set a precision",
             [&] { return H5Tset_precision(type.get(), static_cast<std::size_t>(n_bits)); });
    return type;
}

IndexStorage make_index_storage(const Shape& chunk, int n_bits) {
    IndexStorage storage{index_type(n_bits), new_member_plist()};
    const std::vector<hsize_t> dims(chunk.begin(), chunk.end());
    h5::call("set a chunk shape", [&] {
        return H5Pset_chunk(storage.plist.get(), static_cast<int>(dims.size()), dims.data());
    });
    if (n_bits < 8) {
        h5::call("set the N-bit filter", [&] { return H5Pset_nbit(storage.plist.get()); });
    }
    return storage;
}

// Chunks of at most this size are kept in the journal rather than read back from their place. So
// are those of a dataset of more than so many chunks. The library walks over all of them to find
// one, which takes seconds for so many.
constexpr std::size_t kSmallChunkBytes = 4096;
constexpr std::size_t kManyChunks = 8192;

/// Returns the type and properties for a tensor; makes them once for each chunk shape and width.
const IndexStorage& storage_of(const PalettizedTensor& tensor, IndexStorages& storages) {
    const std::pair key(chunk_shape(tensor.geometry), tensor.n_bits);
    auto storage = storages.find(key);
    if (storage == storages.end()) {
        storage = storages.emplace(key, make_index_storage(key.first, key.second)).first;
    }
    return storage->second;
}

ChunkPlace kept_place(std::span<const std::uint8_t> bytes) {
    ChunkPlace place = checksum_of(bytes);
    place.kept.assign(bytes.begin(), bytes.end());
    return place;
}

/// Returns the place of a chunk that has just been written.
ChunkPlace place_of(hid_t dataset, const std::vector<hsize_t>& offset,
                    std::span<const std::uint8_t> bytes, bool keep) {
    if (keep) return kept_place(bytes);
    ChunkPlace place = checksum_of(bytes);
    haddr_t address = HADDR_UNDEF;
    hsize_t stored = 0;
    unsigned mask = 0;
    h5::call("find a chunk of indices", [&] {
        return H5Dget_chunk_info_by_coord(dataset, offset.data(), &mask, &address, &stored);
    });
    PAL_ASSERT(address != HADDR_UNDEF && stored == bytes.size());
    place.offset = address;
    return place;
}

/// Writes few indices as a byte each, in the header of the dataset.
std::vector<ChunkPlace> write_few(hid_t group, const PalettizedTensor& tensor,
                                  const IndexStorage& storage) {
    static_assert(kFewIndices <= kMostCompactBytes);
    const std::vector<std::uint8_t> indices = unpack_indices(tensor);
    h5::Dataset dataset =
        create_member(group, "indices", storage.type.get(), tensor.geometry.indices_shape,
                      member_plist_for(indices.size()));
    h5::call("write indices", [&] {
        return H5Dwrite(dataset.get(), storage.type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT,
                        indices.data());
    });
    dataset.close_checked("close indices");
    ChunkBytes scratch;
    return {kept_place(tensor.chunks.read(0, scratch))};
}

std::vector<ChunkPlace> write_chunks(hid_t group, const PalettizedTensor& tensor,
                                     const IndexStorage& storage, const ChunkNotes& notes) {
    h5::Dataset dataset = create_member(group, "indices", storage.type.get(),
                                        tensor.geometry.indices_shape, storage.plist.get());
    const ChunkGrid grid(tensor.geometry);
    const bool keep = grid.chunk_bytes(tensor.n_bits) <= kSmallChunkBytes ||
                      grid.count() > kManyChunks || notes.keeps_all;
    std::vector<ChunkPlace> places;
    places.reserve(grid.count());
    for_each_chunk_in_order(tensor, [&](std::size_t c, std::span<const std::uint8_t> bytes) {
        const Shape first = grid.offset(c);
        const std::vector<hsize_t> offset(first.begin(), first.end());
        h5::call("write a chunk of indices", [&] {
            return H5Dwrite_chunk(dataset.get(), H5P_DEFAULT, 0, offset.data(), bytes.size(),
                                  bytes.data());
        });
        notes.wrote(bytes.size());
        places.push_back(place_of(dataset.get(), offset, bytes, keep));
    });
    dataset.close_checked("close indices");
    return places;
}

}  // namespace

std::vector<ChunkPlace> write_indices(hid_t group, const PalettizedTensor& tensor,
                                      IndexStorages& storages, const ChunkNotes& notes) {
    const IndexStorage& storage = storage_of(tensor, storages);
    return are_few(tensor.geometry) ? write_few(group, tensor, storage)
                                    : write_chunks(group, tensor, storage, notes);
}

}  // namespace pal
