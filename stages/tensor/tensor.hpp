// The shared vocabulary of the stages: shapes, the channel view of an axis, the geometry of groups
// and vectors, and what a palettized tensor is.
//
// Any axis of a row-major array is the view (outer, channels, inner): element (o, c, i) stands at
// (o * channels + c) * inner + i. All stages are written against that view and against "index
// positions": the positions of the array of indices, whose output-channel dimension is the tensor's
// divided by cluster_dim. Index position p stands for the vector of weights at weight_position(p) +
// t * vector_stride(), t = 0 .. cluster_dim - 1.
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

/// Product of the dimensions, 1 for rank 0; nullopt where it does not fit 63 bits.
[[nodiscard]] std::optional<std::uint64_t> element_count(const Shape& shape) noexcept;
[[nodiscard]] std::string shape_to_string(const Shape& shape);  // "(3, 3, 16, 32)"

struct AxisView {
    std::size_t outer = 1;
    std::size_t channels = 1;
    std::size_t inner = 1;
};
[[nodiscard]] AxisView axis_view(const Shape& shape, std::size_t axis);

/// A run of consecutive index positions.
struct IndexRun {
    std::size_t begin = 0;
    std::size_t length = 0;
};

/// Where groups, vectors and channels lie in a tensor. Immutable after make_geometry.
struct Geometry {
    Shape shape;                            // the tensor's
    Shape indices_shape;                    // output dimension divided by cluster_dim
    std::size_t output_axis = 0;            // dimension of the dataset
    std::optional<std::size_t> group_axis;  // dimension of the dataset; none: one group
    std::size_t group_size =
        0;  // channels a group along group_axis (0 without one); the last may have fewer
    std::size_t group_count = 1;
    std::size_t cluster_dim = 1;
    std::size_t weight_count = 0;
    std::size_t index_count = 0;  // weight_count / cluster_dim

    [[nodiscard]] std::size_t output_channels() const noexcept { return shape[output_axis]; }
    [[nodiscard]] std::size_t vector_stride() const noexcept { return output_inner; }
    /// Position of the first weight of the vector at index position p.
    [[nodiscard]] std::size_t weight_position(std::size_t p) const noexcept {
        const std::size_t i = p % output_inner;
        return cluster_dim * (p - i) + i;
    }
    /// Output channel of the weight at a position.
    [[nodiscard]] std::size_t channel_of(std::size_t weight_position) const noexcept {
        return weight_position / output_inner % shape[output_axis];
    }
    /// The runs that make up a group, in ascending order: run r of run_count() runs.
    [[nodiscard]] std::size_t run_count() const noexcept { return group_outer; }
    [[nodiscard]] IndexRun run(std::size_t group, std::size_t r) const noexcept;
    [[nodiscard]] std::size_t group_index_count(std::size_t group) const noexcept {
        return run_count() * run(group, 0).length;
    }

    std::size_t output_inner = 1;    // of the output axis' view
    std::size_t group_outer = 1;     // of the group axis' view of the indices
    std::size_t group_channels = 1;  // index rows along the group axis
    std::size_t group_inner = 1;
    std::size_t group_index_channels = 1;  // index rows of one group
};

/// Which dimension of a dataset is which logical axis. Rank 1: both are dimension 0.
struct AxisMap {
    std::size_t output_axis = 0;
    std::size_t input_axis = 0;
};

/// The geometry of `spec` on a tensor, or the reason why it does not fit (the tensor then stays
/// dense). allow_partial_groups lets the last group be smaller.
[[nodiscard]] std::variant<Geometry, std::string> make_geometry(const Shape& shape, AxisMap axes,
                                                                const PalettizationSpec& spec,
                                                                bool allow_partial_groups);

/// Weights between stages, in the order of the file: float holds f16, bf16 and f32 exactly, double
/// holds f64.
using WeightValues = std::variant<std::vector<float>, std::vector<double>>;

/// A palettized tensor. LUT and scales are held as double and are exactly representable in `dtype`.
struct PalettizedTensor {
    DType dtype = DType::kF32;
    int n_bits = 4;
    Geometry geometry;
    PackedChunks chunks;  // of the indices, as pack.hpp lays them out
    std::vector<double>
        lut;  // [group][2^n_bits][cluster_dim], dequantized where a lut_qspec is given
    std::vector<double> per_channel_scale;  // [output channel], empty without per-channel scale
    std::vector<std::uint8_t>
        quantized_lut;              // as lut, raw bytes of the LUT dtype; empty without lut_qspec
    std::vector<double> lut_scale;  // [group]; empty without lut_qspec
    std::vector<std::uint8_t>
        lut_zero_point;  // [group], raw bytes of the LUT dtype; empty without lut_qspec or for FP8

    [[nodiscard]] std::size_t lut_entries() const noexcept { return std::size_t{1} << n_bits; }
    [[nodiscard]] std::size_t lut_stride() const noexcept {
        return lut_entries() * geometry.cluster_dim;
    }
};

}  // namespace pal
