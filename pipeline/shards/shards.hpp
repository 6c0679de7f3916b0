// Parts of a plan that machines do apart: balanced by what they are estimated to take, the same
// wherever the same plan is made.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/plan/plan.hpp"

namespace pal {

/// Part `part` (from 0) of `parts`.
struct ShardChoice {
    std::size_t part = 0;
    std::size_t parts = 1;

    [[nodiscard]] bool operator==(const ShardChoice&) const = default;
};

/// "2/8". Throws Error(kUsage), also for 8/8.
[[nodiscard]] ShardChoice parse_shard(const std::string& text);

/// A palettized entry, or a slab of it.
struct Piece {
    std::size_t entry = 0;  // of plan.palettized()
    std::optional<Slab> slab;
    double seconds = 0;  // estimated
};

/// [part][piece], in plan order. A tensor is cut into slabs where it takes more than a quarter of
/// what a part is to take, and can be cut; a part has at most one slab of it. The longest go first,
/// each to the part that has least (Graham 1969): no part takes more than 4/3 of the best there is.
[[nodiscard]] std::vector<std::vector<Piece>> balanced_parts(const Plan& plan, std::size_t parts);

/// All pieces, the longest first, to be handed out one by one. Tensors are cut likewise, but into
/// at most `parts` slabs.
[[nodiscard]] std::vector<Piece> pieces_by_seconds(const Plan& plan, std::size_t parts);

/// The plan of these pieces and of nothing else.
[[nodiscard]] Plan plan_of_pieces(const Plan& plan, const std::vector<Piece>& pieces);

}  // namespace pal
