// What a command reads where that may be several checkpoints, and the name of what is made of each:
// files, the files of a folder, and those that an index names. An index is JSON whose "weight_map"
// says which file each tensor is in: Hugging Face's *.index.json, and the *.weights.json that Keras
// 3 writes beside its shards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pal {

struct InputFile {
    std::string path;
    std::string name;  // of its output, below the folder of outputs
};

struct IndexFile {
    std::string path;
    std::string name;                // of its copy, likewise
    std::string text;                // its bytes
    std::vector<std::size_t> files;  // those that it names, by their places in Inputs::files
};

struct Inputs {
    std::vector<InputFile> files;
    std::vector<IndexFile> indexes;
};

/// Whether a word of the command line stands for several files: a folder, or an index by its name
/// (.json).
[[nodiscard]] bool stands_for_several(const std::string& word);

/// The files that the words stand for, in their order; of a folder by name, whatever is below it
/// and called .h5 or .hdf5, but for hidden files and folders, what lies in output_folder, and what
/// links to folders lead to. An index in a folder, *.index.json or *.weights.json, comes along
/// unless it names files of another kind, and brings those that it names. Throws Error(kInput): a
/// folder without checkpoints or that cannot be read, an index as files_of_index, or that names a
/// file which is not there; Error(kUsage): two outputs of one name.
[[nodiscard]] Inputs find_inputs(const std::vector<std::string>& words,
                                 const std::string& output_folder);

/// The files that an index names, by name, each once. A tensor may lie in several (Keras). `path`
/// names the index in errors. Throws Error(kInput): no JSON, no weight_map, names that lead out of
/// the folder of the index, or that are no names of files.
[[nodiscard]] std::vector<std::string> files_of_index(std::string_view text,
                                                      const std::string& path);

/// The text of an index as it is, but that the metadata's total_size, where it is a number, is
/// `bytes`. It is one that files_of_index took.
[[nodiscard]] std::string index_with_size(std::string_view text, std::uint64_t bytes);

}  // namespace pal
