#include "pipeline/record/run_identity.hpp"

#include <fmt/format.h>

#include "io/files/content_stamp.hpp"
#include "io/write/version.hpp"
#include "pipeline/record/fingerprint.hpp"

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
                 fmt::format("{} {} {} {} {} {} {}", task.geometry.output_axis,
                             task.geometry.output_dims, task.geometry.group_dims,
                             task.geometry.group_axis.value_or(-1), task.geometry.group_size,
                             task.geometry.group_count, dtype_name(task.dtype)));
        add_line(config, fmt::format("{} {} {}", engine_name(task.cluster.engine),
                                     task.cluster.seed, task.cluster.certify.value_or(0)));
        if (entry->sensitivities != nullptr)
            add_line(config, entry->normalize_sensitivities ? "normalized" : "as they are");
    }
    std::string data = input_fingerprint(input) + " " + content_stamp(input_path);
    std::string inodes = inode_stamp(input_path);
    if (sensitivities != nullptr) {
        inodes += " " + inode_stamp(sensitivities->file);
        data += " " + input_fingerprint(*sensitivities) + " " + content_stamp(sensitivities->file);
    }
    return {data, config.text(), kVersion, inodes};
}

}  // namespace pal
