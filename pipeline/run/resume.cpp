#include "pipeline/run/resume.hpp"

#include <fmt/format.h>

#include "pipeline/record/result_bytes.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

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
