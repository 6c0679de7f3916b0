// What a shard says of itself in /h5palettize/config (docs/format.md), written by `run --shard` and
// read by `merge`.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/graph/message.hpp"
#include "pipeline/shards/shards.hpp"

namespace pal {

struct ShardRecord {
    ShardChoice choice;
    std::size_t tensors = 0;  // palettized ones of the whole plan
    std::string input;        // its absolute path
    /// What input, and configuration and plan of the whole, are told from others by (RunIdentity).
    std::string input_identity;
    std::string plan_identity;
};

/// Of a tensor of a shard, or a slab of one.
struct PieceRecord {
    std::string indices;                     // fingerprint of its chunks
    std::string form;                        // of what form_fingerprint() takes
    std::optional<Slab> slab;                // none: the whole
    std::vector<kernels::ErrorSums> chunks;  // of a slab; empty where only the weights tell
};

[[nodiscard]] nlohmann::ordered_json shard_json(const ShardRecord& record);
/// Throws Error(kInput) where `document` is not that of a shard, or damaged.
[[nodiscard]] ShardRecord shard_record(const nlohmann::ordered_json& document);
/// Whether the text of /h5palettize/config is that of a shard.
[[nodiscard]] bool is_shard(const std::string& results_json);

/// Of how a tensor is palettized: its specification, as palettized groups have it, and its groups.
[[nodiscard]] std::string form_fingerprint(const std::string& spec_json, const Geometry& geometry);

/// Adds to what is said of a tensor of a shard.
void add_piece(nlohmann::ordered_json& tensor, const PlanEntry& entry, const Outcome& outcome);
/// Reads that and takes it away. Throws Error(kInput).
[[nodiscard]] PieceRecord take_piece(nlohmann::ordered_json& tensor);

}  // namespace pal
