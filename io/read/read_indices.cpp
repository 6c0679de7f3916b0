#include "io/read/read_indices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/guard/last_wish.hpp"
#include "io/h5/member.hpp"
#include "stages/pack.hpp"

namespace pal {

namespace {

/// Returns the parameters that the library gives the N-bit filter for such chunks. With others it
/// would decode other values.
std::vector<unsigned> nbit_values(const Shape& chunk, int n_bits) {
    constexpr unsigned kCount = 8;
    constexpr unsigned kInteger = 1;
    const auto values = static_cast<unsigned>(element_count(chunk).value_or(0));
    return {kCount, 0, values, kInteger, 1, 0, static_cast<unsigned>(n_bits), 0};
}

/// Returns true for filters that give back the same indices.
bool is_lossless(const h5::Filter& filter, const Shape& chunk, int n_bits) {
    if (filter.id == H5Z_FILTER_NBIT) return filter.values == nbit_values(chunk, n_bits);
    return h5::keeps_every_bit(filter.id);
}

/// Throws unless the type is unsigned integers of n_bits at the low end of a byte.
void require_type(const Member& member, int n_bits) {
    std::size_t precision = 0;
    int offset = -1;
    if (member.stored.name == "uint8") {
        h5::succeeds([&] {
            precision = H5Tget_precision(member.type.get());
            offset = H5Tget_offset(member.type.get());
            return precision == 0 ? -1 : 0;
        });
    }
    if (offset == 0 && precision == static_cast<std::size_t>(n_bits)) return;
    damaged(fmt::format("member 'indices' is not stored as unsigned integers of {} bits", n_bits));
}

/// Returns true for chunks as this program writes them: filtered by N-bit alone, with 8 bits not at
/// all. Other programs may have laid them out anew.
bool has_own_chunks(const Member& member, const ChunkGrid& grid, int n_bits) {
    require_type(member, n_bits);
    const h5::Plist plist = h5::dataset_plist(member.dataset.get());
    if (h5::layout_of(plist.get()) != H5D_CHUNKED) return false;
    const Shape chunk = h5::plist_chunk(plist.get(), grid.chunk().size());
    const std::vector<h5::Filter> filters = h5::filters_of(plist.get());
    for (const h5::Filter& filter : filters) {
        if (is_lossless(filter, chunk, n_bits)) continue;
        damaged(fmt::format("filter {} of member 'indices' is not the one for {} bits", filter.id,
                            n_bits));
    }
    const bool as_written = n_bits == 8
                                ? filters.empty()
                                : filters.size() == 1 && filters.front().id == H5Z_FILTER_NBIT;
    return chunk == grid.chunk() && as_written;
}

/// Reads all indices by the library: they are few, or another program has laid them out anew.
std::vector<ChunkBytes> decoded(const Member& member, const Geometry& geometry, int n_bits) {
    if (h5::storage_bytes(member.dataset.get()) == 0) damaged("member 'indices' was never written");
    std::vector<std::uint8_t> indices(member.count);
    // In the stored type: a conversion would drop bits beyond the precision unseen.
    h5::call("read indices", [&] {
        return H5Dread(member.dataset.get(), member.type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT,
                       indices.data());
    });
    const auto within = [&](std::uint8_t index) { return index >> n_bits == 0; };
    if (!std::all_of(indices.begin(), indices.end(), within))
        damaged("member 'indices' holds more than " + std::to_string(n_bits) + " bits");
    return pack_indices(indices, geometry, n_bits);
}

/// Chunks as this program writes them, each read on demand.
class FileChunks : public ChunkSource {
  public:
    FileChunks(Member member, const Geometry& geometry, int n_bits, std::string file,
               std::string tensor)
        : member_(std::move(member)),
          grid_(geometry),
          chunk_bytes_(grid_.chunk_bytes(n_bits)),
          file_(std::move(file)),
          tensor_(std::move(tensor)) {}

    [[nodiscard]] std::span<const std::uint8_t> read(std::size_t number,
                                                     ChunkBytes& scratch) const override {
        const Shape first = grid_.offset(number);
        use_suspect(file_);
        try {
            const char* problem = read_at(first, scratch);
            if (problem == nullptr) return scratch;
            damaged("the chunk of 'indices' at " + shape_to_string(first) + " " + problem);
        } catch (const Error& error) {
            throw error.in(file_ + ": " + tensor_);
        }
    }

    /// The library reads one chunk at a time: other threads would wait, and waste a processor.
    [[nodiscard]] bool worth_threads() const noexcept override { return false; }

  private:
    /// Reads a chunk. Returns what is wrong with it, or null.
    const char* read_at(const Shape& first, ChunkBytes& bytes) const {
        const std::vector<hsize_t> offset(first.begin(), first.end());
        const hid_t dataset = member_.dataset.get();
        hsize_t stored = 0;
        const bool present = h5::succeeds(
            [&] { return H5Dget_chunk_storage_size(dataset, offset.data(), &stored); });
        if (!present || stored == 0) return "is missing";
        if (stored != chunk_bytes_) return "has not the length of its values";
        bytes.resize(chunk_bytes_);
        std::uint32_t mask = 0;
        h5::call("read a chunk of indices", [&] {
            return H5Dread_chunk(dataset, H5P_DEFAULT, offset.data(), &mask, bytes.data());
        });
        return mask == 0 ? nullptr : "skips its filter";
    }

    Member member_;
    ChunkGrid grid_;
    std::size_t chunk_bytes_;
    std::string file_;  // for messages
    std::string tensor_;
};

}  // namespace

PackedChunks open_indices(hid_t group, const Geometry& geometry, int n_bits,
                          const std::string& file, const std::string& tensor) {
    const Shape& shape = geometry.indices_shape;
    Member member = open_member(group, "indices", shape);
    const ChunkGrid grid(geometry);
    if (!has_own_chunks(member, grid, n_bits)) return decoded(member, geometry, n_bits);
    return {std::make_shared<FileChunks>(std::move(member), geometry, n_bits, file, tensor),
            grid.count()};
}

}  // namespace pal
