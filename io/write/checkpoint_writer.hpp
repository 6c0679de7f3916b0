// Writes checkpoints: copies of a source in which some datasets are replaced.
//
// A run replaces datasets by palettized groups, a restore palettized groups by dense datasets. The
// output appears whole or not at all: it grows in a partial file beside the target.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/h5/external_target.hpp"
#include "io/read/checkpoint_reader.hpp"
#include "io/write/chunk_place.hpp"
#include "stages/tensor/tensor.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

/// Objects of the source that the constructor copies.
enum class Copies {
    kEverything,
    kNothing,  // only the groups that lead to replaced datasets: for the file of a shard
};

using Links = std::map<std::string, ExternalTarget>;  // by path of the dataset

class CheckpointWriter {
  public:
    /// Creates the partial file and copies `source` into it: groups, links (hard links stay one
    /// object), attributes, datasets with chunks as they are stored, creation order, user block.
    /// Leaves out the datasets or palettized groups at `replaced`.
    /// replaced      paths as in DatasetInfo::path or PalettizedTensorInfo::path
    /// partial_path  name of the partial file, which must not exist; the caller removes it. Empty:
    ///               a name is picked and the destructor removes the file
    /// copies        kNothing: `replaced` are datasets, each gets one name and no attributes that
    ///               hold references
    /// Throws Error(kOutput), or Error(kInput) where the source cannot be copied.
    CheckpointWriter(const CheckpointReader& source, const std::string& target, bool force,
                     const std::vector<std::string>& replaced, const std::string& partial_path = {},
                     Copies copies = Copies::kEverything);
    /// Copies everything, but makes external links in place of the datasets in `links`, which are
    /// not in `replaced`. Throws Error(kInput) where the source holds references: these do not lead
    /// into other files.
    CheckpointWriter(const CheckpointReader& source, const std::string& target, bool force,
                     const std::vector<std::string>& replaced, const Links& links,
                     const std::string& partial_path);
    ~CheckpointWriter();  // removes the partial file unless published or the caller's
    CheckpointWriter(const CheckpointWriter&) = delete;
    CheckpointWriter& operator=(const CheckpointWriter&) = delete;

    /// Writes a palettized group in place of the dataset `path` and its aliases. Call it for one
    /// tensor at a time, in plan order: the order determines the bytes of the file. Returns the
    /// places of the chunks of indices, in the order of the ChunkGrid. The operating system has
    /// their bytes then.
    std::vector<ChunkPlace> write_palettized(const std::string& path,
                                             const PalettizedTensor& tensor,
                                             const std::string& spec_json);

    /// Opens the dense dataset in place of the palettized group `path`. It has the attributes,
    /// datatype, layout and filters of the original. Returns a sink for its `count` weights of
    /// dtype; destroy it before you open the next one, and before finish(). Throws Error(kInput)
    /// where the original was of another type or size.
    [[nodiscard]] std::unique_ptr<WeightSink> open_dense(const std::string& path, DType dtype,
                                                         std::size_t count);

    /// Writes the documents of a palettized file: /h5palettize/config and the root attributes, with
    /// h5palettize_complete last. Then flushes and closes the file. Pass an empty config for a
    /// restored file, which gets none.
    void finish(const std::string& config_json);

    /// Tells that the output is made of `file` too: nobody may read it who may not read that.
    void is_made_of(const std::string& file);

    /// Waits until every byte is on the disk. Returns the size of the file. Call it after finish().
    std::uint64_t sync();

    /// Calls sync() unless that is done, and renames the partial file to the target. Call it after
    /// finish(). Throws Error(kOutput), also where another program has replaced the partial file.
    void publish();

    /// Calls finish() and publish().
    void commit(const std::string& config_json);

    struct Impl;

  private:
    void make(const std::vector<std::string>& replaced, const Links& links, Copies copies);

    std::unique_ptr<Impl> impl_;
};

}  // namespace pal
