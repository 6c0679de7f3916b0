#include "io/h5/hdf5.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace pal::h5 {

std::mutex& hdf5_lock() {
    // Before the first call: the library reads the variable when it opens a file. A lock would need
    // a writable file system that supports locks, which checkpoints on network storage do not have.
    static const int once = ::setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);
    static_cast<void>(once);
    // What is open is closed by its owner. The library's own handler would close a file that could
    // not be written once more, and 1.10.8 crashes in that.
    static const herr_t no_handler = ::H5dont_atexit();
    static_cast<void>(no_handler);
    static const herr_t no_plugins = ::H5PLset_loading_state(0);
    static_cast<void>(no_plugins);
    static std::mutex* const mutex =
        new std::mutex;  // never destroyed: handles may outlive statics
    return *mutex;
}

void silence_errors() {
    // Left off afterwards: what the library reports while the process ends is no message to users
    // either.
    thread_local bool silent = false;
    if (!silent) silent = H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
}

namespace {

struct ErrorStack {
    std::string innermost;
    bool has_write_error = false;
};

herr_t take_frame(unsigned frame, const H5E_error2_t* error, void* data) {
    auto& stack = *static_cast<ErrorStack*>(data);
    if (frame == 0 && error->desc != nullptr) stack.innermost = error->desc;
    // The file driver's own: frames further out say "write" of caches and headers that were to be
    // read first.
    if (frame == 0 && error->min_num == H5E_WRITEERROR) stack.has_write_error = true;
    return 0;
}

}  // namespace

Failure failure_of(std::string_view what) {
    ErrorStack stack;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_frame, &stack);
    H5Eclear2(H5E_DEFAULT);
    std::string text = stack.innermost;
    // System errors come with times, descriptors and addresses; people want strerror's part.
    constexpr std::string_view marker = "error message = '";
    if (const auto at = text.find(marker); at != std::string::npos) {
        const auto begin = at + marker.size();
        text = text.substr(begin, text.find('\'', begin) - begin);
    }
    for (char& c : text) {
        if (c == '\n') c = ' ';
    }
    if (text.empty()) text = "the HDF5 library gives no reason";
    return Failure("cannot " + std::string(what) + ": " + text, stack.has_write_error);
}

void allow_plugins(bool allowed) {
    call("set what plugins may be loaded",
         [&] { return H5PLset_loading_state(allowed ? H5PL_ALL_PLUGIN : 0); });
}
Object open_object(hid_t file, const std::string& path) {
    return Object(call("open " + path, [&] { return H5Oopen(file, path.c_str(), H5P_DEFAULT); }));
}
bool is_group(hid_t object) {
    return call("read the kind of an object", [&] { return H5Iget_type(object); }) == H5I_GROUP;
}
bool is_dataset(hid_t object) {
    return call("read the kind of an object", [&] { return H5Iget_type(object); }) == H5I_DATASET;
}
bool is_datatype(hid_t object) {
    return call("read the kind of an object", [&] { return H5Iget_type(object); }) == H5I_DATATYPE;
}

namespace {

/// By default the cache grows to 32 MiB. That counts bytes of the file; in memory small objects
/// take up to forty times as many, and nothing is faster for it: of 20,000 tiny tensors 512 KiB
/// take a third less memory than 2 MiB, and no longer.
constexpr std::size_t kObjectCacheBytes = std::size_t{512} << 10;

constexpr std::size_t kMostCacheBytes = std::size_t{128} << 20;  // the library takes no more

void set_size(H5AC_cache_config_t& cache, std::size_t bytes) {
    cache.set_initial_size = true;
    cache.min_size = cache.initial_size = cache.max_size = bytes;
}

}  // namespace

std::size_t object_cache_bytes(std::size_t largest_name_bytes) {
    return std::min(kObjectCacheBytes + 2 * largest_name_bytes, kMostCacheBytes);
}
int descriptor_of(hid_t file) {
    void* handle = nullptr;
    call("find a file's descriptor", [&] { return H5Fget_vfd_handle(file, H5P_DEFAULT, &handle); });
    return *static_cast<const int*>(handle);  // as the default driver, sec2, says it
}

