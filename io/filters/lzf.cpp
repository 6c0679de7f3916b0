#include "io/filters/lzf.hpp"

#include <liblzf/lzf.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include "io/h5/handles.hpp"

namespace pal {

namespace {

/// Parameters as h5py writes them: revision of its filter, version of liblzf, bytes of a chunk.
constexpr unsigned kFilterRevision = 4;
constexpr unsigned kLzfVersion = 0x0105;
constexpr std::size_t kParameters = 3;

/// Most bytes that one byte expands to is below 100: a match of 264 bytes takes three.
constexpr std::size_t kMostExpansion = 100;

/// Takes over `data` of `bytes` bytes as the library's buffer.
std::size_t hand_over(void* data, std::size_t bytes, std::size_t room, std::size_t* buffer_bytes,
                      void** buffer) {
    std::free(*buffer);
    *buffer = data;
    *buffer_bytes = room;
    return bytes;
}

std::size_t undo(std::size_t parameter_count, const unsigned* parameters, std::size_t bytes,
                 std::size_t* buffer_bytes, void** buffer) {
    const std::size_t most = kMostExpansion * bytes + 64;
    std::size_t room =
        parameter_count >= kParameters && parameters[2] != 0 ? parameters[2] : *buffer_bytes;
    for (room = std::min(std::max<std::size_t>(room, 1), most);; room = std::min(2 * room, most)) {
        void* const data = std::malloc(room);
        if (data == nullptr) return 0;
        const std::span<std::byte> expanded(static_cast<std::byte*>(data), room);
        errno = 0;
        const std::size_t filled =
            expand_lzf({static_cast<const std::byte*>(*buffer), bytes}, expanded);
        if (filled != 0) return hand_over(data, filled, room, buffer_bytes, buffer);
        std::free(data);
        if (errno != E2BIG || room == most) return 0;
    }
}

std::size_t apply(std::size_t bytes, std::size_t* buffer_bytes, void** buffer) {
    void* const data = std::malloc(bytes);
    if (data == nullptr) return 0;
    const std::size_t filled =
        lzf_compress(*buffer, static_cast<unsigned>(bytes), data, static_cast<unsigned>(bytes));
    if (filled != 0) return hand_over(data, filled, bytes, buffer_bytes, buffer);
    std::free(data);
    return 0;  // it does not get smaller; the filter is optional
}

/// H5Z_func_t: returns the bytes of the result, 0 for a failure.
std::size_t filter(unsigned flags, std::size_t parameter_count, const unsigned* parameters,
                   std::size_t bytes, std::size_t* buffer_bytes, void** buffer) {
    if (bytes > UINT32_MAX) return 0;
    return (flags & H5Z_FLAG_REVERSE) != 0
               ? undo(parameter_count, parameters, bytes, buffer_bytes, buffer)
               : apply(bytes, buffer_bytes, buffer);
}

/// H5Z_set_local_func_t: writes the parameters of a new dataset, as h5py does.
herr_t set_parameters(hid_t plist, hid_t type, hid_t) {
    unsigned flags = 0;
    std::size_t count = 8;
    unsigned parameters[8] = {};
    if (H5Pget_filter_by_id2(plist, kLzfFilter, &flags, &count, parameters, 0, nullptr, nullptr) <
        0)
        return -1;
    hsize_t dims[H5S_MAX_RANK] = {};
    const int rank = H5Pget_chunk(plist, H5S_MAX_RANK, dims);
    if (rank < 0) return -1;
    std::uint64_t bytes = H5Tget_size(type);
    for (int d = 0; d < rank; ++d) bytes *= dims[d];
    if (bytes == 0 || bytes > UINT32_MAX) return -1;
    parameters[0] = parameters[0] == 0 ? kFilterRevision : parameters[0];
    parameters[1] = parameters[1] == 0 ? kLzfVersion : parameters[1];
    parameters[2] = static_cast<unsigned>(bytes);
    return H5Pmodify_filter(plist, kLzfFilter, flags, kParameters, parameters);
}

}  // namespace

void register_lzf() {
    static const bool once = [] {
        static const H5Z_class2_t lzf{H5Z_CLASS_T_VERS, kLzfFilter,     1,     1, "lzf",
                                      nullptr,          set_parameters, filter};
        h5::call("register LZF", [] { return H5Zregister(&lzf); });
        return true;
    }();
    static_cast<void>(once);
}

std::size_t expand_lzf(std::span<const std::byte> stored, std::span<std::byte> expanded) noexcept {
    if (stored.size() > UINT32_MAX || expanded.size() > UINT32_MAX) return 0;
    return lzf_decompress(stored.data(), static_cast<unsigned>(stored.size()), expanded.data(),
                          static_cast<unsigned>(expanded.size()));
}

}  // namespace pal
