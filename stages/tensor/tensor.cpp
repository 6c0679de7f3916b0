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

AxisView axis_view(const Shape& shape, std::size_t axis) {
    PAL_ASSERT(axis < shape.size());
    AxisView view;
    for (std::size_t d = 0; d < axis; ++d) view.outer *= shape[d];
    view.channels = shape[axis];
    for (std::size_t d = axis + 1; d < shape.size(); ++d) view.inner *= shape[d];
    return view;
}

IndexRun Geometry::run(std::size_t group, std::size_t r) const noexcept {
    const std::size_t first = group * group_index_channels;
    const std::size_t channels = std::min(group_index_channels, group_channels - first);
    return {(r * group_channels + first) * group_inner, channels * group_inner};
}

namespace {

constexpr std::size_t kMostRank = 30;

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
    const std::uint64_t output_channels = shape[axes.output_axis];
    if (grouped) {
        const std::size_t axis = spec.granularity.axis == 0 ? axes.output_axis : axes.input_axis;
        const std::uint64_t group_size = spec.granularity.group_size;
        if (!partial && shape[axis] % group_size != 0) {
            return "group_size " + std::to_string(group_size) + " does not divide the " +
                   std::to_string(shape[axis]) + " channels of axis " +
                   std::to_string(spec.granularity.axis) + " (dimension " + std::to_string(axis) +
                   ")";
        }
        if (axis == axes.output_axis && group_size < shape[axis] &&
            group_size % spec.cluster_dim != 0) {
            return "cluster_dim " + std::to_string(spec.cluster_dim) + " does not divide the " +
                   std::to_string(group_size) + " output channels of a group";
        }
    }
    if (output_channels % spec.cluster_dim != 0) {
        return "cluster_dim " + std::to_string(spec.cluster_dim) + " does not divide the " +
               std::to_string(output_channels) + " output channels";
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
    geometry.cluster_dim = spec.cluster_dim;
    geometry.indices_shape = shape;
    geometry.indices_shape[axes.output_axis] /= spec.cluster_dim;
    geometry.weight_count = *count;
    geometry.index_count = *count / spec.cluster_dim;
    geometry.output_inner = axis_view(shape, axes.output_axis).inner;
    if (spec.granularity.kind == GranularityKind::kPerTensor) {
        geometry.group_inner = geometry.index_count;
        return geometry;
    }
    const std::size_t axis = spec.granularity.axis == 0 ? axes.output_axis : axes.input_axis;
    const AxisView view = axis_view(geometry.indices_shape, axis);
    geometry.group_axis = axis;
    geometry.group_size = std::min<std::uint64_t>(spec.granularity.group_size, shape[axis]);
    geometry.group_count = (shape[axis] + geometry.group_size - 1) / geometry.group_size;
    geometry.group_outer = view.outer;
    geometry.group_channels = view.channels;
    geometry.group_inner = view.inner;
    geometry.group_index_channels =
        axis == axes.output_axis ? geometry.group_size / spec.cluster_dim : geometry.group_size;
    return geometry;
}

}  // namespace pal
