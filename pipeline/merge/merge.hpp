// Merges the shards of a palettized checkpoint into one. Palettized tensors come from the shards,
// chunk by chunk as they are; all else comes from the input. The bytes are those of a run without
// shards.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "io/read/checkpoint_reader.hpp"
#include "io/write/checkpoint_writer.hpp"
#include "pipeline/merge/open_shards.hpp"

namespace pal {

/// A tensor of the merged file: whole in one shard, or in slabs of several.
struct MergedTensor {
    struct Source {
        const Shard* shard = nullptr;
        std::size_t tensor = 0;  ///< position in Shard::tensors

        [[nodiscard]] const TensorRecord& record() const { return shard->tensors[tensor]; }
        [[nodiscard]] const PalettizedTensorInfo& info() const {
            return shard->reader->info().tensors[tensor];
        }
    };
    std::string path;
    std::vector<Source> sources;  ///< slabs by their first row
};

/// Finds the tensors of all shards, by path. Throws Error(kInput) if a tensor, or rows of one, are
/// missing, there twice, or of another shape or type than in the input.
[[nodiscard]] std::vector<MergedTensor> merged_tensors(const std::vector<Shard>& shards,
                                                       const CheckpointInfo& input);

/// Returns external links, as `target` needs them, to the tensors that one shard holds whole.
[[nodiscard]] Links links_to(const std::vector<MergedTensor>& tensors, const std::string& target);

/// Returns the paths of all tensors that are not in `links`.
[[nodiscard]] std::vector<std::string> paths_of(const std::vector<MergedTensor>& tensors,
                                                const Links& links = {});

/// Writes all tensors that are not in `links`, and shows its progress. Returns the records of all
/// tensors, as a run without shards would have them. Throws Error(kInput) that names the shard if
/// LUT or indices are not those that were written.
[[nodiscard]] std::vector<TensorRecord> write_merged(const std::vector<MergedTensor>& tensors,
                                                     const Links& links,
                                                     const CheckpointReader& input,
                                                     CheckpointWriter& writer);

}  // namespace pal
