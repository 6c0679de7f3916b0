#include "stages/scale.hpp"

#include <cmath>

#include "stages/parallel.hpp"

namespace pal {

std::vector<double> channel_scales(const WeightValues& weights, const Geometry& geometry) {
    const AxisView view = axis_view(geometry.shape, geometry.output_axis);
    std::vector<double> scales(view.channels, 0.0);
    std::visit(
        [&](const auto& values) {
            for_each_task(view.channels, [&](std::size_t c) {
                double largest = 0;
                for (std::size_t o = 0; o < view.outer; ++o) {
                    const auto* row = values.data() + (o * view.channels + c) * view.inner;
                    for (std::size_t i = 0; i < view.inner; ++i) {
                        largest = std::max(largest, static_cast<double>(std::abs(row[i])));
                    }
                }
                scales[c] = largest == 0 ? 1.0 : largest;
            });
        },
        weights);
    return scales;
}

WeightValues scale_weights(const WeightValues& weights, const Geometry& geometry,
                           const std::vector<double>& scales, DType dtype) {
    return std::visit(
        [&](const auto& values) -> WeightValues {
            using Values = std::decay_t<decltype(values)>;
            using Real = typename Values::value_type;
            Values scaled(values.size());
            for_each_block(values.size(), [&](std::size_t, std::size_t begin, std::size_t end) {
                for (std::size_t p = begin; p < end; ++p) {
                    const auto scale = static_cast<Real>(scales[geometry.channel_of(p)]);
                    const Real quotient = values[p] / scale;
                    scaled[p] = dtype == DType::kF32 || dtype == DType::kF64
                                    ? quotient
                                    : static_cast<Real>(round_to_dtype(quotient, dtype));
                }
            });
            return scaled;
        },
        weights);
}

NonFinite count_nonfinite(const WeightValues& weights) {
    return std::visit(
        [](const auto& values) {
            std::vector<NonFinite> blocks((values.size() + kBlock - 1) / kBlock);
            for_each_block(values.size(), [&](std::size_t b, std::size_t begin, std::size_t end) {
                // x - x is 0 for every finite x and NaN for the rest; the sum tells without a
                // branch a value.
                auto sum = values[begin] - values[begin];
                for (std::size_t p = begin; p < end; ++p) sum += values[p] - values[p];
                if (sum == 0) return;
                for (std::size_t p = begin; p < end; ++p) {
                    if (std::isfinite(values[p])) continue;
                    if (blocks[b].count++ == 0) blocks[b].first = p;
                }
            });
            NonFinite total;
            for (const NonFinite& block : blocks) {
                if (total.count == 0) total.first = block.first;
                total.count += block.count;
            }
            return total;
        },
        weights);
}

}  // namespace pal
