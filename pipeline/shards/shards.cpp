#include "pipeline/shards/shards.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <queue>
#include <span>
#include <string_view>
#include <utility>

#include "pipeline/console/decimal.hpp"
#include "pipeline/plan/cost.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

constexpr std::size_t kMostParts = 1'000'000;
constexpr double kWholeShare = 0.25;     // of the time of a shard; longer tensors are cut
constexpr double kSlabShare = 1.0 / 16;  // of the time of a shard

/// Cuts an entry into at most `most` slabs of about kSlabShare each, or returns it whole.
std::vector<Piece> pieces_of(const PlanEntry& entry, std::size_t number, double part_seconds,
                             std::size_t most) {
    const double seconds = estimated_seconds(entry);
    const Geometry& geometry = entry.task.geometry;
    // Datasets that are not contiguous are decoded as a whole. Weighted errors need whole tensors.
    const bool may_be_cut =
        entry.dataset->storage == "contiguous" && entry.sensitivities == nullptr;
    const auto unit = may_be_cut ? slab_unit(geometry, entry.task.spec) : std::nullopt;
    if (!unit || seconds <= kWholeShare * part_seconds) return {{number, std::nullopt, seconds}};
    const std::uint64_t rows = geometry.shape[0];
    const std::uint64_t units = rows / *unit;
    const double wanted = std::max(1.0, seconds / (kSlabShare * part_seconds));
    const auto slab_units = static_cast<std::uint64_t>(static_cast<double>(units) / wanted);
    const std::uint64_t least_units = units / most + (units % most > 0 ? 1 : 0);
    const std::uint64_t slab_rows = std::max({std::uint64_t{1}, slab_units, least_units}) * *unit;
    std::vector<Piece> pieces;
    for (std::uint64_t first = 0; first + slab_rows <= rows; first += slab_rows)
        pieces.push_back({number, Slab{first, slab_rows}, 0});
    pieces.back().slab->rows = rows - pieces.back().slab->first;
    for (Piece& piece : pieces) {
        piece.seconds = seconds * static_cast<double>(piece.slab->rows) / static_cast<double>(rows);
    }
    return pieces;
}

/// Returns all pieces in plan order. most: limits the slabs of an entry.
std::vector<Piece> all_pieces(const Plan& plan, std::size_t parts, std::size_t most) {
    const auto entries = plan.palettized();
    double all = 0;
    for (const PlanEntry* entry : entries) all += estimated_seconds(*entry);
    std::vector<Piece> pieces;
    for (std::size_t e = 0; e < entries.size(); ++e) {
        const auto own = pieces_of(*entries[e], e, all / static_cast<double>(parts), most);
        pieces.insert(pieces.end(), own.begin(), own.end());
    }
    return pieces;
}

/// Assigns the longest piece first, to the shard with the least work. Returns the shard of each
/// piece.
std::vector<std::size_t> parts_of(const std::vector<Piece>& pieces, std::size_t parts) {
    std::vector<std::size_t> order(pieces.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::greater<>(),
                             [&](std::size_t p) { return pieces[p].seconds; });
    using Load = std::pair<double, std::size_t>;  // seconds, part
    std::priority_queue<Load, std::vector<Load>, std::greater<>> least;
    for (std::size_t part = 0; part < parts; ++part) least.emplace(0, part);
    std::vector<std::size_t> part_of(pieces.size());
    for (const std::size_t piece : order) {
        const auto [seconds, part] = least.top();
        least.pop();
        part_of[piece] = part;
        least.emplace(seconds + pieces[piece].seconds, part);
    }
    return part_of;
}

/// Gives each shard as many slabs of one entry as it was assigned, but adjacent ones, joined into
/// one slab. All slabs take about the same time.
void hand_out(std::span<const Piece> slabs, std::span<const std::size_t> part_of,
              std::vector<std::vector<Piece>>& parts) {
    std::size_t next = 0;
    for (std::size_t part = 0; part < parts.size(); ++part) {
        const auto count = static_cast<std::size_t>(std::ranges::count(part_of, part));
        if (count == 0) continue;
        Piece piece = slabs[next];
        for (const Piece& more : slabs.subspan(next + 1, count - 1)) {
            piece.slab->rows += more.slab->rows;
            piece.seconds += more.seconds;
        }
        if (count == slabs.size()) piece.slab.reset();
        parts[part].push_back(piece);
        next += count;
    }
}

PlanEntry entry_of(const PlanEntry& whole, const Slab& slab) {
    PlanEntry entry = whole;
    const Geometry& geometry = whole.task.geometry;
    entry.task.geometry = with_rows(geometry, slab.rows);
    entry.task.cluster.first_group = first_group(geometry, slab);
    entry.slab = slab;
    entry.bytes_in = whole.bytes_in / geometry.shape[0] * slab.rows;
    entry.bytes_out = stored_bytes(entry.task.geometry, whole.task.spec, whole.task.dtype);
    entry.reason += fmt::format("; rows {} to {}", slab.first, slab.first + slab.rows - 1);
    return entry;
}

}  // namespace

ShardChoice parse_shard(const std::string& text) {
    const std::size_t slash = text.find('/');
    const std::string_view view(text);
    if (slash != std::string::npos) {
        const auto part = decimal_number(view.substr(0, slash));
        const auto parts = decimal_number(view.substr(slash + 1));
        if (part && parts && *part < *parts && *parts <= kMostParts) return {*part, *parts};
    }
    throw Error(ErrorCode::kUsage,
                "--shard " + text + ": give I/N, part I (from 0 to N-1) of N, as --shard 0/8");
}

std::vector<std::vector<Piece>> balanced_parts(const Plan& plan, std::size_t parts) {
    const std::vector<Piece> pieces =
        all_pieces(plan, parts, std::numeric_limits<std::size_t>::max());
    const std::vector<std::size_t> part_of = parts_of(pieces, parts);
    std::vector<std::vector<Piece>> result(parts);
    for (std::size_t begin = 0; begin < pieces.size();) {
        std::size_t end = begin + 1;
        while (end < pieces.size() && pieces[end].entry == pieces[begin].entry) ++end;
        if (pieces[begin].slab) {
            hand_out(std::span(pieces).subspan(begin, end - begin),
                     std::span(part_of).subspan(begin, end - begin), result);
        } else {
            result[part_of[begin]].push_back(pieces[begin]);
        }
        begin = end;
    }
    return result;
}

std::vector<Piece> pieces_by_seconds(const Plan& plan, std::size_t parts) {
    std::vector<Piece> pieces = all_pieces(plan, parts, parts);
    std::ranges::stable_sort(pieces, std::greater<>(), &Piece::seconds);
    return pieces;
}

Plan plan_of_pieces(const Plan& plan, const std::vector<Piece>& pieces) {
    const auto entries = plan.palettized();
    Plan part;
    part.warnings = plan.warnings;
    part.layout = plan.layout;
    part.layout_reason = plan.layout_reason;
    part.info = plan.info;
    for (const Piece& piece : pieces) {
        const PlanEntry& whole = *entries[piece.entry];
        part.entries.push_back(piece.slab ? entry_of(whole, *piece.slab) : whole);
    }
    return part;
}

}  // namespace pal
