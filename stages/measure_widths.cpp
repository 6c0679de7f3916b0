#include "stages/measure_widths.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>
#include <vector>

#include "stages/cluster/quick_palettes.hpp"
#include "stages/group_points.hpp"
#include "stages/kernels/convert.hpp"
#include "stages/quantize_lut.hpp"
#include "stages/scale.hpp"

namespace pal {

namespace {

using cluster::BinnedPoints;

/// The entries that a palette's centroids become in the file.
std::vector<double> stored_entries(std::vector<double> centroids, const TensorJob& job) {
    for (double& centroid : centroids) centroid = round_to_dtype(centroid, job.dtype);
    if (!job.spec.lut_qspec) return centroids;
    return quantize_lut(centroids, centroids.size(), job.dtype, *job.spec.lut_qspec).dequantized;
}

/// clustered: the points as clustering weighs them; measured: as the error does.
WidthErrors errors_of(const BinnedPoints& clustered, const BinnedPoints& measured,
                      const TensorJob& job) {
    std::array<std::size_t, kWidths.size()> sizes{};
    for (std::size_t w = 0; w < sizes.size(); ++w) sizes[w] = std::size_t{1} << kWidths[w];
    auto palettes = cluster::quick_palettes(clustered, sizes);
    WidthErrors errors;
    for (std::size_t w = 0; w < sizes.size(); ++w) {
        const auto entries = stored_entries(std::move(palettes[w]), job);
        errors.squared[w] = cluster::cost_of(measured, entries);
    }
    errors.energy = cluster::energy_of(measured);
    return errors;
}

void add(WidthErrors& total, const WidthErrors& group, double scale) {
    for (std::size_t w = 0; w < kWidths.size(); ++w) total.squared[w] += scale * group.squared[w];
    total.energy += scale * group.energy;
}

/// The output channel of each point of a group, in their order.
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
    ScalarMeasure(const TensorJob& job, const ScaledWeights& source)
        : job_(job), source_(source), groups_(source.geometry.group_count, {WidthErrors{}, 1.0}) {
        const double largest = source.scales.empty()
                                   ? 1
                                   : *std::max_element(source.scales.begin(), source.scales.end());
        unit_ = std::ldexp(1.0, -std::ilogb(largest));
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
                    source_, job_.cluster.gather_bytes,
                    [&](std::size_t group, const WeightedPoints<Real>& points, double scale) {
                        measure_gathered(group, points, scale);
                    });
            });
        }
        if (!finite_) return std::nullopt;
        WidthErrors total;
        for (const auto& [errors, scale] : groups_) add(total, errors, scale);
        return total;
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
        groups_[group].first = errors_of(*points, *points, job_);
    }

    template <class Real>
    void measure_gathered(std::size_t group, const WeightedPoints<Real>& points, double scale) {
        if (!kernels::all_finite(points.values)) {
            finite_ = false;
            return;
        }
        const BinnedPoints clustered = cluster::binned_points(points, source_.dtype);
        if (source_.scales.empty()) {
            groups_[group] = {errors_of(clustered, clustered, job_), scale};
            return;
        }
        // The error is that of weights, and clustering sees them divided by their channel's scale.
        std::vector<double> weights(points.values.size());
        for_each_channel(source_.geometry, group, [&](std::size_t point, std::size_t channel) {
            const double relative = source_.scales[channel] * unit_;
            weights[point] =
                relative * relative * (points.weights.empty() ? 1 : points.weights[point]);
        });
        const BinnedPoints measured =
            cluster::binned_points(WeightedPoints<Real>{points.values, weights}, source_.dtype);
        groups_[group] = {errors_of(clustered, measured, job_), scale / unit_ / unit_};
    }

    const TensorJob& job_;
    const ScaledWeights& source_;
    std::vector<std::pair<WidthErrors, double>> groups_;  // and what to multiply their numbers by
    double unit_ = 1;                                     // brings the largest scale near 1
    std::atomic<bool> finite_{true};
};

/// The whole chain, once a width.
std::optional<WidthErrors> measure_vectors(TensorJob job, const Weights& weights,
                                           const std::optional<Weights>& sensitivities) {
    WidthErrors errors;
    for (std::size_t w = 0; w < kWidths.size(); ++w) {
        job.spec.n_bits = kWidths[w];
        const Packed packed = AssignStage{}(
            job, QuantizeLutStage{}(
                     job, ClusterStage{}(job, ScaleStage{}(job, Loaded{weights, sensitivities}))));
        if (sensitivities) {
            const WeightedError error = weighted_error(weights, *sensitivities, packed.tensor);
            errors.squared[w] = error.squared;
            errors.energy = error.energy;
        } else {
            const ErrorReport error = measure_error(weights, packed.tensor);
            errors.squared[w] = error.mse * static_cast<double>(weights.size());
            errors.energy = error.energy;
        }
    }
    return errors;
}

}  // namespace

std::optional<WidthErrors> measure_widths(const TensorJob& job, const Weights& weights,
                                          const std::optional<Weights>& sensitivities) {
    if (job.spec.cluster_dim > 1) return measure_vectors(job, weights, sensitivities);
    std::vector<double> scales;
    if (job.spec.enable_per_channel_scale) {
        auto found = channel_scales(weights, job.geometry);
        if (!found) return std::nullopt;
        scales = std::move(*found);
    }
    const ScaledWeights source{weights, job.geometry, job.dtype, scales,
                               sensitivities ? &*sensitivities : nullptr};
    return ScalarMeasure(job, source).measure();
}

}  // namespace pal
