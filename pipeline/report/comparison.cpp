#include "pipeline/report/comparison.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string_view>
#include <tuple>

#include "pipeline/console/printable.hpp"
#include "pipeline/record/reported.hpp"

namespace pal {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

using ByPath = std::map<std::string, ComparedTensor>;

void add_side(const CheckpointInfo& info, ComparedSide ComparedTensor::*side, ByPath& tensors) {
    for (const DatasetInfo& dataset : info.datasets) {
        ComparedSide& entry = tensors[dataset.path].*side;
        entry.presence = Presence::kDense;
        entry.shape = dataset.shape;
        entry.type = dataset.dtype ? std::string(dtype_name(*dataset.dtype)) : dataset.stored_type;
        entry.weight_count = dataset.element_count;
        entry.bytes = dataset.bytes;
    }
    const auto reported = reported_results(info.results_json);
    for (const PalettizedTensorInfo& tensor : info.tensors) {
        ComparedSide& entry = tensors[tensor.path].*side;
        entry.presence = Presence::kPalettized;
        entry.shape = tensor.shape;
        entry.type = std::string(dtype_name(tensor.dtype));
        entry.weight_count = tensor.dense_bytes / dtype_bytes(tensor.dtype);
        entry.bytes = tensor.bytes_stored;
        entry.palettized = &tensor;
        const auto found = reported.find(tensor.path);
        if (found != reported.end() && found->second.known) entry.reported = found->second.error;
    }
}

bool are_alike(const ComparedTensor& tensor) {
    return tensor.a.presence != Presence::kAbsent && tensor.b.presence != Presence::kAbsent &&
           tensor.a.shape == tensor.b.shape && tensor.a.type == tensor.b.type;
}

bool is_palettized(const ComparedTensor& tensor) {
    return tensor.a.presence == Presence::kPalettized || tensor.b.presence == Presence::kPalettized;
}

/// Sums of squared errors and of squared weights.
struct Sums {
    double error = 0;
    double energy = 0;

    [[nodiscard]] std::optional<double> sqnr_db() const {
        return energy == 0 ? std::nullopt : std::optional(sqnr_in_db(energy, error));
    }
};

double energy_of(const ErrorReport& error, double weights) {
    return error.mse * weights * std::pow(10, error.sqnr_db / 10);
}

/// Adds a tensor to the sums of both files; returns whether it counts. The energy follows from an
/// error only. Both sides have the same weights, so an exact side takes the energy of the other.
bool add_errors(const ComparedTensor& tensor, Sums& a, Sums& b) {
    if (!is_palettized(tensor) || !difference_db(tensor)) return false;
    const ErrorReport of_a = *tensor.a.error();
    const ErrorReport of_b = *tensor.b.error();
    const auto weights = static_cast<double>(tensor.a.weight_count);
    const bool exact_a = std::isinf(of_a.sqnr_db);
    const bool exact_b = std::isinf(of_b.sqnr_db);
    if (exact_a && exact_b) return false;
    const Sums more_a{of_a.mse * weights, energy_of(exact_a ? of_b : of_a, weights)};
    const Sums more_b{of_b.mse * weights, energy_of(exact_b ? of_a : of_b, weights)};
    for (const double sum : {more_a.error, more_a.energy, more_b.error, more_b.energy}) {
        if (!std::isfinite(sum)) return false;
    }
    a = {a.error + more_a.error, a.energy + more_a.energy};
    b = {b.error + more_b.error, b.energy + more_b.energy};
    return true;
}

void add_bytes(const ComparedSide& side, ComparedTotals& totals) {
    totals.palettized += side.presence == Presence::kPalettized ? 1 : 0;
    totals.weights += side.weight_count;
    totals.bytes += side.bytes;
}

void remark_side(const ComparedSide& side, const ComparedSide& other, char name,
                 std::vector<std::string>& remarks) {
    if (side.presence == Presence::kAbsent) remarks.push_back(fmt::format("not in {}", name));
    if (side.presence == Presence::kDense && other.presence == Presence::kPalettized)
        remarks.push_back(fmt::format("dense in {}", name));
    if (side.presence == Presence::kPalettized && !side.error())
        remarks.push_back(fmt::format("{} does not say its error", name));
    if (side.measured && side.reported && side.measured->mse != side.reported->mse)
        remarks.push_back(fmt::format("{} reports {:.2f} dB", name, side.reported->sqnr_db));
}

}  // namespace

std::optional<ErrorReport> ComparedSide::error() const {
    if (presence == Presence::kDense) return ErrorReport{0, kInfinity, 0};
    return measured ? measured : reported;
}

std::vector<ComparedTensor> compared_tensors(const CheckpointInfo& a, const CheckpointInfo& b) {
    ByPath all;
    add_side(a, &ComparedTensor::a, all);
    add_side(b, &ComparedTensor::b, all);
    std::vector<ComparedTensor> tensors;
    for (auto& [path, tensor] : all) {
        if (!is_palettized(tensor) && are_alike(tensor)) continue;
        tensor.path = path;
        tensors.push_back(std::move(tensor));
    }
    return tensors;
}

std::optional<double> difference_db(const ComparedTensor& tensor) {
    const auto a = tensor.a.error();
    const auto b = tensor.b.error();
    if (!are_alike(tensor) || !a || !b || std::isnan(a->sqnr_db) || std::isnan(b->sqnr_db))
        return std::nullopt;
    return a->sqnr_db == b->sqnr_db ? 0 : b->sqnr_db - a->sqnr_db;
}

void sort_worst_first(std::vector<ComparedTensor>& tensors) {
    const auto key = [](const ComparedTensor& tensor) {
        const auto difference = difference_db(tensor);
        return std::tuple(!difference, difference.value_or(0),
                          difference ? tensor.b.error()->sqnr_db : 0,
                          std::string_view(tensor.path));
    };
    std::sort(tensors.begin(), tensors.end(),
              [&](const ComparedTensor& a, const ComparedTensor& b) { return key(a) < key(b); });
}

std::string remark(const ComparedTensor& tensor) {
    std::vector<std::string> remarks;
    remark_side(tensor.a, tensor.b, 'A', remarks);
    remark_side(tensor.b, tensor.a, 'B', remarks);
    if (tensor.a.presence != Presence::kAbsent && tensor.b.presence != Presence::kAbsent) {
        if (tensor.a.shape != tensor.b.shape)
            remarks.push_back(fmt::format("shape {} in A, {} in B", shape_to_string(tensor.a.shape),
                                          shape_to_string(tensor.b.shape)));
        if (tensor.a.type != tensor.b.type)
            remarks.push_back(fmt::format("type {} in A, {} in B", printable(tensor.a.type),
                                          printable(tensor.b.type)));
    }
    return fmt::format("{}", fmt::join(remarks, "; "));
}

ComparisonTotals totals_of(const std::vector<ComparedTensor>& tensors) {
    ComparisonTotals totals;
    Sums a;
    Sums b;
    for (const ComparedTensor& tensor : tensors) {
        if (add_errors(tensor, a, b)) ++totals.measured_tensors;
        if (!is_palettized(tensor)) continue;
        add_bytes(tensor.a, totals.a);
        add_bytes(tensor.b, totals.b);
    }
    totals.a.sqnr_db = a.sqnr_db();
    totals.b.sqnr_db = b.sqnr_db();
    return totals;
}

}  // namespace pal
