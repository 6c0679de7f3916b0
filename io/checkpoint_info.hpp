// What a checkpoint holds, as plain values: the vocabulary between io/, configs/ and pipeline/. No
// HDF5 in sight.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stages/tensor/dtype.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal {

enum class Layout { kTorch, kKeras };

struct DatasetInfo {
    std::string path;  // "/layers/dense/vars/0"; the first of its hard links in alphabetical order
    std::vector<std::string> aliases;  // its other hard links
    Shape shape;
    std::optional<DType>
        dtype;  // set for floating-point datasets (f16, bf16, f32, f64, any byte order) only
    std::string
        stored_type;  // for people: "float32", "float32 big-endian", "int64", "string", "compound"
    std::string
        storage;  // for people: "contiguous", "chunked gzip shuffle", "compact", "virtual", ...
    std::string unreadable;      // why the data is not read here (a filter that is missing, data in
                                 // other files) and what would change that; else empty
    bool damaged = false;        // that is why it is unreadable
    std::string virtual_reader;  // a virtual dataset of this file that reads it, and so needs it to
                                 // stay a dataset; else empty
    std::string
        reserved_attribute;  // one that has a name which palettized tensors need; else empty
    std::uint64_t element_count = 0;    // 0 for null dataspaces
    std::uint64_t bytes = 0;            // element_count * size of an element
    std::uint64_t bytes_in_file = 0;    // what is stored of them: compressed, or never written
    std::uint64_t chunk_bytes = 0;      // of a whole chunk; 0 where it is not chunked
    std::uint64_t chunk_row_bytes = 0;  // of the chunks that hold a part of it that lies together
};

/// Of a file that h5palettize wrote.
struct PalettizedTensorInfo {
    std::string path;
    Shape shape;
    DType dtype = DType::kF32;
    std::string spec_json;
    std::uint64_t bytes_stored = 0;  // indices, LUTs, scales
    std::uint64_t dense_bytes = 0;   // of the weights that it decodes to
};

struct CheckpointInfo {
    std::string file;
    std::uint64_t file_bytes = 0;
    std::uint64_t user_block_bytes = 0;
    bool palettized = false;                // has h5palettize_format and h5palettize_complete
    std::uint64_t external_link_count = 0;  // that stay links: nothing behind them is read
    std::string first_external_link;
    std::string unsupported;  // what cannot be carried over (a user-defined link), with a path;
                              // else empty
    std::string reserved;  // why no palettized file can be made of it: it is an unfinished one, or
                           // holds a name that those need; else empty
    Layout layout = Layout::kTorch;  // as detected: Keras attributes or Keras 3's layers/*/vars/N
    std::string layout_reason;       // "keras_version attribute", "no Keras attributes", ...
    std::vector<DatasetInfo> datasets;  // by path; those inside palettized groups are left out
    std::vector<PalettizedTensorInfo> tensors;  // by path
    std::uint64_t dense_bytes = 0;              // of all those
    std::string version;                        // h5palettize_version of a palettized file
    std::string results_json;  // the text of /h5palettize/config of a palettized file
    std::map<std::string, std::string>
        layer_types;  // layer name -> Keras class, from model_config; empty without. A wrapper's
                      // with what it wraps, whose weights lie below it: "TimeDistributed(Dense)"
};

}  // namespace pal
