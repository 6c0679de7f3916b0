// Finds the input files of a command, and the name of the output of each. The command line may name
// files, folders, and index files (pipeline/inputs/index_text).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace pal {

struct InputFile {
    std::string path;
    std::string name;  // of the output, relative to the output folder
};

struct IndexFile {
    std::string path;
    std::string name;                // of its copy, relative to the output folder
    std::string text;                // content of the file
    std::vector<std::size_t> files;  // the files that it names, as indices into Inputs::files
};

struct Inputs {
    std::vector<InputFile> files;
    std::vector<IndexFile> indexes = {};
    std::vector<std::string> skipped =
        {};  // files of folders that are no HDF5 files and no indexes
};

/// Returns whether a word of the command line stands for several files: a folder, or an index (a
/// name that ends in .json).
[[nodiscard]] bool stands_for_several(const std::string& word);

/// Returns a note about skipped files; empty if there are none.
[[nodiscard]] std::string note_of_skipped(const Inputs& inputs);

/// Returns the files that the words stand for, in the order of the words, each file once.
///
/// A folder stands for all HDF5 files at any depth below it, sorted by name: those that begin as
/// one, and those that are called .h5 or .hdf5. Left out are hidden files and folders, everything
/// in output_folder, and folders behind links. Other files are listed in Inputs::skipped. A folder
/// also stands for its indexes (*.index.json or *.weights.json) and for the files that they name.
/// An index that names files of another kind is left out.
///
/// Throws Error(kInput) for a folder that cannot be read or has no checkpoints. Throws it for an
/// index as files_of_index, and if one of its files is missing. Throws it if one lies outside the
/// folder of the index, behind symbolic links, unless follow_external is set. Throws Error(kUsage)
/// if two outputs would have one name.
[[nodiscard]] Inputs find_inputs(const std::vector<std::string>& words,
                                 const std::string& output_folder, bool follow_external);

}  // namespace pal
