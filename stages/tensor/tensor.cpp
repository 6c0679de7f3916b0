#include "stages/tensor/tensor.hpp"

#include <algorithm>
#include <limits>

#include "stages/tensor/error.hpp"

namespace pal {

std::optional<std::uint64_t> element_count(const Shape& shape) noexcept {
    constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
    if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
    std::uint64_t count = 1;
    for (const std::uint64_t extent : shape) {
        if (extent > kMax / count) return std::nullopt;
        count *= extent;
    }
    return count;
}

std::string shape_to_string(const Shape& shape) {
    std::string text = "(";
    for (std::size_t d = 0; d < shape.size(); ++d) {
        text += (d == 0 ? "" : ", ") + std::to_string(shape[d]);
    }
    return text + (shape.size() == 1 ? ",)" : ")");
}

AxisView axis_view(const Shape& shape, std::size_t axis, std::size_t dims) {
    PAL_ASSERT(dims > 0 && axis + dims <= shape.size());
    AxisView view;
    for (std::size_t d = 0; d < axis; ++d) view.outer *= shape[d];
    for (std::size_t d = axis; d < axis + dims; ++d) view.channels *= shape[d];
    for (std::size_t d = axis + dims; d < shape.size(); ++d) view.inner *= shape[d];
    return view;
}

IndexRun Geometry::run(std::size_t group, std::size_t r) const noexcept {
    const std::size_t first = group * group_index_channels;
    const std::size_t channels = std::min(group_index_channels, group_channels - first);
    return {(r * group_channels + first) * group_inner, channels * group_inner};
}

namespace {

constexpr std::size_t kMostRank = 30;

/// Axis that a grouped spec is for.
struct GroupedAxis {
    std::size_t first = 0;
    std::size_t dims = 1;
    std::uint64_t channels = 1;
};

std::uint64_t channels_of(const Shape& shape, std::size_t first, std::size_t dims) {
    return dims == 0 ? 1 : axis_view(shape, first, dims).channels;
}

GroupedAxis grouped_axis(const Shape& shape, AxisMap axes, const PalettizationSpec& spec) {
    const bool output = spec.granularity.axis == 0;
    const std::size_t first = output ? axes.output_axis : axes.input_axis;
    const std::size_t dims = output ? axes.output_dims : axes.input_dims;
    return {first, dims, channels_of(shape, first, dims)};
}

std::string dimensions_text(const GroupedAxis& axis) {
    if (axis.dims == 1) return "dimension " + std::to_string(axis.first);
    if (axis.dims == 0) return "no dimension";
    return "dimensions " + std::to_string(axis.first) + " to " +
           std::to_string(axis.first + axis.dims - 1);
}

std::string misfit(const Shape& shape, AxisMap axes, const PalettizationSpec& spec, bool partial) {
    const bool grouped = spec.granularity.kind == GranularityKind::kPerGroupedChannel;
    if (shape.empty()) return "a scalar has no channels";
    if (shape.size() > kMostRank) {
        return "rank " + std::to_string(shape.size()) + " is too large: a LUT has two dimensions " +
               "more than its tensor, and HDF5 allows 32";
    }
    if (shape.size() < 2 && grouped) {
        return "rank 1 is too small for per_grouped_channel, which needs rank 2";
    }
    if (shape.size() < 2 && spec.enable_per_channel_scale) {
        return "rank 1 is too small for a per-channel scale, which needs rank 2";
    }
    const std::uint64_t output_channels = channels_of(shape, axes.output_axis, axes.output_dims);
    if (grouped) {
        const GroupedAxis axis = grouped_axis(shape, axes, spec);
        const std::uint64_t group_size = spec.granularity.group_size;
        if (!partial && axis.channels % group_size != 0) {
            return "group_size " + std::to_string(group_size) + " does not divide the " +
                   std::to_string(axis.channels) + " channels of axis " +
                   std::to_string(spec.granularity.axis) + " (" + dimensions_text(axis) + ")";
        }
        if (axis.dims > 0 && axis.first == axes.output_axis && group_size < axis.channels &&
            group_size % spec.cluster_dim != 0) {
            return "cluster_dim " + std::to_string(spec.cluster_dim) + " does not divide the " +
                   std::to_string(group_size) + " output channels of a group";
        }
    }
    if (output_channels % spec.cluster_dim != 0) {
        return "cluster_dim " + std::to_string(spec.cluster_dim) + " does not divide the " +
               std::to_string(output_channels) + " output channels";
    }
    // Indices keep the dimensions of the weights, the last one of the channels cut by cluster_dim.
    const std::uint64_t last = shape[axes.output_axis + axes.output_dims - 1];
    if (last % spec.cluster_dim != 0) {
        return "cluster_dim " + std::to_string(spec.cluster_dim) + " does not divide the " +
               std::to_string(last) + " values of the last dimension of the output channels";
    }
    return "";
}

}  // namespace

std::variant<Geometry, std::string> make_geometry(const Shape& shape, AxisMap axes,
                                                  const PalettizationSpec& spec,
                                                  bool allow_partial_groups) {
    const bool partial = allow_partial_groups || spec.granularity.partial_groups;
    if (std::string reason = misfit(shape, axes, spec, partial); !reason.empty()) return reason;
    const auto count = element_count(shape);
    if (!count || *count == 0) return std::string("a tensor without elements");

    Geometry geometry;
    geometry.shape = shape;
    geometry.output_axis = axes.output_axis;
    geometry.output_dims = axes.output_dims;
    geometry.cluster_dim = spec.cluster_dim;
    geometry.indices_shape = shape;
    geometry.indices_shape[axes.output_axis + axes.output_dims - 1] /= spec.cluster_dim;
    geometry.weight_count = *count;
    geometry.index_count = *count / spec.cluster_dim;
    geometry.output_inner = axis_view(shape, axes.output_axis, axes.output_dims).inner;
    const bool grouped = spec.granularity.kind == GranularityKind::kPerGroupedChannel;
    if (!grouped || grouped_axis(shape, axes, spec).dims == 0) {
        geometry.group_inner = geometry.index_count;
        return geometry;
    }
    const GroupedAxis axis = grouped_axis(shape, axes, spec);
    const AxisView view = axis_view(geometry.indices_shape, axis.first, axis.dims);
    geometry.group_axis = axis.first;
    geometry.group_dims = axis.dims;
    geometry.group_size = std::min<std::uint64_t>(spec.granularity.group_size, axis.channels);
    geometry.group_count = (axis.channels + geometry.group_size - 1) / geometry.group_size;
    geometry.group_outer = view.outer;
    geometry.group_channels = view.channels;
    geometry.group_inner = view.inner;
    geometry.group_index_channels = axis.first == axes.output_axis
                                        ? geometry.group_size / spec.cluster_dim
                                        : geometry.group_size;
    return geometry;
}

}  // namespace pal
