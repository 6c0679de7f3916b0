// compare: two palettizations side by side, worst first. Judges nothing: a report.
#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "io/read/checkpoint_reader.hpp"
#include "pipeline/cli/options.hpp"
#include "pipeline/commands/commands.hpp"
#include "pipeline/console/bytes_for_people.hpp"
#include "pipeline/console/json_path.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/printable.hpp"
#include "pipeline/plan/plan.hpp"
#include "pipeline/record/reported.hpp"
#include "pipeline/report/comparison.hpp"
#include "pipeline/report/report.hpp"
#include "pipeline/report/stored_spec.hpp"
#include "pipeline/report/verify.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

/// The original and the two files that are measured against it.
class Measurement {
  public:
    Measurement(const CheckpointReader& original, const CheckpointReader& a,
                const CheckpointReader& b)
        : original_(original), a_(a), b_(b) {}

    /// Sets what A and B lost; what the original lacks is in missing() then.
    void measure(std::vector<ComparedTensor>& tensors) {
        std::uint64_t bytes = 0;
        for (const ComparedTensor& tensor : tensors) bytes += dense_bytes(tensor);
        Progress progress(tensors.size(), bytes, progress_on_stderr());
        for (ComparedTensor& tensor : tensors) {
            progress.begin(tensor.path);
            measure_side(a_, tensor.a);
            measure_side(b_, tensor.b);
            progress.end(dense_bytes(tensor));
        }
    }

    [[nodiscard]] const std::vector<std::string>& missing() const { return missing_; }

  private:
    static std::uint64_t dense_bytes(const ComparedTensor& tensor) {
        std::uint64_t bytes = 0;
        for (const ComparedSide* side : {&tensor.a, &tensor.b}) {
            if (side->palettized != nullptr) bytes += side->palettized->dense_bytes;
        }
        return bytes;
    }

    void measure_side(const CheckpointReader& reader, ComparedSide& side) {
        if (side.palettized == nullptr) return;
        const PalettizedTensorInfo& info = *side.palettized;
        const DatasetInfo* source = original_of(original_.info(), info);
        if (source == nullptr) {
            const std::string text = info.path + ": " + original_.info().file +
                                     " has no such tensor of shape " + shape_to_string(info.shape) +
                                     " and type " + std::string(dtype_name(info.dtype));
            if (missing_.empty() || missing_.back() != text) missing_.push_back(text);
            return;
        }
        side.measured =
            measure_error(original_.open_weights(*source), reader.read_palettized(info.path));
        original_.require_whole(info.path);
    }

    const CheckpointReader& original_;
    const CheckpointReader& a_;
    const CheckpointReader& b_;
    std::vector<std::string> missing_;
};

std::string verdict(const ComparedTensor& tensor) {
    const auto difference = difference_db(tensor);
    if (!difference) return "unknown";
    if (*difference == 0) return "equal";
    return *difference < 0 ? "worse" : "better";
}

