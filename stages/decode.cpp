#include "stages/decode.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stages/error.hpp"
#include "stages/parallel.hpp"

namespace pal {

namespace {

template <class Real>
void decode_group(const PalettizedTensor& tensor, std::size_t group, std::vector<Real>& values) {
    const Geometry& geometry = tensor.geometry;
    const double* lut = tensor.lut.data() + group * tensor.lut_stride();
    const bool narrow = tensor.dtype == DType::kF16 || tensor.dtype == DType::kBF16;
    for (std::size_t r = 0; r < geometry.run_count(); ++r) {
        const IndexRun run = geometry.run(group, r);
        for (std::size_t p = run.begin; p < run.begin + run.length; ++p) {
            const double* entry = lut + tensor.indices[p] * geometry.cluster_dim;
            const std::size_t first = geometry.weight_position(p);
            for (std::size_t t = 0; t < geometry.cluster_dim; ++t) {
                const std::size_t at = first + t * geometry.vector_stride();
                auto value = static_cast<Real>(entry[t]);
                if (!tensor.per_channel_scale.empty()) {
                    value *= static_cast<Real>(tensor.per_channel_scale[geometry.channel_of(at)]);
                    if (narrow) value = static_cast<Real>(round_to_dtype(value, tensor.dtype));
                }
                values[at] = value;
            }
        }
    }
}

template <class Real>
WeightValues decode_as(const PalettizedTensor& tensor) {
    std::vector<Real> values(tensor.geometry.weight_count);
    for_each_task(tensor.geometry.group_count,
                  [&](std::size_t group) { decode_group(tensor, group, values); });
    return values;
}

struct Sums {
    double squared_error = 0;
    double energy = 0;
    double max_abs_error = 0;
    double max_abs = 0;
};

/// Sums over the values times `unit`, a power of two; blocks are added up in order.
template <class Real>
Sums sum_errors(const std::vector<Real>& values, const std::vector<Real>& decoded, double unit) {
    std::vector<Sums> blocks((values.size() + kBlock - 1) / kBlock);
    for_each_block(values.size(), [&](std::size_t b, std::size_t begin, std::size_t end) {
        Sums sums;
        for (std::size_t p = begin; p < end; ++p) {
            const double value = static_cast<double>(values[p]) * unit;
            const double error = std::abs(value - static_cast<double>(decoded[p]) * unit);
            sums.squared_error += error * error;
            sums.energy += value * value;
            sums.max_abs_error = std::max(sums.max_abs_error, error);
            sums.max_abs = std::max(sums.max_abs, std::abs(value));
        }
        blocks[b] = sums;
    });
    Sums total;
    for (const Sums& block : blocks) {
        total.squared_error += block.squared_error;
        total.energy += block.energy;
        total.max_abs_error = std::max(total.max_abs_error, block.max_abs_error);
        total.max_abs = std::max(total.max_abs, block.max_abs);
    }
    return total;
}

/// Squares of huge or denormal values leave the range of double: those tensors are measured in
/// units of their largest value.
double unit_for(double max_abs) {
    if (max_abs == 0 || (max_abs > 0x1p-300 && max_abs < 0x1p300)) return 1;
    return std::ldexp(1.0, std::clamp(-std::ilogb(max_abs), -1022, 1022));
}

}  // namespace

WeightValues decode(const PalettizedTensor& tensor) {
    return tensor.dtype == DType::kF64 ? decode_as<double>(tensor) : decode_as<float>(tensor);
}

ErrorReport measure_error(const WeightValues& original, const WeightValues& decoded) {
    PAL_ASSERT(original.index() == decoded.index());
    return std::visit(
        [&](const auto& values) {
            const auto& others = std::get<std::decay_t<decltype(values)>>(decoded);
            PAL_ASSERT(values.size() == others.size() && !values.empty());
            Sums sums = sum_errors(values, others, 1);
            const double unit = unit_for(sums.max_abs);
            if (unit != 1) sums = sum_errors(values, others, unit);
            ErrorReport report;
            report.mse = sums.squared_error / static_cast<double>(values.size()) / unit / unit;
            report.sqnr_db = sums.max_abs_error == 0
                                 ? std::numeric_limits<double>::infinity()
                                 : 10 * std::log10(sums.energy / sums.squared_error);
            report.max_abs_error = sums.max_abs_error / unit;
            report.finite = std::isfinite(sums.squared_error);
            return report;
        },
        original);
}

}  // namespace pal
