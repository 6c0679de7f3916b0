// Divides a plan into shards, which different machines work on. Shards are balanced by estimated
// time, and are the same on every machine that makes the same plan.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/plan/plan.hpp"

namespace pal {

/// Shard `part` (from 0) of `parts`.
struct ShardChoice {
    std::size_t part = 0;
    std::size_t parts = 1;

    [[nodiscard]] bool operator==(const ShardChoice&) const = default;
};

/// Reads "2/8". Throws Error(kUsage) for anything else, including 8/8.
[[nodiscard]] ShardChoice parse_shard(const std::string& text);

/// A palettized entry, a slab of one, or a file of a batch.
struct Piece {
    std::size_t entry = 0;     // index into plan.palettized(), or of the file
    std::optional<Slab> slab;  // nothing: the whole entry
    double seconds = 0;        // estimated
};

/// Returns the pieces of each shard, in plan order. A tensor that takes more than a quarter
/// of the time of a shard is cut into slabs, if possible. A shard gets at most one slab of a
/// tensor. The longest pieces are assigned first, each to the shard with the least work (Graham
/// 1969): no shard takes more than 4/3 of the optimum.
[[nodiscard]] std::vector<std::vector<Piece>> balanced_parts(const Plan& plan, std::size_t parts);

/// Returns all pieces, the longest first, to be handed out one by one. Tensors are cut as above,
/// but into at most `parts` slabs.
[[nodiscard]] std::vector<Piece> pieces_by_seconds(const Plan& plan, std::size_t parts);

/// Returns the plan of these pieces alone.
[[nodiscard]] Plan plan_of_pieces(const Plan& plan, const std::vector<Piece>& pieces);

}  // namespace pal
