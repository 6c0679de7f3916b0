#include "stages/measure_widths.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "stages/cluster/quick_luts.hpp"
#include "stages/groups/group_points.hpp"
#include "stages/kernels/convert.hpp"
#include "stages/quantize_lut.hpp"
#include "stages/scale.hpp"
#include "stages/tensor/error.hpp"
#include "stages/tensor/unit.hpp"

namespace pal {

namespace {

using cluster::BinnedPoints;

/// Returns the LUT entries that centroids become in the file.
std::vector<double> stored_entries(std::vector<double> centroids, const TensorTask& task) {
    for (double& centroid : centroids) centroid = round_to_dtype(centroid, task.dtype);
    if (!task.spec.lut_qspec) return centroids;
    return quantize_lut(centroids, centroids.size(), task.dtype, *task.spec.lut_qspec).dequantized;
}

/// The same points with different weights.
struct Views {
    const BinnedPoints& clustered;  // weights that clustering uses
    const BinnedPoints& measured;   // weights of the error, with sensitivities
    const BinnedPoints& plain;      // weights of the error, without sensitivities
};

WidthErrors errors_of(const Views& views, const TensorTask& task) {
    std::array<std::size_t, kWidths.size()> sizes{};
    for (std::size_t w = 0; w < sizes.size(); ++w) sizes[w] = std::size_t{1} << kWidths[w];
    auto luts = cluster::quick_luts(views.clustered, sizes);
    WidthErrors errors;
    for (std::size_t w = 0; w < sizes.size(); ++w) {
        const auto entries = stored_entries(std::move(luts[w]), task);
        errors.squared[w] = cluster::cost_of(views.measured, entries);
        errors.plain_squared[w] = &views.plain == &views.measured
                                      ? errors.squared[w]
                                      : cluster::cost_of(views.plain, entries);
    }
    errors.energy = cluster::energy_of(views.measured);
    errors.plain_energy = cluster::energy_of(views.plain);
    return errors;
}

/// Factors for the errors of a group.
struct Scales {
    double measured = 1;
    double plain = 1;
};

void add(WidthErrors& total, const WidthErrors& group, const Scales& scales) {
    for (std::size_t w = 0; w < kWidths.size(); ++w) {
        total.squared[w] += scales.measured * group.squared[w];
        total.plain_squared[w] += scales.plain * group.plain_squared[w];
    }
    total.energy += scales.measured * group.energy;
    total.plain_energy += scales.plain * group.plain_energy;
}

/// Replaces weighted errors by plain ones if all sensitivities are 0: no weight then matters more
/// than another.
WidthErrors without_zeros(WidthErrors errors) {
    if (errors.energy > 0) return errors;
    errors.squared = errors.plain_squared;
    errors.energy = errors.plain_energy;
    return errors;
}

/// Calls visit(point, output channel) for each point of a group, in order.
template <class Visit>
void for_each_channel(const Geometry& geometry, std::size_t group, const Visit& visit) {
    std::size_t point = 0;
    for (std::size_t r = 0; r < geometry.run_count(); ++r) {
        const IndexRun run = geometry.run(group, r);
        for (std::size_t p = run.begin; p < run.begin + run.length; ++p)
            visit(point++, geometry.channel_of(geometry.weight_position(p)));
    }
}

class ScalarMeasure {
  public:
    ScalarMeasure(const TensorTask& task, const ScaledWeights& source)
        : task_(task), source_(source), groups_(source.geometry.group_count) {
        const double largest = source.scales.empty()
                                   ? 1
                                   : *std::max_element(source.scales.begin(), source.scales.end());
        unit_ = unit_for(largest);
    }

    std::optional<WidthErrors> measure() {
        const bool weighted = source_.sensitivities != nullptr;
        if (source_.scales.empty() &&
            can_stream_groups(source_.geometry, source_.dtype, weighted)) {
            for_each_task(groups_.size(), [&](std::size_t group) { measure_streamed(group); });
        } else {
            with_real(source_.weights, [&](auto real) {
                using Real = typename decltype(real)::type;
                for_each_gathered_group<Real>(
                    source_, task_.cluster.gather_bytes,
                    [&](std::size_t group, const WeightedPoints<Real>& points, double scale) {
                        measure_gathered(group, points, scale);
                    });
            });
        }
        if (!finite_) return std::nullopt;
        WidthErrors total;
        for (const auto& [errors, scales] : groups_) add(total, errors, scales);
        return without_zeros(total);
    }