Json number_or_null(std::optional<double> value) {
    return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json error_json(const std::optional<ErrorReport>& error) {
    if (!error) return nullptr;
    return {{"mse", number_or_null(error->mse)},
            {"sqnr_db", number_or_null(error->sqnr_db)},
            {"max_abs_error", number_or_null(error->max_abs_error)}};
}

Json side_json(const ComparedSide& side, StoredSpecs& specs, const std::string& file) {
    if (side.presence == Presence::kAbsent) return nullptr;
    Json entry{{"action", side.palettized != nullptr ? "palettized" : "dense"},
               {"shape", side.shape},
               {"dtype", side.type},
               {"spec", nullptr},
               {"bytes", side.bytes},
               {"bits_per_weight", bits_per_weight(side.bytes, side.weight_count)}};
    if (side.palettized == nullptr) return entry;
    entry["spec"] = Json::parse(spec_to_json(specs.of(*side.palettized, file)));
    entry["reported"] = error_json(side.reported);
    if (side.measured) entry["measured"] = error_json(side.measured);
    return entry;
}

Json totals_json(const ComparedTotals& totals, const CheckpointInfo& info) {
    return {{"palettized", totals.palettized},
            {"bytes", totals.bytes},
            {"bits_per_weight", bits_per_weight(totals.bytes, totals.weights)},
            {"sqnr_db", number_or_null(totals.sqnr_db)},
            {"file_bytes", info.file_bytes}};
}

void print_json(const std::vector<ComparedTensor>& tensors, const CheckpointInfo& a,
                const CheckpointInfo& b, const std::vector<std::string>& missing) {
    StoredSpecs specs;
    const ComparisonTotals totals = totals_of(tensors);
    Json document{{"a", a.file},
                  {"b", b.file},
                  {"totals",
                   {{"a", totals_json(totals.a, a)},
                    {"b", totals_json(totals.b, b)},
                    {"sqnr_tensors", totals.measured_tensors}}},
                  {"missing", missing}};
    document["tensors"] = Json::array();
    for (const ComparedTensor& tensor : tensors) {
        Json entry;
        put_path(entry, tensor.path);
        entry["verdict"] = verdict(tensor);
        entry["difference_db"] = number_or_null(difference_db(tensor));
        entry["remark"] = remark(tensor);
        entry["a"] = side_json(tensor.a, specs, a.file);
        entry["b"] = side_json(tensor.b, specs, b.file);
        document["tensors"].push_back(std::move(entry));
    }
    std::cout << document.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

std::string decibels(const ComparedSide& side) {
    if (side.presence == Presence::kAbsent) return "-";
    if (side.presence == Presence::kDense) return "dense";
    const auto error = side.error();
    if (!error) return "?";
    return std::isinf(error->sqnr_db) ? "exact" : fmt::format("{:.2f}", error->sqnr_db);
}

std::string mean_square(const ComparedSide& side) {
    const auto error = side.error();
    return side.presence == Presence::kAbsent || !error ? "-" : fmt::format("{:.4g}", error->mse);
}

std::string bits(const ComparedSide& side) {
    if (side.presence == Presence::kAbsent) return "-";
    return fmt::format("{:.2f}", bits_per_weight(side.bytes, side.weight_count));
}

std::string bytes(const ComparedSide& side) {
    return side.presence == Presence::kAbsent ? "-" : bytes_for_people(side.bytes);
}

std::string spec(const ComparedSide& side, StoredSpecs& specs, const CheckpointInfo& info) {
    if (side.palettized != nullptr) return spec_for_people(specs.of(*side.palettized, info.file));
    return side.presence == Presence::kDense ? "dense" : "-";
}

std::string change(std::optional<double> difference) {
    return difference ? fmt::format("{:+.2f} dB", *difference) : std::string("-");
}

std::string total_line(char name, const ComparedTotals& totals, const CheckpointInfo& info) {
    const std::string quality =
        totals.sqnr_db ? fmt::format(", {:.2f} dB", *totals.sqnr_db) : std::string();
    return fmt::format("{} {}: {} palettized, {} at {:.2f} bits per weight{}; file {}\n", name,
                       printable(info.file), totals.palettized, bytes_for_people(totals.bytes),
                       bits_per_weight(totals.bytes, totals.weights), quality,
                       bytes_for_people(info.file_bytes));
}

std::string from_to(const std::string& a, const std::string& b) {
    return fmt::format("{} -> {}", a, b);
}

void print_row(const ComparedTensor& tensor, const std::string& spec_a, const std::string& spec_b) {
    const std::string said = remark(tensor);
    std::cout << fmt::format(
        "{:>10} {:>19} dB  mse {:>22} {:>16} bpw {:>26}  {}  [{}{}]\n",
        change(difference_db(tensor)), from_to(decibels(tensor.a), decibels(tensor.b)),
        from_to(mean_square(tensor.a), mean_square(tensor.b)),
        from_to(bits(tensor.a), bits(tensor.b)), from_to(bytes(tensor.a), bytes(tensor.b)),
        printable(tensor.path), spec_a == spec_b ? spec_a : from_to(spec_a, spec_b),
        said.empty() ? "" : "; " + said);
}

void print_table(const std::vector<ComparedTensor>& tensors, const CheckpointInfo& a,
                 const CheckpointInfo& b) {
    StoredSpecs specs;
    for (const ComparedTensor& tensor : tensors)
        print_row(tensor, spec(tensor.a, specs, a), spec(tensor.b, specs, b));
    const ComparisonTotals totals = totals_of(tensors);
    std::cout << total_line('A', totals.a, a) << total_line('B', totals.b, b);
    if (totals.a.sqnr_db && totals.b.sqnr_db) {
        std::cout << fmt::format(
            "B against A: {:+.2f} dB over {} tensors, {:+.2f}% of the bytes\n",
            *totals.b.sqnr_db - *totals.a.sqnr_db, totals.measured_tensors,
            100.0 * static_cast<double>(totals.b.bytes) / static_cast<double>(totals.a.bytes) -
                100.0);
    }
}

int execute_compare(const Arguments& arguments) {
    const ReadOptions read_options = read_options_from(arguments);
    const CheckpointReader a(arguments.positionals[0], read_options);
    const CheckpointReader b(arguments.positionals[1], read_options);
    require_palettized(a.info());
    require_palettized(b.info());
    std::vector<ComparedTensor> tensors = compared_tensors(a.info(), b.info());
    std::vector<std::string> missing;
    if (arguments.positionals.size() == 3) {
        const CheckpointReader original(arguments.positionals[2], read_options);
        Measurement measurement(original, a, b);
        measurement.measure(tensors);
        missing = measurement.missing();
    }
    sort_worst_first(tensors);
    arguments.flag("json") ? print_json(tensors, a.info(), b.info(), missing)
                           : print_table(tensors, a.info(), b.info());
    for (const std::string& text : missing) log_error(text);
    return missing.empty() ? 0 : static_cast<int>(ErrorCode::kCheckFailed);
}

}  // namespace

Command compare_command() {
    return {"compare",
            "A.h5 B.h5 [ORIGINAL.h5]",
            "shows two palettizations side by side, worst first",
            "h5palettize compare model.w6.h5 model.w4.h5 model.h5",
            2,
            3,
            {OptionGroup::kTrust, OptionGroup::kThreads, OptionGroup::kJson},
            execute_compare};
}

}  // namespace pal
