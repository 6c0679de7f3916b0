#include "pipeline/report/verification.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "io/compare/compare.hpp"
#include "io/write/checkpoint_writer.hpp"
#include "pipeline/console/json_path.hpp"
#include "pipeline/console/json_text.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/printable.hpp"
#include "pipeline/console/progress.hpp"
#include "pipeline/record/fingerprint.hpp"
#include "pipeline/record/reported.hpp"
#include "pipeline/record/results.hpp"
#include "pipeline/report/report.hpp"
#include "pipeline/report/stored_spec.hpp"
#include "pipeline/report/totals.hpp"

namespace pal {

namespace {

/// Compares a tensor with what the file reports of it.
void check_reported(const PalettizedTensor& tensor, const std::string& spec_json,
                    const Reported& reported, TensorCheck& check) {
    if (!reported.known) {
        check.problems.push_back("/h5palettize/config does not say its error");
    } else if (reported.error.mse != check.error.mse) {
        check.problems.push_back(
            fmt::format("mse is {}, the file reports {}", check.error.mse, reported.error.mse));
    } else if (palette_fingerprint(tensor).text() != reported.palette) {
        check.problems.push_back("LUT, scales or zero points are not those that were written");
    } else if (!reported.form.empty() &&
               form_fingerprint(spec_json, tensor.geometry) != reported.form) {
        check.problems.push_back(
            "palettized_spec, the axes or the groups are not those that were written");
    }
}

TensorCheck verify_tensor(const CheckpointReader& original, const CheckpointReader& palettized,
                          const PalettizedTensorInfo& info, const Reported& reported,
                          StoredSpecs& specs) {
    const DatasetInfo* source = original_of(original.info(), info);
    if (source == nullptr) {
        TensorCheck check;
        check.problems.push_back("the original has no such tensor of shape " +
                                 shape_to_string(info.shape) + " and type " +
                                 std::string(dtype_name(info.dtype)));
        return check;
    }
    const PalettizedTensor tensor = palettized.read_palettized(info.path);
    TensorCheck check =
        check_tensor(original.open_weights(*source), tensor, specs.of(info, palettized.info().file),
                     reported.engine != Engine::kReference);
    original.require_whole(info.path);
    check_reported(tensor, info.spec_json, reported, check);
    return check;
}

void check_sqnr(double min_sqnr_db, TensorCheck& check) {
    if (check.error.sqnr_db >= min_sqnr_db) return;
    check.problems.push_back(
        fmt::format("SQNR {:.2f} dB is below --min-sqnr-db {}", check.error.sqnr_db, min_sqnr_db));
}

std::vector<std::string> differences_elsewhere(const CheckpointReader& original,
                                               const CheckpointReader& palettized) {
    std::vector<std::string> differences = compare_untouched(original, palettized);
    if (!is_unchanged(palettized.info().results_json))
        differences.push_back("/h5palettize/config: is not the text that was written");
    if (palettized.info().version.empty())
        differences.push_back("h5palettize_version: does not say which version wrote the file");
    return differences;
}

}  // namespace

bool Verification::ok() const {
    return differences.empty() && std::ranges::all_of(tensors, [](const VerifiedTensor& tensor) {
               return tensor.check.problems.empty();
           });
}

Verification verify_checkpoint(const CheckpointReader& original, const CheckpointReader& palettized,
                               double min_sqnr_db) {
    const std::map<std::string, Reported> reported =
        reported_results(palettized.info().results_json);
    Verification verification{
        differences_elsewhere(original, palettized), {}, original.info().dropped};
    const auto& tensors = palettized.info().tensors;
    StoredSpecs specs;
    Progress progress(tensors.size(), palettized.info().dense_bytes, progress_on_stderr());
    for (const PalettizedTensorInfo& tensor : tensors) {
        progress.begin(tensor.path);
        const auto found = reported.find(tensor.path);
        TensorCheck check =
            verify_tensor(original, palettized, tensor,
                          found == reported.end() ? Reported{} : found->second, specs);
        check_sqnr(min_sqnr_db, check);
        verification.tensors.push_back({tensor.path, std::move(check)});
        progress.end(tensor.dense_bytes);
    }
    std::ranges::stable_sort(
        verification.tensors, std::ranges::greater(),
        [](const VerifiedTensor& tensor) { return tensor.check.error.sqnr_db; });
    return verification;
}

std::string verification_json(const Verification& verification) {
    nlohmann::ordered_json document{{"ok", verification.ok()},
                                    {"differences", verification.differences}};
    put_dropped(document, verification.dropped);
    document["tensors"] = nlohmann::ordered_json::array();
    for (const VerifiedTensor& verified : verification.tensors) {
        nlohmann::ordered_json tensor;
        put_path(tensor, verified.path);
        put_errors(tensor, verified.check.error);
        tensor["problems"] = verified.check.problems;
        document["tensors"].push_back(std::move(tensor));
    }
    return json_document(document);
}

std::string verification_table(const Verification& verification) {
    std::string table;
    for (const VerifiedTensor& tensor : verification.tensors) {
        table += fmt::format("{:>9.2f} dB  mse {:<12.4g} max {:<12.4g} {}\n",
                             tensor.check.error.sqnr_db, tensor.check.error.mse,
                             tensor.check.error.max_abs_error, printable(tensor.path));
    }
    table += dropped_for_people(verification.dropped);
    return table + fmt::format("{} tensors checked, {} differences elsewhere: {}\n",
                               verification.tensors.size(), verification.differences.size(),
                               verification.ok() ? "everything holds" : "NOT as it should be");
}

}  // namespace pal
