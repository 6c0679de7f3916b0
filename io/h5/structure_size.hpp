// Bytes that objects take in a file beside the values of datasets: headers with attributes, links,
// indices of chunks. Only the sizes of version 1 trees are calculated: the library may follow a
// damaged one for ever.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "io/h5/datasets.hpp"
#include "io/h5/dataspaces.hpp"
#include "io/h5/handles.hpp"
#include "io/h5/links.hpp"
#include "io/h5/objects.hpp"

namespace pal::h5 {

/// Returns what an object takes. Without its header where that is damaged.
[[nodiscard]] inline std::uint64_t structure_bytes(hid_t object) {
    H5O_info_t info{};
    succeeds([&] { return H5Oget_info2(object, &info, H5O_INFO_HDR | H5O_INFO_META_SIZE); });
    const auto& [own, attributes] = info.meta_size;
    return info.hdr.space.total + own.index_size + own.heap_size + attributes.index_size +
           attributes.heap_size;
}

/// Returns the nodes of a version 1 tree that grows at its end. A full node keeps nine tenths.
[[nodiscard]] inline std::uint64_t tree_nodes(std::uint64_t entries,
                                              std::uint64_t children) noexcept {
    const std::uint64_t kept = children * 9 / 10;
    std::uint64_t nodes = 0;
    do {
        entries = entries <= children ? 1 : 1 + (entries - children + kept - 1) / kept;
        nodes += entries;
    } while (entries > 1);
    return nodes;
}

/// Returns what the version 1 index of that many chunks takes.
[[nodiscard]] inline std::uint64_t chunk_tree_bytes(std::size_t rank,
                                                    std::uint64_t chunks) noexcept {
    constexpr std::uint64_t kChildren = 64;
    const std::uint64_t key = 8 + 8 * (rank + 1);
    const std::uint64_t node = 24 + (kChildren + 1) * key + kChildren * 8;
    return chunks == 0 ? 0 : node * tree_nodes(chunks, kChildren);
}

/// Returns what the links of a group take in version 1 tables, made by name.
[[nodiscard]] inline std::uint64_t link_table_bytes(const std::vector<Link>& links) noexcept {
    constexpr std::uint64_t kTable = 328;
    constexpr std::uint64_t kLinks = 8;  // of a full table, which leaves half of them behind
    constexpr std::uint64_t kNode = 544;
    constexpr std::uint64_t kChildren = 32;
    std::uint64_t names = 8;
    for (const Link& link : links) names += link.name.size() / 8 * 8 + 8;
    std::uint64_t heap = 88;
    while (heap < names) heap *= 2;
    const std::uint64_t tables = links.size() <= kLinks
                                     ? std::min<std::uint64_t>(1, links.size())
                                     : 1 + (links.size() - kLinks + kLinks / 2 - 1) / (kLinks / 2);
    return kTable * tables + kNode * tree_nodes(tables, kChildren) + 32 + heap;
}

/// Bytes that tie a further part of a header to the others.
[[nodiscard]] inline std::uint64_t tie_bytes(const H5O_info_t& info) noexcept {
    return info.hdr.version >= 2 ? 28 : 24;
}

/// Returns what the indices and heaps of a group take.
[[nodiscard]] inline std::uint64_t block_bytes(hid_t group) {
    H5O_info_t info{};
    succeeds([&] { return H5Oget_info2(group, &info, H5O_INFO_META_SIZE); });
    return info.meta_size.obj.index_size + info.meta_size.obj.heap_size;
}

/// Estimates how much smaller a group without version 1 tables is if it has only the links `kept`.
[[nodiscard]] inline std::uint64_t bytes_saved(hid_t group, const std::vector<Link>& kept,
                                               const std::vector<Link>& dropped) {
    const std::uint64_t before = block_bytes(group);
    if (before == 0) {  // the links lie in the header
        constexpr std::uint64_t kMessage = 24;
        std::uint64_t bytes = 0;
        for (const Link& link : dropped) bytes += kMessage + link.name.size();
        return bytes;
    }
    constexpr double kGivenBack = 0.9;  // blocks have a few sizes only
    const double share =
        static_cast<double>(dropped.size()) / static_cast<double>(kept.size() + dropped.size());
    return static_cast<std::uint64_t>(kGivenBack * share * static_cast<double>(before));
}

/// Returns what the copy of a group takes, made anew without times and without the links `dropped`.
/// Attributes that are made one after the other lie in one part of its header.
[[nodiscard]] inline std::uint64_t remade_group_bytes(hid_t group, const std::vector<Link>& links,
                                                      const std::vector<Link>& dropped) {
    constexpr unsigned kHasTimes = 0x20;
    constexpr std::uint64_t kSymbolTable = std::uint64_t{1} << 17U;
    const H5O_info_t info = object_info(group);
    const bool in_tables = (info.hdr.mesg.present & kSymbolTable) != 0;
    const bool has_times = info.hdr.version >= 2 && (info.hdr.flags & kHasTimes) != 0;
    const std::uint64_t ties = std::max(info.hdr.nchunks, 2U) - 2;
    const std::uint64_t all =
        in_tables ? info.hdr.space.total + link_table_bytes(links) : structure_bytes(group);
    const bool is_smaller = !in_tables && !dropped.empty();
    const std::uint64_t gone = is_smaller ? bytes_saved(group, links, dropped) : 0;
    return all - std::min(all, gone + tie_bytes(info) * ties + (has_times ? 16 : 0));
}

/// Returns what H5Ocopy leaves out of a header: unused bytes, and ties.
[[nodiscard]] inline std::uint64_t uncopied_bytes(const H5O_info_t& info) noexcept {
    return info.hdr.space.free + tie_bytes(info) * (std::max(info.hdr.nchunks, 1U) - 1);
}

/// Returns what the copy of a committed datatype or a dataset without chunks takes.
[[nodiscard]] inline std::uint64_t copied_bytes(hid_t object) {
    const std::uint64_t all = structure_bytes(object);
    return all - std::min(all, uncopied_bytes(object_info(object)));
}

/// Returns what the copy of a chunked dataset takes. Its index is not damaged.
[[nodiscard]] inline std::uint64_t copied_bytes_with_chunks(hid_t dataset) {
    H5D_chunk_index_t index{};
    call("read the kind of an index", [&] { return H5Dget_chunk_index_type(dataset, &index); });
    if (index != H5D_CHUNK_IDX_BTREE) return copied_bytes(dataset);
    const Space space = dataset_space(dataset);
    hsize_t chunks = 0;
    succeeds([&] { return H5Dget_num_chunks(dataset, space.get(), &chunks); });
    const H5O_info_t info = object_info(dataset);
    return info.hdr.space.total - uncopied_bytes(info) +
           chunk_tree_bytes(space_shape(space.get()).size(), chunks);
}

}  // namespace pal::h5