Plist file_access(std::size_t cache_bytes) {
    Plist access = create_plist(H5P_FILE_ACCESS);
    H5AC_cache_config_t cache{};
    cache.version = H5AC__CURR_CACHE_CONFIG_VERSION;
    call("read cache properties", [&] { return H5Pget_mdc_config(access.get(), &cache); });
    set_size(cache, cache_bytes);
    call("set file access properties", [&] {
        return std::min(H5Pset_mdc_config(access.get(), &cache),
                        H5Pset_fclose_degree(access.get(), H5F_CLOSE_SEMI));
    });
    return access;
}
void resize_object_cache(hid_t file, std::size_t cache_bytes) {
    H5AC_cache_config_t cache{};
    cache.version = H5AC__CURR_CACHE_CONFIG_VERSION;
    call("read cache properties", [&] { return H5Fget_mdc_config(file, &cache); });
    set_size(cache, cache_bytes);
    call("set the size of the cache", [&] { return H5Fset_mdc_config(file, &cache); });
}
Group open_group(hid_t file, const std::string& path) {
    return Group(
        call("open group " + path, [&] { return H5Gopen2(file, path.c_str(), H5P_DEFAULT); }));
}
Dataset open_dataset(hid_t file, const std::string& path) {
    return Dataset(
        call("open dataset " + path, [&] { return H5Dopen2(file, path.c_str(), H5P_DEFAULT); }));
}
Type dataset_type(hid_t dataset) {
    return Type(call("read a datatype", [&] { return H5Dget_type(dataset); }));
}
Space dataset_space(hid_t dataset) {
    return Space(call("read a dataspace", [&] { return H5Dget_space(dataset); }));
}
Plist dataset_plist(hid_t dataset) {
    return Plist(call("read creation properties", [&] { return H5Dget_create_plist(dataset); }));
}
std::uint64_t storage_bytes(hid_t dataset) {
    hsize_t bytes = 0;
    succeeds([&] {
        bytes = H5Dget_storage_size(dataset);
        return 0;
    });
    return bytes;
}
std::optional<std::uint64_t> file_offset(hid_t dataset) {
    // Asked for an offset, HDF5 adds the user block to "none" as well.
    if (storage_bytes(dataset) == 0) return std::nullopt;
    haddr_t offset = HADDR_UNDEF;
    succeeds([&] {
        offset = H5Dget_offset(dataset);
        return 0;
    });
    if (offset == HADDR_UNDEF) return std::nullopt;
    return offset;
}
Type copy_type(hid_t type) {
    return Type(call("copy a datatype", [&] { return H5Tcopy(type); }));
}
Plist create_plist(hid_t plist_class) {
    return Plist(call("make a property list", [&] { return H5Pcreate(plist_class); }));
}
Space create_space(const Shape& shape) {
    const std::vector<hsize_t> dims(shape.begin(), shape.end());
    return Space(call("make a dataspace", [&] {
        return dims.empty() ? H5Screate(H5S_SCALAR)
                            : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr);
    }));
}
hid_t scalar_space() {
    static const Space* const space = new Space(create_space({}));  // never closed, as the mutex
    return space->get();
}
Shape space_shape(hid_t space) {
    const int rank = call("read a rank", [&] { return H5Sget_simple_extent_ndims(space); });
    std::vector<hsize_t> dims(static_cast<std::size_t>(rank));
    if (rank > 0) {
        call("read a shape",
             [&] { return H5Sget_simple_extent_dims(space, dims.data(), nullptr); });
    }
    return {dims.begin(), dims.end()};
}
Shape space_largest(hid_t space) {
    std::vector<hsize_t> largest(space_shape(space).size());
    if (!largest.empty()) {
        call("read a shape",
             [&] { return H5Sget_simple_extent_dims(space, nullptr, largest.data()); });
    }
    return {largest.begin(), largest.end()};
}
bool equal_spaces(hid_t a, hid_t b) {
    return call("compare shapes", [&] { return H5Sextent_equal(a, b); }) > 0;
}
Shape plist_chunk(hid_t plist, std::size_t rank) {
    std::vector<hsize_t> chunk(rank);
    const int stored = call("read a chunk shape", [&] {
        return H5Pget_chunk(plist, static_cast<int>(rank), chunk.data());
    });
    // The library takes the file's word for both.
    if (static_cast<std::size_t>(stored) != rank || std::ranges::count(chunk, 0U) > 0) {
        throw Failure(
            fmt::format("chunks of {} dimensions in a dataset of {}, or of none along one; "
                        "the file is damaged",
                        stored, rank));
    }
    return {chunk.begin(), chunk.end()};
}

