// Contents of a checkpoint as plain values: the vocabulary between io/, configs/ and pipeline/. No
// HDF5 in sight.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "io/h5/heap_bytes.hpp"
#include "stages/tensor/dtype.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

enum class Layout { kTorch, kKeras };

/// Form in which an object is written: versions of the file format, for one.
struct FormatForm {
    unsigned superblock = 0;       // of the file
    unsigned header = 1;           // of the object
    unsigned attribute_order = 0;  // H5P_CRT_ORDER_TRACKED, H5P_CRT_ORDER_INDEXED

    auto operator<=>(const FormatForm&) const = default;
};

/// Attributes of an object.
struct AttributeSizes {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;  // in its header; values of variable length are not there

    auto operator<=>(const AttributeSizes&) const = default;
};

struct DatasetInfo {
    std::string path;                  // "/layers/dense/vars/0": its first hard link by alphabet
    std::vector<std::string> aliases;  // its other hard links
    Shape shape;
    std::optional<DType> dtype;  // of floats in any byte order: f16, bf16, f32, f64; else none
    /// For people: "float32", "float32 big-endian", "int64", "string", "compound".
    std::string stored_type;
    std::string storage;  // for people: "contiguous", "chunked gzip shuffle", "compact", "virtual"
    /// Reason why the data is not read here (a missing filter, data in other files), and what would
    /// change that. Empty if it is read.
    std::string unreadable;
    bool damaged = false;  // damage is that reason
    /// Path of a virtual dataset of this file that reads this one, which therefore has to stay a
    /// dataset. Empty if there is none.
    std::string virtual_reader;
    bool is_used_scale = false;      // a dimension scale of other datasets, as netCDF has them
    std::string reserved_attribute;  // attribute with a name that palettized tensors need, or empty
    std::uint64_t element_count = 0;  // 0 for null dataspaces
    std::uint64_t bytes = 0;          // element_count * size of an element
    std::uint64_t bytes_in_file = 0;  // weights only: bytes stored, compressed; 0: never written
    /// Bytes of a copy beside bytes_in_file: header, attributes, index of chunks.
    std::uint64_t structure_bytes = 0;
    std::uint64_t storage_text_bytes = 0;  // weights only: length of h5::describe_storage()
    AttributeSizes attributes;
    FormatForm form;
    std::uint64_t chunk_bytes = 0;  // one whole chunk; 0: not chunked
    std::uint64_t chunk_row_bytes =
        0;  // one row of chunks (ChunkLayout::row_count); 0: not chunked
};

/// A tensor of a file that h5palettize wrote.
struct PalettizedTensorInfo {
    std::string path;
    Shape shape;
    DType dtype = DType::kF32;
    std::string spec_json;
    std::uint64_t bytes_stored = 0;  // indices, LUTs, scales
    std::uint64_t dense_bytes = 0;   // its weights when decoded
};

/// Parts of a file that are read as if they were not there.
struct Dropped {
    std::set<std::string> links;  // ReadOptions::dropped
    /// The datasets that were left out, as evidence of the layers of others. Where a file is
    /// planned; else empty.
    std::vector<DatasetInfo> evidence;
    std::uint64_t datasets = 0;  // those that no other link leads to
    std::uint64_t bytes = 0;     // stored in them
};

struct CheckpointInfo {
    std::string file;
    std::uint64_t file_bytes = 0;
    std::uint64_t user_block_bytes = 0;
    /// Bytes of a copy beside floating-point datasets: groups, links, other data, superblock.
    std::uint64_t structure_bytes = 0;
    h5::HeapBytes heaps;  // values of variable length in all of the file
    FormatForm root;
    AttributeSizes root_attributes;
    bool palettized = false;                // has h5palettize_format and h5palettize_complete
    std::uint64_t external_link_count = 0;  // links that are not followed
    std::string first_external_link;
    /// First thing that cannot be carried over (a user-defined link, damage), with its path. Empty
    /// if all can.
    std::string unsupported;
    /// Reason why no palettized file can be made of it: it is an unfinished one, or holds a name
    /// that palettized files need. Empty if one can.
    std::string reserved;
    Layout layout = Layout::kTorch;     // by Keras attributes or Keras 3's names layers/*/vars/N
    std::string layout_reason;          // "keras_version attribute of /", "no Keras attributes"
    std::vector<DatasetInfo> datasets;  // by path, without those inside palettized groups
    std::vector<PalettizedTensorInfo> tensors;  // by path
    Dropped dropped;
    /// Further hard links to groups, each with the name that the group's members are listed under.
    /// The root has the name "".
    std::vector<std::pair<std::string, std::string>> group_aliases;
    std::uint64_t dense_bytes = 0;  // sum over `tensors`
    std::string version;            // h5palettize_version of a palettized file
    std::string results_json;       // text of /h5palettize/config of a palettized file
    /// Layer name -> Keras class, from model_config; empty without it. A wrapper's class names the
    /// layer inside, whose weights lie below it: "TimeDistributed(Dense)".
    std::map<std::string, std::string> layer_types;
    /// Layer name -> equation of an EinsumDense, from model_config.
    std::map<std::string, std::string> layer_equations;
    /// Path of a group of variables -> name of its layer, from the `name` attributes of Keras 3.
    std::map<std::string, std::string> layer_names;
};

}  // namespace pal
