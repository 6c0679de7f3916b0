// An open checkpoint: its file, and everything that the scan learned of it. The reader, the copier
// and the comparison share it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "io/files/raw_file.hpp"
#include "io/guard/last_wish.hpp"
#include "io/h5/datatypes.hpp"
#include "io/h5/foreign_storage.hpp"
#include "io/h5/hdf5.hpp"
#include "io/read/checkpoint_reader.hpp"

namespace pal {

/// Type and place of a dataset of weights, kept so that nobody opens the dataset again to ask.
struct StoredWeights {
    h5::StoredType stored;
    hid_t type = H5I_INVALID_HID;         // one of Checkpoint::types
    std::optional<std::uint64_t> offset;  // in the file; none: not contiguous, or never written
};

/// An attribute, or the data of a dataset, that holds references.
struct ReferencePlace {
    haddr_t object = HADDR_UNDEF;  // the object with the attribute or the data
    std::string path;
    std::string attribute;  // empty: the data
};

/// Addresses below are those of object headers in the file: one for each object, however many hard
/// links lead to it.
struct Checkpoint {
    std::string path;
    ReadOptions options;
    std::optional<Suspect> suspect;  // until the file is closed
    h5::File file;
    RawFile raw;  // the same file, for reading past the library
    CheckpointInfo info;
    bool has_format = false;  // the root has h5palettize_format, complete or not
    std::map<std::string, haddr_t>
        addresses;                       // every dataset and palettized group, by path and alias
    std::size_t largest_name_bytes = 0;  // names of the members of one group, the largest sum
    std::vector<ReferencePlace> references;
    /// Objects that only dropped links lead to; of datasets the bytes stored.
    std::map<haddr_t, std::optional<std::uint64_t>> dropped;
    /// Datasets whose fill value refers to an object or has a variable length. H5Ocopy of 1.10.8
    /// would spoil it: the copy would hold a dangling pointer.
    std::set<haddr_t> delicate_fills;
    std::vector<h5::Type> types;               // one copy of each type that weights have
    std::map<haddr_t, StoredWeights> weights;  // by address
    /// Length of h5::describe_storage() by storage and shape.
    std::map<std::string, std::uint64_t> storage_text_bytes;
    std::set<haddr_t> implausible;  // chunked datasets that claim too much to be decoded
    /// Palettized tensors of other files (h5palettize merge --link) that are followed, by the
    /// target of the external link. The number stands for the tensor in `addresses`; no object of
    /// this file has it as its address.
    std::map<std::pair<std::string, std::string>, haddr_t> linked;
    std::uint64_t linked_bytes = 0;  // bytes that those tensors take in their files

    /// Returns HADDR_UNDEF if no dataset or palettized group has this path.
    [[nodiscard]] haddr_t address_of(const std::string& at) const {
        const auto found = addresses.find(at);
        return found == addresses.end() ? HADDR_UNDEF : found->second;
    }
    [[nodiscard]] bool is_linked(haddr_t address) const {
        return address != HADDR_UNDEF && address >= HADDR_UNDEF - linked.size();
    }
    /// Opens the object at `address`. at: a path that leads there.
    template <class Kind>
    [[nodiscard]] Kind open_at(haddr_t address, const std::string& at) const {
        if (!is_linked(address)) return h5::open_at<Kind>(file.get(), address, at);
        return Kind(h5::open_followed(file.get(), at));
    }
    /// Returns null if the path has no dataset of a weight type.
    [[nodiscard]] const StoredWeights* weights_at(const std::string& dataset) const {
        const auto found = weights.find(address_of(dataset));
        return found == weights.end() ? nullptr : &found->second;
    }
    /// Remembers the first reason why the file cannot be copied.
    void note_unsupported(const std::string& what) {
        if (info.unsupported.empty()) info.unsupported = what;
    }
};

/// Deepest nesting of groups that is followed.
inline constexpr std::size_t kMaxDepth = 1000;

[[nodiscard]] inline std::string child_path(const std::string& group, const std::string& name) {
    std::string path = group;
    if (path.back() != '/') path += '/';
    return path += name;
}

}  // namespace pal
