// The text of an index: JSON whose "weight_map" says which file each tensor is in. Hugging Face's
// *.index.json, and the *.weights.json that Keras 3 writes beside its shards.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/checkpoint_info.hpp"

namespace pal {

/// The files that an index names, by name, each once. A tensor may lie in several (Keras). `path`
/// names the index in errors. Throws Error(kInput): no JSON, no weight_map, names that lead out of
/// the folder of the index, or that are no names of files.
[[nodiscard]] std::vector<std::string> files_of_index(std::string_view text,
                                                      const std::string& path);

/// A tensor of the map, and a file that it is said to be in.
struct IndexedTensor {
    std::string tensor;
    std::string file;
};

/// Those that the file has not, by tensor. infos: what the files hold, in the order of
/// files_of_index. A tensor is named by its path, or with dots for slashes (Hugging Face), or by a
/// group above it (Keras). The text is one that files_of_index took.
[[nodiscard]] std::vector<IndexedTensor> tensors_not_there(
    std::string_view text, const std::vector<const CheckpointInfo*>& infos);

/// The text of an index as it is, but that the metadata's total_size, where it is a number, is
/// `bytes`. It is one that files_of_index took.
[[nodiscard]] std::string index_with_size(std::string_view text, std::uint64_t bytes);

}  // namespace pal
