// Shared vocabulary of the stages: shapes, views along an axis, the geometry of groups and vectors,
// and the palettized tensor.
//
// Along any axis, a row-major array is a view (outer, channels, inner): element (o, c, i) is at
// (o * channels + c) * inner + i. Stages use that view and index positions. An index position is a
// position in the array of indices, whose output-channel dimension is the tensor's divided by
// cluster_dim. Index position p stands for the vector of weights at
// weight_position(p) + t * vector_stride(), t = 0 .. cluster_dim - 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "stages/tensor/chunks.hpp"
#include "stages/tensor/dtype.hpp"
#include "stages/tensor/spec.hpp"

namespace pal {

using Shape = std::vector<std::uint64_t>;

/// Product of the dimensions, 1 for rank 0. Nothing where it exceeds 63 bits.
[[nodiscard]] std::optional<std::uint64_t> element_count(const Shape& shape) noexcept;
/// Returns text like "(3, 3, 16, 32)".
[[nodiscard]] std::string shape_to_string(const Shape& shape);

/// Extents of a row-major array along one axis.
struct AxisView {
    std::size_t outer = 1;
    std::size_t channels = 1;
    std::size_t inner = 1;
};
/// dims: adjacent dimensions from `axis` on that count as one.
[[nodiscard]] AxisView axis_view(const Shape& shape, std::size_t axis, std::size_t dims = 1);

/// Run of consecutive index positions.
struct IndexRun {
    std::size_t begin = 0;
    std::size_t length = 0;
};

/// Positions of groups, vectors and channels in a tensor. Immutable after make_geometry.
struct Geometry {
    Shape shape;                            // of the weights
    Shape indices_shape;                    // shape, output dimension divided by cluster_dim
    std::size_t output_axis = 0;            // dimension of the dataset
    std::size_t output_dims = 1;            // adjacent dimensions that are the output channels
    std::optional<std::size_t> group_axis;  // dimension of the dataset; nothing: one group
    std::size_t group_dims = 1;             // adjacent dimensions whose channels are grouped
    /// Channels per group along group_axis; the last group may have fewer. 0 without a group_axis.
    std::size_t group_size = 0;
    std::size_t group_count = 1;
    std::size_t cluster_dim = 1;
    std::size_t weight_count = 0;
    std::size_t index_count = 0;  // weight_count / cluster_dim

    [[nodiscard]] std::size_t output_channels() const noexcept {
        std::size_t channels = 1;
        for (std::size_t d = 0; d < output_dims; ++d) channels *= shape[output_axis + d];
        return channels;
    }
    /// Distance between the components of a vector, in weights.
    [[nodiscard]] std::size_t vector_stride() const noexcept { return output_inner; }
    /// Position of the first weight of the vector at index position p.
    [[nodiscard]] std::size_t weight_position(std::size_t p) const noexcept {
        const std::size_t i = p % output_inner;
        return cluster_dim * (p - i) + i;
    }
    /// Output channel of the weight at `weight_position`.
    [[nodiscard]] std::size_t channel_of(std::size_t weight_position) const noexcept {
        return weight_position / output_inner % output_channels();
    }
    /// Number of runs that make up a group, the same for every group.
    [[nodiscard]] std::size_t run_count() const noexcept { return group_outer; }
    /// Run r of a group, r < run_count(), in ascending order.
    [[nodiscard]] IndexRun run(std::size_t group, std::size_t r) const noexcept;
    /// Number of index positions of a group.
    [[nodiscard]] std::size_t group_index_count(std::size_t group) const noexcept {
        return run_count() * run(group, 0).length;
    }

    std::size_t output_inner = 1;  // `inner` of the weights' view along the output axis
    // View of the indices along the group axis.
    std::size_t group_outer = 1;
    std::size_t group_channels = 1;
    std::size_t group_inner = 1;
    std::size_t group_index_channels = 1;  // of the group_channels, those of one group
};

/// Dimensions of a dataset that are its logical axes. Rank 1: both are dimension 0. Adjacent
/// dimensions may count as one: heads x size of an attention kernel.
struct AxisMap {
    std::size_t output_axis = 0;
    std::size_t input_axis = 0;
    std::size_t output_dims = 1;
    std::size_t input_dims = 1;  // 0: there is one input channel only
};

/// Returns the geometry of `spec` on a tensor, or the reason why it does not fit; such a tensor
/// stays dense. allow_partial_groups allows a smaller last group.
[[nodiscard]] std::variant<Geometry, std::string> make_geometry(const Shape& shape, AxisMap axes,
                                                                const PalettizationSpec& spec,
                                                                bool allow_partial_groups);

/// Weights in the order of the file. float holds f16, bf16 and f32 exactly, double holds f64.
using WeightValues = std::variant<std::vector<float>, std::vector<double>>;

/// Palettized tensor. LUT and scales are doubles that `dtype` represents exactly.
struct PalettizedTensor {
    DType dtype = DType::kF32;
    int n_bits = 4;
    Geometry geometry;
    PackedChunks chunks;  // indices, one chunk of ChunkGrid(geometry) after another
    /// [group][2^n_bits][cluster_dim]. Dequantized values where the spec has a lut_qspec.
    std::vector<double> lut;
    /// [output channel]. Empty without per-channel scale.
    std::vector<double> per_channel_scale;

    // LUT quantization; empty without a lut_qspec. Raw bytes are of the LUT dtype.
    std::vector<std::uint8_t> quantized_lut;   // shape of lut, raw bytes
    std::vector<double> lut_scale;             // [group]
    std::vector<std::uint8_t> lut_zero_point;  // [group], raw bytes; empty for FP8

    /// Entries of one group's LUT.
    [[nodiscard]] std::size_t lut_entries() const noexcept { return std::size_t{1} << n_bits; }
    /// Values of one group's LUT.
    [[nodiscard]] std::size_t lut_stride() const noexcept {
        return lut_entries() * geometry.cluster_dim;
    }
};

}  // namespace pal
