// Decoding of palettized tensors, and their error. value = LUT[group][index][component] *
// scale[channel], computed in float (f64 tensors: double) and rounded once to the weights' type.
#pragma once

#include <span>
#include <vector>

#include "stages/kernels/error_sums.hpp"
#include "stages/weights/index_blocks.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

/// Error of a palettized tensor against its original weights.
struct ErrorReport {
    double mse = 0;
    double sqnr_db = 0;  // infinity if nothing is lost
    double max_abs_error = 0;
    /// False if a weight decodes to infinity. The numbers above then mean nothing.
    bool finite = true;
    double energy = 0;  // sum of squared weights
    /// [chunk of indices], if errors were added up by chunk; else empty. A tensor made in slabs
    /// gets the same report from them, to the last bit.
    std::vector<kernels::ErrorSums> chunks = {};
};

/// Signal-to-noise ratio of two sums of squares, in dB. Infinity if squared_error is 0.
[[nodiscard]] double sqnr_in_db(double energy, double squared_error);

/// Decodes blocks of one tensor, which must outlive it. Holds LUTs and scales as Real. Thread-safe.
template <class Real>
class BlockDecoder {
  public:
    explicit BlockDecoder(const PalettizedTensor& tensor);

    /// Decodes a block into `weights`: block.count * cluster_dim of them, in the block's order.
    /// indices: one per position, in range.
    void decode(const IndexBlock& block, std::span<const std::uint8_t> indices,
                std::span<Real> weights) const;
    /// Multiplies LUT entries by the scales of their channels, in place. weights: the entries, in
    /// the block's order. Does nothing without scales.
    void rescale(const IndexBlock& block, std::span<Real> weights) const;

  private:
    const PalettizedTensor& tensor_;
    std::vector<Real> lut_;
    std::vector<Real> scales_;
};

extern template class BlockDecoder<float>;
extern template class BlockDecoder<double>;

/// Returns the weights that a tensor decodes to, in the order of the file. Indices must be in
/// range; the reader checks that.
[[nodiscard]] WeightValues decode(const PalettizedTensor& tensor);
/// Decodes into a sink. Parallel over chunks; each thread holds one chunk's indices and a block of
/// weights. Throws what reading the chunks and the sink throw.
void decode(const PalettizedTensor& tensor, WeightSink& sink);

/// Measures the error of a tensor. original: its weights, as loaded. Sums over fixed blocks in a
/// fixed order. One pass; two for doubles whose squares leave their range. Parallel over chunks.
[[nodiscard]] ErrorReport measure_error(const Weights& original, const PalettizedTensor& tensor);

/// Adds up the errors of a tensor's blocks. The order matters: blocks of a chunk, then chunks.
class ErrorTotals {
  public:
    void add(const kernels::ErrorSums& block) noexcept;
    void add(const ErrorTotals& chunk) noexcept { add(chunk.sums_); }
    [[nodiscard]] const kernels::ErrorSums& sums() const noexcept { return sums_; }
    /// True if squares of doubles may have left their range. Only measure_error is right then.
    [[nodiscard]] bool out_of_range() const noexcept { return unit() != 1; }
    /// Makes a report. unit: factor that all values were multiplied by.
    [[nodiscard]] ErrorReport report(std::size_t weight_count, double unit = 1) const;
    /// Power of two that brings the largest value near 1; 1 if squares stay in range without it.
    [[nodiscard]] double unit() const noexcept;

  private:
    kernels::ErrorSums sums_;
};

}  // namespace pal
