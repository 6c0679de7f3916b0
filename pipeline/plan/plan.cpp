#include "pipeline/plan/plan.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <span>

#include "configs/rules/select.hpp"
#include "configs/rules/type_matches.hpp"
#include "configs/write/config_json.hpp"
#include "pipeline/plan/file_layers.hpp"
#include "pipeline/plan/file_size.hpp"
#include "pipeline/plan/plan_warnings.hpp"
#include "pipeline/plan/sensitivities.hpp"
#include "stages/pack.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Memory of a certificate: bins or distinct values, and partitions of them.
std::uint64_t certified_bytes(const TensorTask& task) {
    if (!task.cluster.certify || task.spec.cluster_dim > 1) return 0;
    constexpr std::uint64_t kMostBins = std::uint64_t{1} << 20;
    constexpr std::uint64_t kBytesABin = 200;
    const std::uint64_t values = task.geometry.group_index_count(0);
    return kBytesABin * (task.dtype == DType::kF64 ? values : std::min(values, kMostBins));
}

/// Memory of a tensor in the graph, without its weights. It has buffers to decode a chunk (as the
/// file has it, and on its way) and values gathered to cluster. Packed indices that wait to be
/// written, LUTs and blocks come on top.
std::uint64_t working_bytes(const TensorTask& task, const DatasetInfo& dataset, bool weighted) {
    const Geometry& geometry = task.geometry;
    // Engines that sort keep the values, the distinct values with sums over them, and partitions.
    // The reference also keeps its own clusters.
    const bool scalar = task.spec.cluster_dim == 1;
    const bool sorts = task.cluster.engine != Engine::kFast && scalar;
    const bool keeps_clusters = task.cluster.engine == Engine::kReference && scalar;
    constexpr std::uint64_t kSortedBytes = 112;
    constexpr std::uint64_t kWorkingBytes = 4U << 20;
    const std::uint64_t lut_bytes =
        geometry.group_count * (std::uint64_t{1} << task.spec.n_bits) * task.spec.cluster_dim * 32;
    const ChunkGrid grid(geometry);
    const std::uint64_t packed_bytes = grid.count() * grid.chunk_bytes(task.spec.n_bits);
    return 3 * dataset.chunk_bytes +
           clustering_bytes(geometry, task.dtype, task.spec, task.cluster, weighted) +
           certified_bytes(task) + (sorts ? geometry.group_index_count(0) * kSortedBytes : 0) +
           (keeps_clusters ? geometry.index_count : 0) + std::min(packed_bytes, kHeldIndexBytes) +
           lut_bytes + kWorkingBytes;
}

/// Memory of weights that are decoded as a whole.
std::uint64_t held_bytes(const DatasetInfo& dataset) {
    return dataset.element_count * (dataset.dtype == DType::kF64 ? 8 : 4);
}

/// Sets the memory of an entry. Contiguous weights are read from the file block by block. Others
/// are decoded as a whole if that fits the memory, or else chunk by chunk.
void set_memory(PlanEntry& entry, std::uint64_t memory_bytes) {
    const DatasetInfo& dataset = *entry.dataset;
    entry.memory_bytes = working_bytes(entry.task, dataset, entry.sensitivities != nullptr);
    if (entry.sensitivities != nullptr && entry.sensitivities->storage != "contiguous")
        entry.memory_bytes += held_bytes(*entry.sensitivities);
    if (dataset.storage == "contiguous") return;
    const std::uint64_t whole = held_bytes(dataset);
    const std::uint64_t room = memory_bytes - std::min(memory_bytes, entry.memory_bytes);
    // Two rows of chunks: some threads go on to the next row while others are in the last one.
    const std::uint64_t rows = 2 * dataset.chunk_row_bytes;
    if (whole > room && rows > 0 && rows < dataset.bytes) {
        entry.kept_bytes = std::clamp(room, rows, dataset.bytes);
    }
    entry.memory_bytes += entry.kept_bytes.value_or(whole);
}

/// Bytes that clustering gathers at a time, so that one tensor fits the memory if possible.
std::uint64_t gather_bytes(std::uint64_t memory_bytes) {
    constexpr std::uint64_t kLeast = std::uint64_t{4} << 20;
    return std::clamp(memory_bytes / 4, kLeast, ClusterOptions{}.gather_bytes);
}

