// Writes checkpoints: a copy of the source in which some datasets are replaced, each by a
// palettized group (run) or a dense dataset (restore). The copy appears whole at commit or not at
// all: everything goes to a temporary beside the target that the destructor removes.
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

/// What the writer makes at once, beside room for what is replaced.
enum class Copies {
    kEverything,
    kNothing,  // but groups that lead there: for a part of a palettized file
};

using Links = std::map<std::string, ExternalTarget>;  // by the path of the dataset

class CheckpointWriter {
  public:
    /// Copies everything of `source` but the datasets or palettized groups at `replaced` (their
    /// paths, as in DatasetInfo::path / PalettizedTensorInfo::path): groups, links (hard links stay
    /// one object), attributes, datasets with their chunks as they are, creation order, user block.
    /// Throws Error(kOutput) or, for what cannot be carried over, Error(kInput).
    /// partial_path: of the temporary, which must not exist and is the caller's to remove; else one
    /// is picked. copies: kNothing for datasets only; under one name each, and without attributes
    /// that hold references.
    CheckpointWriter(const CheckpointReader& source, const std::string& target, bool force,
                     const std::vector<std::string>& replaced, const std::string& partial_path = {},
                     Copies copies = Copies::kEverything);
    /// The same, but in the place of the datasets in `links`, which are not in `replaced`, there
    /// are external links, unless that would leave references without their object: Error(kInput).
    CheckpointWriter(const CheckpointReader& source, const std::string& target, bool force,
                     const std::vector<std::string>& replaced, const Links& links,
                     const std::string& partial_path);
    ~CheckpointWriter();  // removes the temporary unless committed or the caller's
    CheckpointWriter(const CheckpointWriter&) = delete;
    CheckpointWriter& operator=(const CheckpointWriter&) = delete;

    /// Puts a palettized group where the dataset `path` was (and at its aliases). One at a time;
    /// tensors come in plan order for the same bytes every time. Returns where its chunks of
    /// indices are, in the order of its ChunkGrid: their bytes have been handed to the operating
    /// system.
    std::vector<ChunkPlace> write_palettized(const std::string& path,
                                             const PalettizedTensor& tensor,
                                             const std::string& spec_json);

    /// Puts the dense dataset where the palettized group `path` was, with the original's
    /// attributes, datatype, layout, filters. The sink takes its `count` weights of dtype; it must
    /// be gone before the next one is opened, and before finish(). Throws Error(kInput) where the
    /// original was not of that type and size.
    [[nodiscard]] std::unique_ptr<WeightSink> open_dense(const std::string& path, DType dtype,
                                                         std::size_t count);

    /// Writes the run's documents (/h5palettize/config and root attributes) into a palettized file;
    /// h5palettize_complete last, then flushes and closes. For a restored file pass an empty
    /// config.
    void finish(const std::string& config_json);

    /// After finish: every byte is on the disk afterwards. Returns how many they are.
    std::uint64_t sync();

    /// After finish: syncs unless done and renames into place. Throws Error(kOutput), also where
    /// the part is not the file that was written.
    void publish();

    /// finish and publish.
    void commit(const std::string& config_json);

    struct Impl;

  private:
    void make(const std::vector<std::string>& replaced, const Links& links, Copies copies);

    std::unique_ptr<Impl> impl_;
};

/// What differs between `original` and `derived` outside the tensors that `derived` holds
/// palettized: one line each, empty when nothing does. Compares structure, links, attributes and
/// raw data of every object.
[[nodiscard]] std::vector<std::string> compare_untouched(const CheckpointReader& original,
                                                         const CheckpointReader& derived);

}  // namespace pal
