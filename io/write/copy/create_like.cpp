#include "io/write/copy/create_like.hpp"

#include <algorithm>

#include "io/files/access.hpp"
#include "io/write/copy/format_version.hpp"

namespace pal {

namespace {

h5::Plist file_plist(const Checkpoint& source) {
    h5::Plist plist = h5::create_plist(H5P_FILE_CREATE);
    const h5::Plist from(
        h5::call("read file properties", [&] { return H5Fget_create_plist(source.file.get()); }));
    const h5::Group root = h5::open_group(source.file.get(), "/");
    const h5::Plist root_plist(
        h5::call("read group properties", [&] { return H5Gget_create_plist(root.get()); }));
    unsigned links = 0;
    unsigned attributes = 0;
    unsigned internal_k = 0;
    unsigned leaf_k = 0;
    unsigned chunk_k = 0;
    std::size_t address_bytes = 0;
    std::size_t length_bytes = 0;
    h5::call("copy file properties", [&] {
        const herr_t failed = std::min({H5Pget_link_creation_order(root_plist.get(), &links),
                                        H5Pget_attr_creation_order(root_plist.get(), &attributes),
                                        H5Pget_sym_k(from.get(), &internal_k, &leaf_k),
                                        H5Pget_istore_k(from.get(), &chunk_k),
                                        H5Pget_sizes(from.get(), &address_bytes, &length_bytes)});
        if (failed < 0) return failed;
        return std::min({H5Pset_userblock(plist.get(), source.info.user_block_bytes),
                         H5Pset_link_creation_order(plist.get(), links),
                         H5Pset_attr_creation_order(plist.get(), attributes),
                         H5Pset_sizes(plist.get(), address_bytes, length_bytes),
                         H5Pset_obj_track_times(plist.get(), false)});
    });
    // Set only where they differ from the defaults: that takes a superblock too new for old
    // readers.
    if (internal_k != 16 || leaf_k != 4) {
        h5::call("copy file properties",
                 [&] { return H5Pset_sym_k(plist.get(), internal_k, leaf_k); });
    }
    if (chunk_k != 32) {
        h5::call("copy file properties", [&] { return H5Pset_istore_k(plist.get(), chunk_k); });
    }
    return plist;
}

}  // namespace

h5::File create_like(const Checkpoint& source, const std::string& path) {
    const h5::Plist creation = file_plist(source);
    const h5::Plist access = h5::file_access(h5::object_cache_bytes(source.largest_name_bytes));
    const H5F_libver_t low = lowest_version(source.file.get());
    // Blocks that are allocated ahead would leave up to 4 KiB unused at the end.
    h5::call("set file properties", [&] {
        return std::min({H5Pset_libver_bounds(access.get(), low, H5F_LIBVER_LATEST),
                         H5Pset_meta_block_size(access.get(), 0),
                         H5Pset_small_data_block_size(access.get(), 0)});
    });
    const PrivateFiles while_it_grows;
    return h5::File(h5::call("create a file", [&] {
        return H5Fcreate(path.c_str(), H5F_ACC_EXCL, creation.get(), access.get());
    }));
}

}  // namespace pal