/// Returns why a tensor must stay dense under any spec; empty if it need not.
std::string obstacle(const DatasetInfo& dataset) {
    if (!dataset.unreadable.empty()) return dataset.unreadable;
    if (dataset.virtual_reader.empty()) return "";
    return "the virtual dataset " + dataset.virtual_reader + " reads it";
}

/// Returns how much an entry grows in the file; empty if it shrinks.
std::string growth(const PlanEntry& entry) {
    const std::uint64_t now = entry.dataset->structure_bytes + entry.dataset->bytes_in_file;
    const std::uint64_t then = palettized_file_bytes(entry);
    if (then < now) return "";
    return "it would take " + std::to_string(then) + " bytes in the file, now " +
           std::to_string(now);
}

/// Leaves all tensors dense that nobody asked for by name if the file would grow all the same: the
/// format itself takes some KB.
void keep_small(Plan& plan) {
    const std::uint64_t then = most_file_bytes(plan);
    std::uint64_t now = plan.info->file_bytes;  // and what comes from other files
    for (const PlanEntry* entry : plan.palettized()) now += bytes_elsewhere(*entry->dataset);
    now -= std::min(now, plan.info->dropped.bytes);
    const auto is_free = [](const PlanEntry* entry) { return !entry->by_name; };
    if (then < now || !std::ranges::all_of(plan.palettized(), is_free)) return;
    const std::string reason = "the file would take up to " + std::to_string(then) +
                               " bytes, now " + std::to_string(now) +
                               "; --if-larger palettize takes it in";
    for (PlanEntry& entry : plan.entries) {
        if (entry.palettize) leave_dense(entry, reason);
    }
}

/// Warns of tensors that stay dense only for want of trust in the file, or because something is
/// missing. Nobody should find out by the size of the output.
void warn_of_what_is_not_read(Plan& plan, const CheckpointInfo& info) {
    const auto unread = [](const PlanEntry& entry) {
        return entry.misfit && !obstacle(*entry.dataset).empty();
    };
    const auto count = std::ranges::count_if(plan.entries, unread);
    if (count > 0) {
        const PlanEntry& first = *std::ranges::find_if(plan.entries, unread);
        plan.warnings.push_back(std::to_string(count) +
                                " of the selected tensors stay as they are; the first, " +
                                first.dataset->path + ": " + first.reason);
    }
    if (info.external_link_count > 0) {
        plan.warnings.push_back(std::to_string(info.external_link_count) +
                                " external links stay links, nothing behind them is palettized; "
                                "the first leads from " +
                                info.first_external_link + "; palettize such files themselves");
    }
}

void refuse_misfits(const Plan& plan) {
    for (const PlanEntry& entry : plan.entries) {
        if (entry.misfit) {
            throw Error(ErrorCode::kUsage, entry.dataset->path + ": shape " +
                                               shape_to_string(entry.dataset->shape) + ": " +
                                               entry.reason + "; --strict makes this an error");
        }
    }
}

/// decisions: those of the file's datasets, in order; more may follow.
Plan plan_of_file(const CheckpointInfo& info, std::span<const Decision> decisions,
                  const PlanOptions& options, std::uint64_t config_bytes) {
    Plan plan;
    plan.layout = options.layout.value_or(info.layout);
    plan.layout_reason = options.layout ? "--layout" : info.layout_reason;
    plan.info = &info;
    plan.config_bytes = config_bytes;
    for (std::size_t d = 0; d < info.datasets.size(); ++d) {
        const DatasetInfo& dataset = info.datasets[d];
        if (!dataset.dtype) continue;
        plan.entries.push_back(plan_entry(dataset, decisions[d], info, options));
    }
    if (options.strict) refuse_misfits(plan);
    warn_of_what_is_not_read(plan, info);
    if (options.dense_if_larger) keep_small(plan);
    if (options.dense_if_larger) warn_of_growth(plan);
    warn_of_scales(plan);
    if (options.sensitivities != nullptr) warn_of_missing_sensitivities(plan);
    warn_of_large_tensors(plan, options.memory_bytes);
    return plan;
}

}  // namespace

