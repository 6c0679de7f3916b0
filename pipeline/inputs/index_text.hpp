// Reads and changes the text of an index file. This is JSON whose "weight_map" names the file of
// each tensor: Hugging Face's *.index.json, or the *.weights.json of Keras 3 for its several files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/read/checkpoint_info.hpp"

namespace pal {

/// Returns the files that an index names, sorted, each once. A tensor may lie in several (Keras).
/// path: names the index in errors. Throws Error(kInput) for text that is no JSON or has no
/// weight_map. It does the same for names that are no file names or lead out of the folder.
[[nodiscard]] std::vector<std::string> files_of_index(std::string_view text,
                                                      const std::string& path);

/// A tensor of the map, and one of its files there.
struct IndexedTensor {
    std::string tensor;
    std::string file;
};

/// Returns the tensors that their files do not have, sorted by tensor. The map names a tensor by
/// its path, with dots for slashes (Hugging Face), or by a group above it (Keras).
///
/// text   accepted by files_of_index
/// infos  the files, in the order of files_of_index
[[nodiscard]] std::vector<IndexedTensor> tensors_not_there(
    std::string_view text, const std::vector<const CheckpointInfo*>& infos);

/// Returns the text with `bytes` for the total_size of the metadata, if that is a number; all else
/// stays. text: accepted by files_of_index.
[[nodiscard]] std::string index_with_size(std::string_view text, std::uint64_t bytes);

}  // namespace pal
