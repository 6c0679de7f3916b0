// Private to io/: the HDF5 C library behind one mutex, with handles that close themselves and calls
// that throw. The distribution's library is not thread-safe, so every C call takes hdf5_lock(), and
// nothing else is done under it. Iteration callbacks run with the lock held and therefore only
// collect names.
#pragma once

#include <hdf5.h>

#include <cerrno>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/guard/call_watch.hpp"
#include "io/h5/external_target.hpp"
#include "stages/tensor/error.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal::h5 {

/// Not recursive: no function of this folder may be called with it held.
[[nodiscard]] std::mutex& hdf5_lock();

/// A failed library call. Who calls knows whether it was about the input or the output; where both
/// were in it (H5Ocopy), `while_writing` tells.
class Failure : public Error {
  public:
    explicit Failure(const std::string& text, bool while_writing = false)
        : Error(ErrorCode::kInput, text), while_writing_(while_writing) {}
    [[nodiscard]] bool while_writing() const noexcept { return while_writing_; }

  private:
    bool while_writing_;
};

/// With the lock held: automatic printing off for this thread.
void silence_errors();
/// With the lock held: takes what the error stack says of the call that just failed.
[[nodiscard]] Failure failure_of(std::string_view what);

/// Runs a C call under the lock; a negative result throws Failure("cannot <what>: <the library's
/// reason>").
template <class Function>
auto call(std::string_view what, const Function& function) {
    const std::lock_guard<std::mutex> lock(hdf5_lock());
    silence_errors();
    errno = 0;  // what it is when the call crashes is the call's
    const auto result = [&] {
        const WatchedCall watched;
        return function();
    }();
    if (result < 0) throw failure_of(what);
    return result;
}

/// The same without throwing: true where the call succeeded.
template <class Function>
bool succeeds(const Function& function) noexcept {
    const std::lock_guard<std::mutex> lock(hdf5_lock());
    silence_errors();
    errno = 0;
    const WatchedCall watched;
    return function() >= 0;
}

