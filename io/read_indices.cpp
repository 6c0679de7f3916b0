#include "io/read_indices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "io/read_member.hpp"
#include "stages/pack.hpp"

namespace pal {

namespace {

/// The chunk's shape; empty where there are no chunks. Is the storage ours: one byte a value, in
/// chunks through N-bit alone (8 bits: unfiltered)?
Shape checked_chunk(const Member& member, int n_bits, std::size_t rank) {
    const h5::Plist plist = h5::dataset_plist(member.dataset.get());
    const bool chunked =
        h5::call("read a layout", [&] { return H5Pget_layout(plist.get()); }) == H5D_CHUNKED;
    Shape chunk = chunked ? h5::plist_chunk(plist.get(), rank) : Shape();
    const int filters = h5::call("read filters", [&] { return H5Pget_nfilters(plist.get()); });
    bool as_expected = filters == (chunked && n_bits < 8 ? 1 : 0);
    if (as_expected && filters == 1) {
        std::size_t value_count = 0;
        as_expected = h5::call("read filters", [&] {
                          return H5Pget_filter2(plist.get(), 0, nullptr, &value_count, nullptr, 0,
                                                nullptr, nullptr);
                      }) == H5Z_FILTER_NBIT;
    }
    const bool is_byte = member.stored.name == "uint8";
    std::size_t precision = 0;
    int offset = -1;
    if (is_byte) {
        h5::succeeds([&] {
            precision = H5Tget_precision(member.type.get());
            offset = H5Tget_offset(member.type.get());
            return precision == 0 ? -1 : 0;
        });
    }
    if (!as_expected || offset != 0 || precision != static_cast<std::size_t>(n_bits)) {
        damaged(
            fmt::format("member 'indices' is not stored as unsigned integers of {} bits", n_bits));
    }
    return chunk;
}

/// Few indices, or those that another program has laid out anew: the library decodes them.
std::vector<ChunkBytes> decoded(const Member& member, const Geometry& geometry, int n_bits) {
    if (h5::storage_bytes(member.dataset.get()) == 0) damaged("member 'indices' was never written");
    std::vector<std::uint8_t> indices(member.count);
    // As they are stored: a conversion would drop what stands in the bits beyond the precision.
    h5::call("read indices", [&] {
        return H5Dread(member.dataset.get(), member.type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT,
                       indices.data());
    });
    const auto within = [&](std::uint8_t index) { return index >> n_bits == 0; };
    if (!std::all_of(indices.begin(), indices.end(), within))
        damaged("member 'indices' holds more than " + std::to_string(n_bits) + " bits");
    return pack_indices(indices, geometry, n_bits);
}

/// The chunks as the writer lays them out, each read when it is asked for.
class FileChunks : public ChunkSource {
  public:
    /// name: the file's and the tensor's, for messages.
    FileChunks(Member member, const Geometry& geometry, int n_bits, std::string name)
        : member_(std::move(member)),
          grid_(geometry),
          chunk_bytes_(grid_.chunk_bytes(n_bits)),
          name_(std::move(name)) {}

    [[nodiscard]] std::span<const std::uint8_t> read(std::size_t number,
                                                     ChunkBytes& scratch) const override {
        const Shape first = grid_.offset(number);
        try {
            const char* problem = read_at(first, scratch);
            if (problem == nullptr) return scratch;
            damaged("the chunk of 'indices' at " + shape_to_string(first) + " " + problem);
        } catch (const Error& error) {
            throw Error(ErrorCode::kInput, name_ + ": " + error.what());
        }
    }

  private:
    /// What is wrong with the chunk, or null.
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
    std::string name_;
};

}  // namespace

PackedChunks open_indices(hid_t group, const Geometry& geometry, int n_bits,
                          const std::string& name) {
    const Shape& shape = geometry.indices_shape;
    Member member = open_member(group, "indices", shape);
    const ChunkGrid grid(geometry);
    if (checked_chunk(member, n_bits, shape.size()) != grid.chunk()) {
        return decoded(member, geometry, n_bits);
    }
    return {std::make_shared<FileChunks>(std::move(member), geometry, n_bits, name), grid.count()};
}

}  // namespace pal