namespace {

/// get() fills in an enumeration, whatever number the file holds.
template <class Time, class Get>
Time checked_time(const char* what, int last, const Get& get) {
    Time time{};
    static_assert(sizeof time == sizeof last);
    call(std::string("read the ") + what, [&] { return get(&time); });
    int number = 0;
    std::memcpy(&number, &time, sizeof number);
    if (number < 0 || number > last)
        throw Failure(std::string("the ") + what + " is " + std::to_string(number) +
                      ", which is none; the file is damaged");
    return static_cast<Time>(number);
}

}  // namespace

H5D_fill_time_t fill_time(hid_t plist) {
    return checked_time<H5D_fill_time_t>("fill time", H5D_FILL_TIME_IFSET,
                                         [&](auto* time) { return H5Pget_fill_time(plist, time); });
}
H5D_alloc_time_t alloc_time(hid_t plist) {
    return checked_time<H5D_alloc_time_t>("allocation time", H5D_ALLOC_TIME_INCR, [&](auto* time) {
        return H5Pget_alloc_time(plist, time);
    });
}
H5O_info_t object_info(hid_t object) {
    H5O_info_t info{};
    call("read object information",
         [&] { return H5Oget_info2(object, &info, H5O_INFO_BASIC | H5O_INFO_HDR); });
    return info;
}
std::string object_comment(hid_t object) {
    const auto length = call("read a comment", [&] { return H5Oget_comment(object, nullptr, 0); });
    std::string text(static_cast<std::size_t>(length), '\0');
    if (length > 0) {
        call("read a comment",
             [&] { return H5Oget_comment(object, text.data(), text.size() + 1); });
    }
    return text;
}

namespace {

herr_t collect_link(hid_t, const char* name, const H5L_info_t* info, void* data) {
    Link link;
    link.name = name;
    link.type = info->type;
    link.character_set = info->cset;
    if (info->type == H5L_TYPE_HARD) {
        link.address = info->u.address;
    } else {
        link.value_bytes = info->u.val_size;
    }
    static_cast<std::vector<Link>*>(data)->push_back(std::move(link));
    return 0;
}

herr_t collect_name(hid_t, const char* name, const H5A_info_t*, void* data) {
    static_cast<std::vector<std::string>*>(data)->emplace_back(name);
    return 0;
}

}  // namespace

std::vector<Link> list_links(hid_t group) {
    std::vector<Link> links;
    // Asking for creation order fails where it is not tracked.
    const bool ordered = succeeds([&] {
        return H5Literate(group, H5_INDEX_CRT_ORDER, H5_ITER_INC, nullptr, collect_link, &links);
    });
    if (ordered) return links;
    links.clear();
    call("list the links of a group", [&] {
        return H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_link, &links);
    });
    return links;
}

bool is_found_by_name(hid_t group, const Link& link) {
    H5L_info_t info{};
    return succeeds([&] { return H5Lget_info(group, link.name.c_str(), &info, H5P_DEFAULT); }) &&
           info.type == link.type && (link.type != H5L_TYPE_HARD || info.u.address == link.address);
}

std::string link_value(hid_t group, const Link& link) {
    std::string value(link.value_bytes, '\0');
    call("read link " + link.name, [&] {
        return H5Lget_val(group, link.name.c_str(), value.data(), value.size(), H5P_DEFAULT);
    });
    return value;
}

ExternalTarget external_target(const std::string& value, const std::string& path) {
    const char* file = nullptr;
    const char* object = nullptr;
    unsigned flags = 0;
    call("read link " + path,
         [&] { return H5Lunpack_elink_val(value.data(), value.size(), &flags, &file, &object); });
    return {file, object};
}

std::vector<std::string> list_attributes(hid_t object) {
    std::vector<std::string> names;
    // Objects without tracking are listed by name: asking for creation order fails there.
    const bool ordered = succeeds([&] {
        return H5Aiterate2(object, H5_INDEX_CRT_ORDER, H5_ITER_INC, nullptr, collect_name, &names);
    });
    if (ordered && !names.empty()) return names;
    names.clear();
    call("list attributes", [&] {
        return H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_name, &names);
    });
    return names;
}

}  // namespace pal::h5
