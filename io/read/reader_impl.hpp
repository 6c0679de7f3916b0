// Private to io/: what an open checkpoint is to the reader, the copier and the comparison.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "io/files/raw_file.hpp"
#include "io/guard/last_wish.hpp"
#include "io/h5/hdf5.hpp"
#include "io/h5/hdf5_types.hpp"
#include "io/read/checkpoint_reader.hpp"

namespace pal {

/// What the scan learns of a dataset of a weight type, so that nothing opens it again to ask.
struct StoredWeights {
    h5::StoredType stored;
    hid_t type = H5I_INVALID_HID;         // a copy, one of Impl::types
    std::optional<std::uint64_t> offset;  // in the file; none: not contiguous, or never written
};

/// An attribute, or the data of a dataset, that holds references.
struct ReferencePlace {
    haddr_t object = HADDR_UNDEF;  // that has it
    std::string path;
    std::string attribute;  // empty: the data
};

struct CheckpointReader::Impl {
    std::string path;
    ReadOptions options;
    std::optional<Suspect> suspect;  // until the file is closed
    h5::File file;
    RawFile raw;  // the same file, for reading past the library
    CheckpointInfo info;
    bool has_format = false;  // the root's h5palettize_format, complete or not
    std::map<std::string, haddr_t>
        addresses;                       // of every dataset and palettized group, by path and alias
    std::size_t largest_name_bytes = 0;  // of the members of one group
    std::vector<ReferencePlace> references;
    /// Datasets whose fill value H5Ocopy of 1.10.8 would spoil: it refers to an object, or has a
    /// variable length, of which the copy would hold a dangling pointer.
    std::set<haddr_t> delicate_fills;
    std::vector<h5::Type> types;               // those of weights that differ
    std::map<haddr_t, StoredWeights> weights;  // by address
    std::set<haddr_t> implausible;             // chunked datasets that claim too much to be decoded
    /// Palettized tensors in other files (h5palettize merge --link) that are followed: numbers that
    /// no object of this file has for its address stand for them in `addresses`. By where external
    /// links point.
    std::map<std::pair<std::string, std::string>, haddr_t> linked;
    std::uint64_t linked_bytes = 0;  // what they take there

    /// HADDR_UNDEF where there is no such dataset or palettized group.
    [[nodiscard]] haddr_t address_of(const std::string& at) const {
        const auto found = addresses.find(at);
        return found == addresses.end() ? HADDR_UNDEF : found->second;
    }
    [[nodiscard]] bool is_linked(haddr_t address) const {
        return address != HADDR_UNDEF && address >= HADDR_UNDEF - linked.size();
    }
    /// at: a path that leads there.
    template <class Kind>
    [[nodiscard]] Kind open_at(haddr_t address, const std::string& at) const {
        if (!is_linked(address)) return h5::open_at<Kind>(file.get(), address, at);
        return Kind(
            h5::call("open " + at, [&] { return H5Oopen(file.get(), at.c_str(), H5P_DEFAULT); }));
    }
    /// Null where there is no dataset of a weight type at the path.
    [[nodiscard]] const StoredWeights* weights_at(const std::string& dataset) const {
        const auto found = weights.find(address_of(dataset));
        return found == weights.end() ? nullptr : &found->second;
    }
};

/// Fills impl.info from impl.file.
void scan_checkpoint(CheckpointReader::Impl& impl);

/// Whether it is a tensor of a palettized file.
[[nodiscard]] bool is_palettized(const CheckpointReader::Impl& file, hid_t object);

/// Throws Error(kInput) where its attributes and the shape of its indices do not go together.
[[nodiscard]] PalettizedTensorInfo describe_palettized(hid_t group, const std::string& path);

/// Opens a file read-only, or says what it is instead.
[[nodiscard]] h5::File open_checkpoint(const std::string& path, CheckpointInfo& info);

/// Deepest nesting of groups that is followed.
inline constexpr std::size_t kMaxDepth = 1000;

[[nodiscard]] inline std::string child_path(const std::string& group, const std::string& name) {
    std::string path = group;
    if (path.back() != '/') path += '/';
    return path += name;
}

}  // namespace pal