template <herr_t (*Close)(hid_t)>
class Handle {
  public:
    Handle() = default;
    explicit Handle(hid_t id) noexcept : id_(id) {}
    Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
    Handle& operator=(Handle&& other) noexcept {
        if (this != &other) {
            reset();
            id_ = std::exchange(other.id_, H5I_INVALID_HID);
        }
        return *this;
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() { reset(); }

    [[nodiscard]] hid_t get() const noexcept { return id_; }
    [[nodiscard]] explicit operator bool() const noexcept { return id_ >= 0; }
    void reset() noexcept {
        if (id_ >= 0) succeeds([id = id_] { return Close(id); });
        id_ = H5I_INVALID_HID;
    }
    /// Closes and throws where that fails: the only way to learn that buffered data did not reach
    /// the disk.
    void close_checked(std::string_view what) {
        const hid_t id = std::exchange(id_, H5I_INVALID_HID);
        if (id >= 0) call(what, [id] { return Close(id); });
    }

  private:
    hid_t id_ = H5I_INVALID_HID;
};

using File = Handle<H5Fclose>;
using Group = Handle<H5Gclose>;
using Dataset = Handle<H5Dclose>;
using Attribute = Handle<H5Aclose>;
using Type = Handle<H5Tclose>;
using Space = Handle<H5Sclose>;
using Plist = Handle<H5Pclose>;
using Object = Handle<H5Oclose>;

// One thin wrapper a call.
/// Off in a process until it is allowed: the library would load whatever code lies in the folders
/// of HDF5_PLUGIN_PATH to decode a chunk.
void allow_plugins(bool allowed);
[[nodiscard]] Object open_object(hid_t file, const std::string& path);
/// Of the address that a hard link has, whatever Kind the caller knows it to be. Looks up no names,
/// which takes long where a group has many. path: for messages.
template <class Kind>
[[nodiscard]] Kind open_at(hid_t file, haddr_t address, const std::string& path) {
    return Kind(call("open " + path, [&] { return H5Oopen_by_addr(file, address); }));
}
[[nodiscard]] bool is_group(hid_t object);
[[nodiscard]] bool is_dataset(hid_t object);
[[nodiscard]] bool is_datatype(hid_t object);
/// What the library may keep of a file's objects: kObjectCacheBytes, and of the names of the
/// largest group twice their bytes. It keeps all of them or none, in a block that grows by
/// doubling, and without room for it would read and write that block for each link.
[[nodiscard]] std::size_t object_cache_bytes(std::size_t largest_name_bytes);
/// The open file's own, which stays the library's.
[[nodiscard]] int descriptor_of(hid_t file);
/// How checkpoints are opened and made.
[[nodiscard]] Plist file_access(std::size_t cache_bytes);
void resize_object_cache(hid_t file, std::size_t cache_bytes);
[[nodiscard]] Group open_group(hid_t file, const std::string& path);
[[nodiscard]] Dataset open_dataset(hid_t file, const std::string& path);
[[nodiscard]] Type dataset_type(hid_t dataset);
[[nodiscard]] Space dataset_space(hid_t dataset);
[[nodiscard]] Plist dataset_plist(hid_t dataset);
/// What a dataset takes in its file; 0 where nothing was ever written.
[[nodiscard]] std::uint64_t storage_bytes(hid_t dataset);
/// Where in the file, user block included, a contiguous dataset's bytes begin; none where it has
/// none there: nothing was ever written, or they are elsewhere.
[[nodiscard]] std::optional<std::uint64_t> file_offset(hid_t dataset);
[[nodiscard]] Type copy_type(hid_t type);
[[nodiscard]] Plist create_plist(hid_t plist_class);
[[nodiscard]] Space create_space(const Shape& shape);
[[nodiscard]] Shape space_shape(hid_t space);
/// Compares rank, sizes and the sizes that they may grow to.
[[nodiscard]] bool equal_spaces(hid_t a, hid_t b);
/// What it may grow to, H5S_UNLIMITED where there is no end.
[[nodiscard]] Shape space_largest(hid_t space);
/// When fill values are written, and room is made. Throws Failure where a damaged file names no
/// such time: the library gives its number unseen.
[[nodiscard]] H5D_fill_time_t fill_time(hid_t plist);
[[nodiscard]] H5D_alloc_time_t alloc_time(hid_t plist);
/// Of a chunked dataset of that rank; throws Failure where chunks have another.
[[nodiscard]] Shape plist_chunk(hid_t plist, std::size_t rank);
/// A scalar one, kept for the process: attributes have it by the hundred thousand.
[[nodiscard]] hid_t scalar_space();
[[nodiscard]] H5O_info_t object_info(hid_t object);
/// Empty where there is none.
[[nodiscard]] std::string object_comment(hid_t object);

struct Link {
    std::string name;
    H5L_type_t type = H5L_TYPE_ERROR;
    haddr_t address = HADDR_UNDEF;              // hard links
    std::size_t value_bytes = 0;                // soft and external links
    H5T_cset_t character_set = H5T_CSET_ASCII;  // of the name
};
/// The links of a group: in creation order where that is tracked, else by name.
[[nodiscard]] std::vector<Link> list_links(hid_t group);
/// Whether looking the link up by its name finds it, as it is: listing links goes past the keys by
/// which names are found.
[[nodiscard]] bool is_found_by_name(hid_t group, const Link& link);
/// The stored value of a soft or external link, raw.
[[nodiscard]] std::string link_value(hid_t group, const Link& link);
/// Where an external link points to, by its stored value.
[[nodiscard]] ExternalTarget external_target(const std::string& value, const std::string& path);
/// The attributes of an object: in creation order where that is tracked, else by name.
[[nodiscard]] std::vector<std::string> list_attributes(hid_t object);

}  // namespace pal::h5