  private:
    void measure_streamed(std::size_t group) {
        BlockReader<float> reader(source_.weights);
        const auto points =
            cluster::binned_points(blocks_of_group(source_, group, reader), source_.dtype);
        if (!points) {
            finite_ = false;
            return;
        }
        groups_[group].first = errors_of({*points, *points, *points}, task_);
    }

    template <class Real>
    void measure_gathered(std::size_t group, const WeightedPoints<Real>& points, double scale) {
        if (!kernels::all_finite(points.values)) {
            finite_ = false;
            return;
        }
        const BinnedPoints clustered = cluster::binned_points(points, source_.dtype);
        const bool weighted = !points.weights.empty();
        if (source_.scales.empty()) {
            const BinnedPoints plain = weighted ? binned(points.values, {}) : BinnedPoints{};
            groups_[group] = {
                errors_of({clustered, clustered, weighted ? plain : clustered}, task_), {scale, 1}};
            return;
        }
        // Clustering sees weights divided by their scales; the error is that of the weights.
        std::vector<double> squares(points.values.size());
        for_each_channel(source_.geometry, group, [&](std::size_t point, std::size_t channel) {
            const double relative = source_.scales[channel] * unit_;
            squares[point] = relative * relative;
        });
        const BinnedPoints plain = binned(points.values, squares);
        for (std::size_t p = 0; weighted && p < squares.size(); ++p)
            squares[p] *= points.weights[p];
        const BinnedPoints measured = weighted ? binned(points.values, squares) : BinnedPoints{};
        const double back = 1 / unit_ / unit_;
        groups_[group] = {errors_of({clustered, weighted ? measured : plain, plain}, task_),
                          {scale * back, back}};
    }

    template <class Real>
    [[nodiscard]] BinnedPoints binned(std::span<const Real> values,
                                      std::span<const double> weights) const {
        return cluster::binned_points(WeightedPoints<Real>{values, weights}, source_.dtype);
    }

    const TensorTask& task_;
    const ScaledWeights& source_;
    std::vector<std::pair<WidthErrors, Scales>> groups_;
    double unit_ = 1;  // brings the largest scale near 1
    std::atomic<bool> finite_{true};
};

/// Runs the whole chain. Returns nothing if it fails: that width is of no use.
std::optional<Packed> packed_by_chain(const TensorTask& task, const Loaded& loaded) {
    try {
        return AssignStage{}(
            task,
            QuantizeLutStage{}(task, ClusterStage{}(task, ScaleStage{}(task, Loaded{loaded}))));
    } catch (const Error& error) {
        if (error.code() != ErrorCode::kCheckFailed) throw;
        return std::nullopt;
    }
}

/// Runs the whole chain once per width.
std::optional<WidthErrors> measure_by_chain(TensorTask task, const Weights& weights,
                                            const std::optional<Weights>& sensitivities) {
    if (count_nonfinite(weights).count > 0) return std::nullopt;
    WidthErrors errors;
    errors.squared.fill(std::numeric_limits<double>::infinity());
    errors.plain_squared = errors.squared;
    task.cluster.effort = Effort::kLittle;
    for (std::size_t w = 0; w < kWidths.size(); ++w) {
        task.spec.n_bits = kWidths[w];
        const auto result = packed_by_chain(task, {weights, sensitivities});
        if (!result) continue;
        const Packed& packed = *result;
        // A large tensor has no error yet: nobody has read all its chunks.
        const ErrorReport plain =
            packed.later ? measure_error(weights, packed.tensor) : packed.result.error;
        errors.plain_squared[w] = plain.mse * static_cast<double>(weights.size());
        errors.plain_energy = plain.energy;
        const auto& weighted = packed.result.weighted;
        if (!weighted) continue;
        errors.squared[w] = weighted->squared;
        errors.energy = weighted->energy;
    }
    return without_zeros(errors);
}

}  // namespace

std::optional<WidthErrors> measure_widths(const TensorTask& task, const Weights& weights,
                                          const std::optional<Weights>& sensitivities) {
    if (task.spec.cluster_dim > 1 || task.cluster.engine == Engine::kReference)
        return measure_by_chain(task, weights, sensitivities);
    std::vector<double> scales;
    if (task.spec.enable_per_channel_scale) {
        auto found = channel_scales(weights, task.geometry);
        if (!found) return std::nullopt;
        scales = std::move(*found);
    }
    const ScaledWeights source{weights, task.geometry, task.dtype, scales,
                               sensitivities ? &*sensitivities : nullptr};
    return ScalarMeasure(task, source).measure();
}

}  // namespace pal
