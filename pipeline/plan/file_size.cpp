#include "pipeline/plan/file_size.hpp"

#include <algorithm>

#include "stages/tensor/chunk_grid.hpp"

namespace pal {

namespace {

/// Header of a dataset, and its link and name in the group above it.
constexpr std::uint64_t kDenseHeader = 512;

/// Bytes of a version 1 B-tree over the chunks of a dataset: nodes of 64 children.
std::uint64_t chunk_index_bytes(std::size_t rank, std::uint64_t chunks) {
    constexpr std::uint64_t kChildren = 64;
    const std::uint64_t node = 24 + (kChildren + 1) * (8 + 8 * (rank + 1)) + 8 * kChildren;
    // Nodes that split are half full; chunks come in ascending order.
    const std::uint64_t nodes = chunks <= kChildren ? 1 : 2 * chunks / kChildren + 1;
    return node * nodes;
}

}  // namespace

std::uint64_t structure_bytes(const Geometry& geometry, const PalettizationSpec& spec) {
    constexpr std::uint64_t kGroup = 1380;    // headers of the group and of two members
    constexpr std::uint64_t kDimension = 44;  // extents of members, palettized_shape
    constexpr std::uint64_t kScale = 153;
    constexpr std::uint64_t kIntegerLut = 578;  // three members
    constexpr std::uint64_t kFloatLut = 359;    // two
    constexpr std::uint64_t kFilter = 338;
    const std::size_t rank = geometry.shape.size();
    std::uint64_t bytes = kGroup + kDimension * rank + spec_to_json(spec).size();
    if (geometry.index_count > kFewIndices) {
        bytes += chunk_index_bytes(rank, ChunkGrid(geometry).count());
        if (spec.n_bits != 8) bytes += kFilter;
    }
    if (spec.enable_per_channel_scale) bytes += kScale;
    if (spec.lut_qspec) {
        const LutDType dtype = spec.lut_qspec->dtype;
        bytes += dtype == LutDType::kInt8 || dtype == LutDType::kUInt8 ? kIntegerLut : kFloatLut;
    }
    return bytes;
}

std::uint64_t dense_file_bytes(const DatasetInfo& dataset) noexcept {
    return kDenseHeader + dataset.bytes_in_file;
}

std::uint64_t palettized_file_bytes(const PlanEntry& entry) {
    return stored_bytes(entry.task.geometry, entry.task.spec, entry.task.dtype) +
           structure_bytes(entry.task.geometry, entry.task.spec);
}

std::uint64_t planned_file_bytes(const Plan& plan) {
    if (plan.palettized().empty()) return plan.file_bytes;  // a copy, or nothing at all
    std::uint64_t bytes = plan.file_bytes + kDocumentBytes;
    bytes -= std::min(bytes, plan.dropped.bytes + kDenseHeader * plan.dropped.datasets);
    for (const PlanEntry* entry : plan.palettized()) {
        bytes -= std::min(bytes, dense_file_bytes(*entry->dataset));
        bytes += palettized_file_bytes(*entry);
    }
    return bytes;
}

std::uint64_t most_file_bytes(const Plan& plan, std::uint64_t tensor_margin) {
    constexpr std::uint64_t kDoubtOfFile = 2048;
    std::uint64_t bytes = planned_file_bytes(plan) + kDoubtOfFile;
    for (const PlanEntry* entry : plan.palettized())
        bytes += tensor_margin + 4 * entry->dataset->path.size();
    return bytes;
}

}  // namespace pal
