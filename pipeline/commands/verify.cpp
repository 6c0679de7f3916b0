// verify: decodes what was written and checks it against the original.
#include "pipeline/report/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "io/read/checkpoint_reader.hpp"
#include "io/write/checkpoint_writer.hpp"
#include "pipeline/cli/options.hpp"
#include "pipeline/commands/commands.hpp"
#include "pipeline/console/json_path.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/printable.hpp"
#include "pipeline/graph/fingerprint.hpp"
#include "pipeline/record/reported.hpp"
#include "pipeline/record/results.hpp"
#include "pipeline/report/stored_spec.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

struct Verified {
    const PalettizedTensorInfo* tensor = nullptr;
    TensorCheck check;
};

TensorCheck verify_tensor(const CheckpointReader& original, const CheckpointReader& palettized,
                          const PalettizedTensorInfo& info, const Reported& reported,
                          StoredSpecs& specs) {
    const DatasetInfo* source = original_of(original.info(), info);
    TensorCheck check;
    if (source == nullptr) {
        check.problems.push_back("the original has no such tensor of shape " +
                                 shape_to_string(info.shape) + " and type " +
                                 std::string(dtype_name(info.dtype)));
        return check;
    }
    const PalettizedTensor tensor = palettized.read_palettized(info.path);
    check =
        check_tensor(original.open_weights(*source), tensor, specs.of(info, palettized.info().file),
                     reported.engine != Engine::kReference);
    original.require_whole(info.path);
    if (!reported.known) {
        check.problems.push_back("/h5palettize/config does not say its error");
    } else if (reported.error.mse != check.error.mse) {
        check.problems.push_back(
            fmt::format("mse is {}, the file reports {}", check.error.mse, reported.error.mse));
    } else if (palette_fingerprint(tensor).text() != reported.palette) {
        check.problems.push_back("LUT, scales or zero points are not those that were written");
    }
    return check;
}

void print_json(const std::vector<Verified>& results, const std::vector<std::string>& differences,
                bool ok) {
    Json document{{"ok", ok}, {"differences", differences}};
    document["tensors"] = Json::array();
    const auto number = [](double value) {
        return std::isfinite(value) ? Json(value) : Json(nullptr);
    };
    for (const Verified& result : results) {
        Json tensor;
        put_path(tensor, result.tensor->path);
        tensor["mse"] = number(result.check.error.mse);
        tensor["sqnr_db"] = number(result.check.error.sqnr_db);
        tensor["max_abs_error"] = number(result.check.error.max_abs_error);
        tensor["problems"] = result.check.problems;
        document["tensors"].push_back(std::move(tensor));
    }
    std::cout << document.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

void print_table(const std::vector<Verified>& results, const std::vector<std::string>& differences,
                 bool ok) {
    for (const Verified& result : results) {
        std::cout << fmt::format("{:>9.2f} dB  mse {:<12.4g} max {:<12.4g} {}\n",
                                 result.check.error.sqnr_db, result.check.error.mse,
                                 result.check.error.max_abs_error, printable(result.tensor->path));
    }
    std::cout << fmt::format("{} tensors checked, {} differences elsewhere: {}\n", results.size(),
                             differences.size(), ok ? "everything holds" : "NOT as it should be");
}

double min_sqnr_from(const Arguments& arguments) {
    if (!arguments.has("min-sqnr-db")) return -std::numeric_limits<double>::infinity();
    return finite_number(arguments, "min-sqnr-db");
}

int execute_verify(const Arguments& arguments) {
    const double min_sqnr_db = min_sqnr_from(arguments);
    const ReadOptions read_options = read_options_from(arguments);
    const CheckpointReader original(arguments.positionals[0], read_options);
    const CheckpointReader palettized(arguments.positionals[1], read_options);
    require_palettized(palettized.info());
    const auto reported = reported_results(palettized.info().results_json);
    std::vector<std::string> differences = compare_untouched(original, palettized);
    if (!is_unchanged(palettized.info().results_json)) {
        differences.push_back("/h5palettize/config: is not the text that was written");
    }
    if (palettized.info().version.empty()) {
        differences.push_back("h5palettize_version: does not say which version wrote the file");
    }
    std::vector<Verified> results;
    StoredSpecs specs;
    bool ok = differences.empty();
    const auto& tensors = palettized.info().tensors;
    Progress progress(tensors.size(), palettized.info().dense_bytes, progress_on_stderr());
    for (const PalettizedTensorInfo& tensor : tensors) {
        progress.begin(tensor.path);
        const auto found = reported.find(tensor.path);
        Verified result{&tensor,
                        verify_tensor(original, palettized, tensor,
                                      found == reported.end() ? Reported{} : found->second, specs)};
        if (!(result.check.error.sqnr_db >= min_sqnr_db)) {
            result.check.problems.push_back(fmt::format("SQNR {:.2f} dB is below --min-sqnr-db {}",
                                                        result.check.error.sqnr_db, min_sqnr_db));
        }
        ok = ok && result.check.problems.empty();
        results.push_back(std::move(result));
        progress.end(tensor.dense_bytes);
    }
    std::stable_sort(results.begin(), results.end(), [](const Verified& a, const Verified& b) {
        return a.check.error.sqnr_db > b.check.error.sqnr_db;
    });
    arguments.flag("json") ? print_json(results, differences, ok)
                           : print_table(results, differences, ok);
    for (const std::string& difference : differences) log_error(difference);
    for (const Verified& result : results) {
        for (const std::string& problem : result.check.problems) {
            log_error(result.tensor->path + ": " + problem);
        }
    }
    return ok ? 0 : static_cast<int>(ErrorCode::kCheckFailed);
}

}  // namespace

Command verify_command() {
    return {"verify",
            "ORIGINAL.h5 PALETTIZED.h5",
            "decodes what was written and checks it",
            "h5palettize verify model.h5 model.w4.h5 --min-sqnr-db 20",
            2,
            2,
            {OptionGroup::kCheck, OptionGroup::kTrust, OptionGroup::kThreads, OptionGroup::kJson},
            execute_verify};
}

}  // namespace pal
