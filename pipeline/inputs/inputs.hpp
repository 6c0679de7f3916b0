// What a command reads where that may be several checkpoints, and the name of what is made of each:
// files, the files of a folder, and those that an index names (pipeline/inputs/index_text).
#pragma once

#include <cstddef>
#include <string>
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

/// The files that the words stand for, in their order, each once; of a folder by name, whatever is
/// below it and called .h5 or .hdf5, but for hidden files and folders, what lies in output_folder,
/// and what links to folders lead to. An index in a folder, *.index.json or *.weights.json, comes
/// along unless it names files of another kind, and brings those that it names. Throws
/// Error(kInput): a folder without checkpoints or that cannot be read, an index as files_of_index,
/// or that names a file which is not there; Error(kUsage): two outputs of one name.
[[nodiscard]] Inputs find_inputs(const std::vector<std::string>& words,
                                 const std::string& output_folder);

}  // namespace pal
