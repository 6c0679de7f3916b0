// The record of a shard: which part of which run it is. It stands in /h5palettize/config
// (docs/format.md); `run --shard` writes it, `merge` reads it.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "pipeline/shards/shards.hpp"

namespace pal {

struct ShardRecord {
    ShardChoice choice;
    std::size_t tensors = 0;     ///< palettized tensors of the whole plan
    std::string input;           ///< absolute path
    std::string input_identity;  ///< RunIdentity::input of the whole run
    std::string plan_identity;   ///< fingerprint of RunIdentity::config of the whole run

    [[nodiscard]] bool operator==(const ShardRecord&) const = default;
};

/// Returns the value of the key "shard".
[[nodiscard]] nlohmann::ordered_json shard_json(const ShardRecord& record);

/// Reads the key "shard" of `document`. Throws Error(kInput) if there is none, or it is damaged.
[[nodiscard]] ShardRecord shard_record(const nlohmann::ordered_json& document);

/// Tells a shard from a whole palettized file by the text of /h5palettize/config.
[[nodiscard]] bool is_shard(const std::string& results_json);

}  // namespace pal
