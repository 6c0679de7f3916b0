// Opens the shards of one run and checks that they belong together.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "io/read/checkpoint_reader.hpp"
#include "pipeline/record/results.hpp"

namespace pal {

struct Shard {
    std::unique_ptr<const CheckpointReader> reader;
    ShardRecord record;
    std::string head;                   ///< results_head() of the whole run
    std::vector<TensorRecord> tensors;  ///< one per reader->info().tensors, in that order

    [[nodiscard]] const std::string& file() const { return reader->info().file; }
};

/// Opens the shards of one run. All stay open: the process asks for more open files if need be.
/// Throws Error(kInput) that names the files: not a shard, damaged, from another run (input,
/// configuration, version, number of parts), or parts that are missing or there twice.
[[nodiscard]] std::vector<Shard> open_shards(const std::vector<std::string>& files);

/// Reads a tensor of a shard. Throws Error(kInput) if its LUT, scales, zero points or specification
/// are not those that were written.
[[nodiscard]] PalettizedTensor read_checked(const Shard& shard, std::size_t tensor);

/// Tells whether `file` is, undamaged, the shard that a run would write with this record. Reads all
/// of it. Anything else at that name is no error.
[[nodiscard]] bool is_that_shard(const std::string& file, const ShardRecord& record);

/// Throws Error(kInput) if `input` is not the file that the shard was made from.
void require_input_of(const Shard& shard, const CheckpointInfo& input);

}  // namespace pal
