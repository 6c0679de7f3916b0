// Shards of a palettized checkpoint become one: what is palettized comes from them, chunk by chunk
// as it is, all else from the input; the bytes are those of a run without shards.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "io/read/checkpoint_reader.hpp"
#include "io/write/checkpoint_writer.hpp"
#include "pipeline/shards/shard_record.hpp"

namespace pal {

struct Shard {
    std::unique_ptr<const CheckpointReader> reader;
    ShardRecord record;
    std::string head;                             // of its results, as every shard has it
    std::vector<nlohmann::ordered_json> tensors;  // as reader->info().tensors
};

/// Opens the shards of one run. Throws Error(kInput) that names the files: one is no shard, or
/// damaged, or of another run (input, configuration, version, number of parts); parts are missing
/// or there twice.
/// All stay open: where the process may not have so many files, it asks for more.
[[nodiscard]] std::vector<Shard> open_shards(const std::vector<std::string>& files);

/// Whether the file is there and is what a run that would write this record makes: of the same
/// input, configuration, version and part by what it says of itself, and undamaged, by its
/// checksums. Reads all of it.
[[nodiscard]] bool is_that_shard(const std::string& file, const ShardRecord& record);

/// A tensor of the merged file, whole or in slabs, in order.
struct MergedTensor {
    struct Source {
        const Shard* shard = nullptr;
        std::size_t tensor = 0;  // of the shard
        PieceRecord record;
    };
    std::string path;
    std::vector<Source> sources;
};

/// By path. Throws Error(kInput) where one, or rows of one, are missing or there twice, or of
/// another shape or type than the input has.
[[nodiscard]] std::vector<MergedTensor> merged_tensors(std::vector<Shard>& shards,
                                                       const CheckpointInfo& input);

/// Where tensors that are whole in one shard are, as links in `target` have it.
[[nodiscard]] Links links_to(const std::vector<MergedTensor>& tensors, const std::string& target);

/// Writes all that are not in `links`; returns what the results say of each of all. Throws
/// Error(kInput) that names the shard where palette or indices are not those that were written.
/// Says its progress.
[[nodiscard]] std::vector<std::string> write_merged(const std::vector<MergedTensor>& tensors,
                                                    const Links& links,
                                                    const CheckpointReader& input,
                                                    CheckpointWriter& writer);

/// Of those that are not in `links`.
[[nodiscard]] std::vector<std::string> paths_of(const std::vector<MergedTensor>& tensors,
                                                const Links& links = {});

/// Throws Error(kInput) where it is not the file that the shards were made from.
void require_input_of(const Shard& shard, const CheckpointInfo& input);

}  // namespace pal
