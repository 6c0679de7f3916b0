#include "pipeline/plan/file_size.hpp"

#include <string_view>

namespace pal {

namespace {

// Texts of /h5palettize/config (pipeline/record/results.cpp), with numbers of the usual length.
constexpr std::string_view kHead =
    R"({"config":,"config_fingerprint":"0123456789abcdef","input_fingerprint":"0123456789abcdef")"
    R"(,"layout":"torch","tensors":[],"fingerprint":"0123456789abcdef"})";
constexpr std::string_view kRecord =
    R"({"path":"","engine":"fast","mse":0.00012345678901234567,"sqnr_db":20.123456789012345)"
    R"(,"max_abs_error":0.012345678901234567,"palette_fingerprint":"0123456789abcdef")"
    R"(,"form":"0123456789abcdef"},)";

constexpr std::string_view kDropped = R"({"path":""},)";

/// Values of a palettized entry, and what /h5palettize/config says of it.
std::uint64_t value_bytes(const PlanEntry& entry) {
    return entry.bytes_out + kRecord.size() + entry.dataset->path.size();
}

}  // namespace

std::uint64_t bytes_elsewhere(const DatasetInfo& dataset) noexcept {
    const bool elsewhere =
        dataset.storage.starts_with("external") || dataset.storage.starts_with("virtual");
    return elsewhere ? dataset.bytes_in_file : 0;
}

std::uint64_t palettized_file_bytes(const PlanEntry& entry) {
    return entry.structure.bytes + entry.structure.heaps.of_values() + value_bytes(entry);
}

std::uint64_t planned_file_bytes(const Plan& plan) {
    const bool is_copy = plan.palettized().empty() && plan.info->dropped.links.empty();
    if (is_copy) return plan.info->file_bytes;  // or nothing at all is written
    StructureSize structure = documents_structure(plan.info->root, plan.info->root_attributes);
    structure.heaps.add(plan.info->heaps);
    std::uint64_t values = kHead.size() + plan.config_bytes;
    for (const std::string& link : plan.info->dropped.links)
        values += kDropped.size() + link.size();
    for (const PlanEntry& entry : plan.entries) {
        if (!entry.palettize) {
            const DatasetInfo& dataset = *entry.dataset;
            values += dataset.structure_bytes + dataset.bytes_in_file - bytes_elsewhere(dataset);
            continue;
        }
        structure.bytes += entry.structure.bytes;
        structure.heaps.add(entry.structure.heaps);
        values += value_bytes(entry);
    }
    return plan.info->structure_bytes + structure.bytes + structure.heaps.in_file() + values;
}

std::uint64_t most_file_bytes(const Plan& plan) {
    constexpr std::uint64_t kDoubt = 256;
    constexpr std::uint64_t kDoubtOfTensor = 4;
    return planned_file_bytes(plan) + kDoubt + kDoubtOfTensor * plan.palettized().size();
}

}  // namespace pal
