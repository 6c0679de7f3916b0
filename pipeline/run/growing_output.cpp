#include "pipeline/run/growing_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "configs/write/config_json.hpp"
#include "io/guard/last_wish.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/plan/sensitivities.hpp"
#include "pipeline/record/fingerprint.hpp"
#include "pipeline/record/result_bytes.hpp"
#include "pipeline/record/run_identity.hpp"
#include "pipeline/report/report_detail.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

GrowingOutput::GrowingOutput(const FileWork& work, const std::string& target,
                             const RunIdentity& identity, const std::vector<std::string>& replaced,
                             Copies copies)
    : work_(work),
      journal_(target, identity, work.run.resumes),
      writer_(work.reader, target, work.run.arguments.flag("force"), replaced,
              journal_.partial_path(), copies) {
    if (work.run.resumes) journal_.keep();
}

void GrowingOutput::resume(const FindEntry& find) {
    results_ = resume_finished(journal_, writer_, [&](const std::string& name) {
        const PlanEntry* const entry = find(name);
        if (entry != nullptr) entries_.push_back(entry);
        return entry;
    });
}

TensorResult GrowingOutput::write(const PlanEntry& entry, const Packed& packed, bool is_kept) {
    const TensorTask& task = entry.task;
    const auto chunks = writer_.write_palettized(task.path, packed.tensor, spec_to_json(task.spec));
    work_.reader.require_whole(task.path);
    TensorResult result = final_result(task, packed);
    result.palette_fingerprint = palette_fingerprint(packed.tensor).text();
    result.indices_fingerprint = chunks_fingerprint(chunks).text();
    if (!entry.slab) result.error.chunks.clear();  // `merge` adds up those of slabs
    log_detail(
        fmt::format("{}: {} bit, {:.2f} dB", task.path, task.spec.n_bits, result.error.sqnr_db));
    if (is_kept) journal_.add(journal_name(entry), packed.tensor, chunks, to_bytes(result));
    return result;
}

GraphPorts GrowingOutput::ports(const TaskSource& source, Progress& progress) {
    std::unordered_map<const TensorTask*, const PlanEntry*> entry_of;
    for (const PlanEntry* entry : work_.plan.palettized()) entry_of[&entry->task] = entry;
    GraphPorts ports;
    ports.load = [&](const PlanEntry& entry) {
        if (stop_requested())
            throw Error(ErrorCode::kStopped, entry.task.path + ": not done: interrupted");
        progress.begin(entry.task.path);
        Weights weights = work_.reader.open_weights(*entry.dataset, entry.kept_bytes);
        return entry.slab ? slab_weights(weights, entry.task.geometry, *entry.slab) : weights;
    };
    ports.write = [this, &source, &progress, entry_of = std::move(entry_of)](const TensorTask& task,
                                                                             const Packed& packed) {
        const PlanEntry& entry = *entry_of.at(&task);
        // In plan order the journal holds the first entries: none after one that failed.
        const bool is_kept = source.next || (journal_.size() < entries_.size() &&
                                             entries_[journal_.size()] == &entry);
        TensorResult result = write(entry, packed, is_kept);
        progress.end(packed.tensor.geometry.weight_count * dtype_bytes(task.dtype));
        return result;
    };
    ports.recorder = work_.recorder;
    ports.stopped = [&source] { return stop_requested() || (source.stopped && source.stopped()); };
    if (const CheckpointReader* const file = work_.run.planned.sensitivities.get()) {
        ports.sensitivities = [file](const PlanEntry& entry) {
            return open_sensitivities(*file, entry);
        };
    }
    if (wants_details(work_.run.arguments))
        ports.describe = detail_limits(work_.plan.palettized().size());
    ports.done = source.done;
    return ports;
}

void GrowingOutput::palettize(const TaskSource& source, Progress& progress) {
    if (!source.next) entries_ = work_.plan.palettized();
    GraphPorts graph_ports = ports(source, progress);
    if (source.next) {
        graph_ports.next = [&] {
            const PlanEntry* const entry = source.next();
            if (entry != nullptr) entries_.push_back(entry);
            return entry;
        };
    }
    results_ =
        run_graph(work_.plan, graph_ports, work_.run.budget_bytes, std::move(results_)).results;
    entries_.resize(results_.size());  // the last one asked for may not have been admitted
    if (stop_requested()) journal_.keep();
}

std::uint64_t GrowingOutput::finish(const Origin& origin) {
    work_.phases.enter("finish", Activity::kWriting);
    std::vector<TensorRecord> records;
    for (std::size_t e = 0; e < entries_.size(); ++e)
        records.push_back(record_of(*entries_[e], results_[e]));
    std::ranges::sort(records, {}, &TensorRecord::path);
    writer_.finish(results_json(results_head(origin), records, origin.shard.has_value()));
    work_.phases.enter("fsync", Activity::kWriting);
    const std::uint64_t bytes = writer_.sync();
    work_.phases.count_bytes(0, bytes);
    work_.phases.leave();
    return bytes;
}

std::uint64_t weight_bytes(const std::vector<const PlanEntry*>& entries) {
    std::uint64_t bytes = 0;
    for (const PlanEntry* entry : entries)
        bytes += entry->task.geometry.weight_count * dtype_bytes(entry->task.dtype);
    return bytes;
}

std::vector<std::string> palettized_paths(const Plan& plan) {
    std::vector<std::string> paths;
    for (const PlanEntry* entry : plan.palettized()) paths.push_back(entry->dataset->path);
    return paths;
}

Origin origin_of(const Run& run, const CheckpointInfo& input, Layout layout) {
    const CheckpointInfo* const sensitivities = run.sensitivities();
    return {config_to_json(run.planned.config), input_fingerprint(input),
            sensitivities != nullptr ? input_fingerprint(*sensitivities) : std::string(), layout,
            input.dropped.links};
}

}  // namespace pal