std::vector<const PlanEntry*> Plan::palettized() const {
    std::vector<const PlanEntry*> chosen;
    for (const PlanEntry& entry : entries) {
        if (entry.palettize) chosen.push_back(&entry);
    }
    return chosen;
}

void leave_dense(PlanEntry& entry, const std::string& reason) {
    entry.palettize = false;
    entry.reason = reason;
    entry.bytes_out = entry.bytes_in;
    entry.memory_bytes = 0;
}

void set_width(PlanEntry& entry, int n_bits) {
    TensorTask& task = entry.task;
    task.spec.n_bits = n_bits;
    entry.bytes_out = stored_bytes(task.geometry, task.spec, task.dtype);
    entry.structure = palettized_structure(*entry.dataset, task.geometry, task.spec, task.dtype);
}

PlanEntry plan_entry(const DatasetInfo& dataset, const Decision& decision,
                     const CheckpointInfo& info, const PlanOptions& options) {
    PlanEntry entry;
    entry.dataset = &dataset;
    entry.reason = decision.reason;
    entry.module_path = decision.module_path;
    entry.state_name = decision.state_name;
    entry.role = decision.layer.role;
    entry.by_name = decision.by_name;
    entry.bytes_in = dataset.bytes;
    entry.bytes_out = dataset.bytes;
    if (!decision.spec) return entry;
    if (dataset.damaged) {
        throw Error(ErrorCode::kInput, info.file + ": " + dataset.path + ": " + dataset.unreadable);
    }
    if (std::string reason = obstacle(dataset); !reason.empty()) {
        if (decision.by_name) {
            throw Error(ErrorCode::kInput, info.file + ": " + dataset.path + ": asked for by " +
                                               decision.reason + ", but " + reason +
                                               "; --exclude leaves it as it is");
        }
        entry.reason = std::move(reason);
        entry.misfit = true;
        return entry;
    }
    auto fit = make_geometry(dataset.shape, axis_map(decision.layer), *decision.spec,
                             options.allow_partial_groups);
    if (auto* reason = std::get_if<std::string>(&fit)) {
        entry.reason = *reason;
        entry.misfit = true;
        const bool fits_partly = std::holds_alternative<Geometry>(
            make_geometry(dataset.shape, axis_map(decision.layer), *decision.spec, true));
        if (fits_partly) entry.reason += "; --partial-groups allow takes it in";
        return entry;
    }
    if (!dataset.reserved_attribute.empty()) {
        throw Error(ErrorCode::kInput,
                    info.file + ": " + dataset.path + " has an attribute '" +
                        dataset.reserved_attribute +
                        "', a name that palettized tensors need; rename it or exclude the dataset");
    }
    entry.palettize = true;
    entry.task = {dataset.path, *dataset.dtype, std::move(std::get<Geometry>(fit)), *decision.spec,
                  options.cluster};
    entry.task.cluster.gather_bytes = gather_bytes(options.memory_bytes);
    set_width(entry, entry.task.spec.n_bits);
    if (std::string larger = growth(entry); !larger.empty()) {
        if (options.dense_if_larger && !decision.by_name) {
            leave_dense(entry, larger + "; --if-larger palettize takes it in");
            return entry;
        }
        entry.growth = std::move(larger);
    }
    if (options.sensitivities != nullptr) {
        entry.sensitivities =
            sensitivities_of(*options.sensitivities, dataset, options.may_lack_sensitivities);
        entry.normalize_sensitivities = options.normalize_sensitivities;
    }
    set_memory(entry, options.memory_bytes);
    return entry;
}

void require_plannable(const CheckpointInfo& info) {
    if (info.palettized) {
        throw Error(ErrorCode::kInput, info.file +
                                           ": is palettized already; restore makes a dense "
                                           "checkpoint of it, inspect shows what it holds");
    }
    if (!info.reserved.empty()) throw Error(ErrorCode::kInput, info.file + ": " + info.reserved);
}

