// The text of /h5palettize/config: what a palettized file says of the run that made it and of each
// of its tensors. docs/format.md lists the keys. Files and shards of the same input, configuration
// and version have the same text, whatever the number of threads, ranks or shards.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/plan/plan.hpp"
#include "pipeline/record/shard_record.hpp"
#include "stages/tensor_result.hpp"

namespace pal {

/// The input and configuration that a palettized file was made from.
struct Origin {
    std::string config_json;
    std::string input_fingerprint;
    std::string sensitivity_fingerprint;  ///< empty without sensitivities
    Layout layout = Layout::kTorch;
    std::set<std::string> dropped = {};     ///< Dropped::links of the input
    std::optional<ShardRecord> shard = {};  ///< set if the file is a shard
};

/// The record of one tensor.
struct TensorRecord {
    std::string path;
    std::string engine;
    TensorResult result;  ///< error, weighted mse and fingerprints; of a slab its error by chunk
    std::string form_fingerprint = {};  ///< see form_fingerprint()
    std::optional<Slab> slab = {};      ///< shards only; none: the whole tensor
};

/// Returns a fingerprint of how a tensor is palettized: its specification and its groups.
[[nodiscard]] std::string form_fingerprint(const std::string& spec_json, const Geometry& geometry);

[[nodiscard]] TensorRecord record_of(const PlanEntry& entry, const TensorResult& result);

/// Returns the keys before "tensors", as a JSON object.
[[nodiscard]] std::string results_head(const Origin& origin);

/// Returns the whole text. records: by path. of_shard: adds what `merge` needs of each tensor.
[[nodiscard]] std::string results_json(const std::string& head,
                                       const std::vector<TensorRecord>& records, bool of_shard);

/// Checks the fingerprint that ends the text: false if any byte has changed.
[[nodiscard]] bool is_unchanged(std::string_view results);

/// The text of a shard, read again.
struct ShardResults {
    ShardRecord shard;
    std::string head;  ///< results_head() of the run without its shard
    std::vector<TensorRecord> tensors;
};
/// Throws Error(kInput) if the text is changed, or is none of a shard.
[[nodiscard]] ShardResults shard_results(const std::string& results);

/// Sets mse, sqnr_db and max_abs_error; null stands for infinity.
void put_errors(nlohmann::ordered_json& tensor, const ErrorReport& error);

}  // namespace pal
