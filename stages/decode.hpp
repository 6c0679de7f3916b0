// Decoding a palettized tensor, and what it lost: value = LUT[group][index][component] *
// scale[channel], computed in float (f64 tensors: double) and rounded once to the weight's dtype.
#pragma once

#include <span>
#include <vector>

#include "stages/kernels/error_sums.hpp"
#include "stages/weights/index_blocks.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

struct ErrorReport {
    double mse = 0;
    double sqnr_db = 0;  // infinity where nothing is lost
    double max_abs_error = 0;
    bool finite = true;  // all that was decoded; else the numbers above mean nothing
    double energy = 0;   // sum of the squared weights
    /// By chunk of indices, where they were added up chunk by chunk: what a tensor that was worked
    /// on in slabs is reported with, to the last bit.
    std::vector<kernels::ErrorSums> chunks = {};
};

/// The signal-to-noise ratio of sums of squares, infinite where nothing is lost.
[[nodiscard]] double sqnr_in_db(double energy, double squared_error);

/// Decodes blocks of one tensor. `lut` as Real; small beside the tensor. Thread-safe.
template <class Real>
class BlockDecoder {
  public:
    explicit BlockDecoder(const PalettizedTensor& tensor);

    /// The weights of a block, in its order. indices: of its positions, in range. weights: count *
    /// cluster_dim.
    void decode(const IndexBlock& block, std::span<const std::uint8_t> indices,
                std::span<Real> weights) const;
    /// Multiplies LUT entries, given in the block's order, by the scales of their channels.
    void rescale(const IndexBlock& block, std::span<Real> weights) const;

  private:
    const PalettizedTensor& tensor_;
    std::vector<Real> lut_;
    std::vector<Real> scales_;
};

extern template class BlockDecoder<float>;
extern template class BlockDecoder<double>;

/// The weights that a palettized tensor stands for, in the order of the file. Indices in range
/// (checked by the reader).
[[nodiscard]] WeightValues decode(const PalettizedTensor& tensor);
/// The same into a sink: chunks side by side, and a chunk's indices and a block of weights in
/// memory for each thread. Throws what reading the chunks and the sink throw.
void decode(const PalettizedTensor& tensor, WeightSink& sink);

/// What the tensor lost. Sums over fixed blocks in a fixed order.
[[nodiscard]] ErrorReport measure_error(const Weights& original, const PalettizedTensor& tensor);

/// Sums of the blocks of a tensor's chunks as a report. In the order of chunks and blocks.
class ErrorTotals {
  public:
    void add(const kernels::ErrorSums& block) noexcept;
    void add(const ErrorTotals& chunk) noexcept { add(chunk.sums_); }
    [[nodiscard]] const kernels::ErrorSums& sums() const noexcept { return sums_; }
    /// Whether squares of doubles may have left their range, so that only measure_error can tell.
    [[nodiscard]] bool out_of_range() const noexcept { return unit() != 1; }
    /// `unit`: what values were multiplied by.
    [[nodiscard]] ErrorReport report(std::size_t weight_count, double unit = 1) const;
    /// The power of two that brings the largest value near 1, or 1 where squares stay in range.
    [[nodiscard]] double unit() const noexcept;

  private:
    kernels::ErrorSums sums_;
};

}  // namespace pal
