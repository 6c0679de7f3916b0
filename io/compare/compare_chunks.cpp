#include "io/compare/compare_chunks.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace pal::h5 {

namespace {

struct Chunk {
    std::vector<hsize_t> offset;
    std::uint32_t mask = 0;
    std::vector<unsigned char> bytes;
    bool operator==(const Chunk&) const = default;
};
Chunk read_chunk(hid_t dataset, hid_t space, hsize_t number, std::uint64_t file_bytes) {
    Chunk chunk;
    chunk.offset.resize(H5S_MAX_RANK);
    hsize_t bytes = 0;
    unsigned mask = 0;
    haddr_t address = 0;
    call("find a chunk", [&] {
        return H5Dget_chunk_info(dataset, space, number, chunk.offset.data(), &mask, &address,
                                 &bytes);
    });
    if (bytes > file_bytes) {
        throw Failure("a chunk of " + std::to_string(bytes) +
                      " bytes is larger than its file; the file is damaged");
    }
    chunk.bytes.resize(bytes);
    call("read a chunk", [&] {
        return H5Dread_chunk(dataset, H5P_DEFAULT, chunk.offset.data(), &chunk.mask,
                             chunk.bytes.data());
    });
    return chunk;
}

}  // namespace

bool can_decode(hid_t plist) {
    return std::ranges::all_of(filters_of(plist),
                               [](const Filter& filter) { return is_available(filter.id); });
}

bool same_chunks(hid_t a, std::uint64_t a_file_bytes, hid_t b, std::uint64_t b_file_bytes) {
    // 1.10.8 takes no H5S_ALL here.
    const Space left = dataset_space(a);
    const Space right = dataset_space(b);
    hsize_t ours = 0;
    hsize_t theirs = 0;
    call("count chunks", [&] { return H5Dget_num_chunks(a, left.get(), &ours); });
    call("count chunks", [&] { return H5Dget_num_chunks(b, right.get(), &theirs); });
    bool same = ours == theirs;
    for (hsize_t i = 0; same && i < ours; ++i) {
        same = read_chunk(a, left.get(), i, a_file_bytes) ==
               read_chunk(b, right.get(), i, b_file_bytes);
    }
    return same;
}

}  // namespace pal::h5
