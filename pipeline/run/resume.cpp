#include "pipeline/run/resume.hpp"

#include <fmt/format.h>

#include <cstring>
#include <span>

#include "io/version.hpp"
#include "pipeline/graph/fingerprint.hpp"

namespace pal {

namespace {

/// Exactly as it is in memory, as the journal is read by the program that wrote it.
struct Note {
    double mse;
    double sqnr_db;
    double max_abs_error;
    double gap;
    double weighted_mse;
    std::uint8_t finite;
    std::uint8_t has_gap;
    std::uint8_t is_weighted;
};

Outcome outcome_from(const std::string& text) {
    Note note{};
    std::memcpy(&note, text.data(), std::min(sizeof note, text.size()));
    Outcome outcome;
    outcome.finished = true;
    outcome.error = {note.mse, note.sqnr_db, note.max_abs_error, note.finite != 0};
    if (note.has_gap != 0) outcome.optimality_gap = note.gap;
    if (note.is_weighted != 0) outcome.weighted_mse = note.weighted_mse;
    if (text.size() <= sizeof note) return outcome;
    outcome.error.chunks.resize((text.size() - sizeof note) / sizeof(kernels::ErrorSums));
    std::memcpy(outcome.error.chunks.data(), text.data() + sizeof note,
                outcome.error.chunks.size() * sizeof(kernels::ErrorSums));
    return outcome;
}

void add_line(Fingerprint& fingerprint, const std::string& text) { fingerprint.add(text + "\n"); }

}  // namespace

std::string note_of(const ErrorReport& error, const Packed& packed, bool with_chunks) {
    Note note{};
    note.mse = error.mse;
    note.sqnr_db = error.sqnr_db;
    note.max_abs_error = error.max_abs_error;
    note.gap = packed.optimality_gap.value_or(0);
    note.weighted_mse = packed.weighted.value_or(WeightedError{}).mse;
    note.finite = error.finite ? 1 : 0;
    note.has_gap = packed.optimality_gap ? 1 : 0;
    note.is_weighted = packed.weighted ? 1 : 0;
    std::string text(reinterpret_cast<const char*>(&note), sizeof note);  // NOLINT: its bytes
    if (with_chunks) {
        const auto chunks = std::as_bytes(std::span(error.chunks));
        text.append(reinterpret_cast<const char*>(chunks.data()), chunks.size());  // NOLINT
    }
    return text;
}

std::string input_fingerprint(const CheckpointInfo& info) {
    Fingerprint fingerprint;
    add_line(fingerprint, std::to_string(info.file_bytes));
    for (const DatasetInfo& dataset : info.datasets) {
        add_line(fingerprint, dataset.path);
        add_line(fingerprint, shape_to_string(dataset.shape));
        add_line(fingerprint, dataset.stored_type);
    }
    return fingerprint.text();
}

RunIdentity identity_of(const Plan& plan, const CheckpointInfo& input,
                        const std::string& input_path, const std::string& config_json,
                        const CheckpointInfo* sensitivities) {
    Fingerprint config;
    add_line(config, config_json);
    for (const PlanEntry* entry : plan.palettized()) {
        const TensorTask& task = entry->task;
        add_line(config, task.path);
        add_line(config, spec_to_json(task.spec));
        add_line(config, shape_to_string(task.geometry.indices_shape));
        add_line(config,
                 fmt::format("{} {} {} {} {}", task.geometry.output_axis,
                             task.geometry.group_axis.value_or(-1), task.geometry.group_size,
                             task.geometry.group_count, dtype_name(task.dtype)));
        add_line(config, fmt::format("{} {} {}", engine_name(task.cluster.engine),
                                     task.cluster.seed, task.cluster.certify.value_or(0)));
    }
    std::string data = input_fingerprint(input) + " " + content_stamp(input_path);
    if (sensitivities != nullptr) {
        data += " " + input_fingerprint(*sensitivities) + " " + content_stamp(sensitivities->file);
    }
    return {data, config.text(), kVersion};
}

void require_resumable(const Plan& plan) {
    for (const PlanEntry* entry : plan.palettized()) {
        const std::string& storage = entry->dataset->storage;
        if (!storage.starts_with("external") && !storage.starts_with("virtual")) continue;
        throw Error(ErrorCode::kUsage,
                    "--resume: the data of " + entry->dataset->path +
                        " is in other files, which may change unseen; leave --resume out, or "
                        "--follow-external");
    }
}

std::string journal_name(const PlanEntry& entry) {
    if (!entry.slab) return entry.task.path;
    // No path has a byte 0.
    return entry.task.path + '\0' + fmt::format("{} {}", entry.slab->first, entry.slab->rows);
}

std::vector<Outcome> resume_finished(Journal& journal, CheckpointWriter& writer,
                                     const FindEntry& find) {
    std::vector<Outcome> outcomes;
    while (auto finished = journal.next_finished()) {
        const PlanEntry* const entry = find(finished->name);
        if (entry == nullptr) break;
        const TensorTask& task = entry->task;
        PalettizedTensor& tensor = finished->tensor;
        tensor.dtype = task.dtype;
        tensor.n_bits = task.spec.n_bits;
        tensor.geometry = task.geometry;
        const auto chunks = writer.write_palettized(task.path, tensor, spec_to_json(task.spec));
        journal.add(finished->name, tensor, chunks, finished->note);
        outcomes.push_back(outcome_from(finished->note));
        outcomes.back().palette = palette_fingerprint(tensor);
        outcomes.back().indices = chunks_fingerprint(chunks);
    }
    journal.forget_earlier();
    return outcomes;
}

std::vector<Outcome> resume_finished(Journal& journal, CheckpointWriter& writer,
                                     const std::vector<const PlanEntry*>& entries) {
    std::size_t next = 0;
    return resume_finished(journal, writer, [&](const std::string& name) -> const PlanEntry* {
        if (next == entries.size() || journal_name(*entries[next]) != name) return nullptr;
        return entries[next++];
    });
}

}  // namespace pal
