// Files (H5F): how they are opened, and their caches. All functions throw Failure.
#pragma once

#include <algorithm>
#include <cstddef>

#include "io/h5/handles.hpp"
#include "io/h5/property_lists.hpp"

namespace pal::h5 {

/// Bytes that the library may cache of a file's objects. Its default grows to 32 MiB. It counts
/// bytes of the file; in memory small objects take up to forty times as many, and nothing is faster
/// for it: for 20,000 tiny tensors 512 KiB take a third less memory than 2 MiB, and no longer.
inline constexpr std::size_t kObjectCacheBytes = std::size_t{512} << 10;

inline constexpr std::size_t kMostCacheBytes = std::size_t{128} << 20;  // the library's limit

/// Returns the size of the cache for a file: kObjectCacheBytes, and twice the names of its largest
/// group. The library keeps all of these names or none, in a block that grows by doubling. Without
/// room for it, it would read and write that block for each link.
[[nodiscard]] inline std::size_t object_cache_bytes(std::size_t largest_name_bytes) {
    return std::min(kObjectCacheBytes + 2 * largest_name_bytes, kMostCacheBytes);
}

inline void set_cache_bytes(H5AC_cache_config_t& cache, std::size_t bytes) {
    cache.set_initial_size = true;
    cache.min_size = cache.initial_size = cache.max_size = bytes;
}

/// Makes the access properties with which checkpoints are opened and made.
[[nodiscard]] inline Plist file_access(std::size_t cache_bytes) {
    Plist access = create_plist(H5P_FILE_ACCESS);
    H5AC_cache_config_t cache{};
    cache.version = H5AC__CURR_CACHE_CONFIG_VERSION;
    call("read cache properties", [&] { return H5Pget_mdc_config(access.get(), &cache); });
    set_cache_bytes(cache, cache_bytes);
    call("set file access properties", [&] {
        return std::min(H5Pset_mdc_config(access.get(), &cache),
                        H5Pset_fclose_degree(access.get(), H5F_CLOSE_SEMI));
    });
    return access;
}

inline void resize_object_cache(hid_t file, std::size_t cache_bytes) {
    H5AC_cache_config_t cache{};
    cache.version = H5AC__CURR_CACHE_CONFIG_VERSION;
    call("read cache properties", [&] { return H5Fget_mdc_config(file, &cache); });
    set_cache_bytes(cache, cache_bytes);
    call("set the size of the cache", [&] { return H5Fset_mdc_config(file, &cache); });
}

[[nodiscard]] inline H5F_info2_t file_info(hid_t file) {
    H5F_info2_t info{};
    call("read file information", [&] { return H5Fget_info2(file, &info); });
    return info;
}

/// Returns the descriptor of an open file, which stays the library's.
[[nodiscard]] inline int descriptor_of(hid_t file) {
    void* handle = nullptr;
    call("find a file's descriptor", [&] { return H5Fget_vfd_handle(file, H5P_DEFAULT, &handle); });
    return *static_cast<const int*>(handle);  // the default driver, sec2, keeps it like this
}

}  // namespace pal::h5
