#include "pipeline/run/resume.hpp"

#include <fmt/format.h>

#include "io/version.hpp"
#include "pipeline/graph/fingerprint.hpp"
#include "pipeline/graph/result_bytes.hpp"

namespace pal {

namespace {

void add_line(Fingerprint& fingerprint, const std::string& text) { fingerprint.add(text + "\n"); }

}  // namespace

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

std::vector<TensorResult> resume_finished(Journal& journal, CheckpointWriter& writer,
                                          const FindEntry& find) {
    std::vector<TensorResult> results;
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
        results.push_back(result_from_bytes(finished->note));
        results.back().finished = true;
    }
    journal.forget_earlier();
    return results;
}

}  // namespace pal