namespace {

/// Describes the layers of all files, those of one model together.
std::vector<FileLayers> layers_of_files(const std::vector<const CheckpointInfo*>& infos,
                                        const std::vector<std::vector<std::size_t>>& models,
                                        const LayerOptions& options) {
    std::vector<std::optional<FileLayers>> found(infos.size());
    for (const std::vector<std::size_t>& model : models) {
        std::vector<std::size_t> files;  // not of an earlier model
        std::ranges::copy_if(model, std::back_inserter(files),
                             [&](std::size_t f) { return !found[f]; });
        if (files.empty()) continue;
        std::vector<const CheckpointInfo*> own;
        own.reserve(files.size());
        for (const std::size_t f : files) own.push_back(infos[f]);
        std::vector<FileLayers> layers = layers_of_model(own, options);
        for (std::size_t n = 0; n < files.size(); ++n) found[files[n]] = std::move(layers[n]);
    }
    std::vector<FileLayers> all;
    for (std::size_t f = 0; f < infos.size(); ++f)
        all.push_back(found[f] ? std::move(*found[f]) : layers_of(*infos[f], options));
    return all;
}

}  // namespace

FilePlans make_plans(const std::vector<const CheckpointInfo*>& infos, const Config& config,
                     const PlanOptions& options,
                     const std::vector<std::vector<std::size_t>>& models) {
    std::vector<Candidate> candidates;
    std::vector<CandidateFile> files;
    files.reserve(infos.size());
    for (const CheckpointInfo* info : infos) require_plannable(*info);
    std::vector<FileLayers> layers =
        layers_of_files(infos, models, {options.layout, options.types});
    for (std::size_t f = 0; f < infos.size(); ++f) {
        files.push_back({infos[f]->file, candidates.size(), &layers[f].table.types});
        std::ranges::move(layers[f].candidates, std::back_inserter(candidates));
    }
    FilePlans plans;
    plans.warnings =
        type_warnings(candidates, options.types, options.selection.allow_unmatched_rules);
    Selection selection = select_tensors_of_files(config, candidates, files, options.selection);
    std::ranges::move(selection.warnings, std::back_inserter(plans.warnings));
    plans.files.reserve(infos.size());
    const std::uint64_t config_bytes = config_to_json(config).size();
    for (std::size_t f = 0; f < infos.size(); ++f) {
        try {
            plans.files.push_back(
                plan_of_file(*infos[f], std::span(selection.decisions).subspan(files[f].first),
                             options, config_bytes));
            std::ranges::move(layers[f].table.warnings,
                              std::back_inserter(plans.files.back().warnings));
        } catch (const Error& error) {
            // Other errors name the file already.
            throw infos.size() > 1 && error.code() == ErrorCode::kUsage ? error.in(infos[f]->file)
                                                                        : error;
        }
    }
    return plans;
}

Plan make_plan(const CheckpointInfo& info, const Config& config, const PlanOptions& options) {
    FilePlans plans = make_plans({&info}, config, options);
    Plan& plan = plans.files.front();
    plan.warnings.insert(plan.warnings.begin(), plans.warnings.begin(), plans.warnings.end());
    return std::move(plan);
}

std::uint64_t stored_bytes(const Geometry& geometry, const PalettizationSpec& spec, DType dtype) {
    const std::uint64_t entries = (std::uint64_t{1} << spec.n_bits) * spec.cluster_dim;
    std::uint64_t bytes =
        index_bytes(geometry, spec.n_bits) + geometry.group_count * entries * dtype_bytes(dtype);
    if (spec.enable_per_channel_scale) bytes += geometry.output_channels() * dtype_bytes(dtype);
    if (spec.lut_qspec) {
        const bool integer =
            spec.lut_qspec->dtype == LutDType::kInt8 || spec.lut_qspec->dtype == LutDType::kUInt8;
        const std::uint64_t scale_bytes = spec.lut_qspec->e8m0_scale ? 4 : dtype_bytes(dtype);
        bytes += geometry.group_count * (entries + scale_bytes + (integer ? 1 : 0));
    }
    return bytes;
}

double bits_per_weight(std::uint64_t bytes, std::uint64_t weight_count) {
    return weight_count == 0 ? 0.0
                             : static_cast<double>(bytes) * 8.0 / static_cast<double>(weight_count);
}

std::uint64_t peak_memory_bytes(const Plan& plan, std::uint64_t budget_bytes) {
    std::uint64_t largest = 0;
    std::uint64_t all = 0;
    for (const PlanEntry& entry : plan.entries) {
        largest = std::max(largest, entry.memory_bytes);
        all += entry.memory_bytes;
    }
    return std::max(largest, std::min(all, budget_bytes));
}

}  // namespace pal
