#include "stages/decode.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stages/parallel/parallel.hpp"
#include "stages/stored_blocks.hpp"
#include "stages/tensor/channels.hpp"
#include "stages/tensor/error.hpp"
#include "stages/tensor/unit.hpp"

namespace pal {

template <class Real>
BlockDecoder<Real>::BlockDecoder(const PalettizedTensor& tensor)
    : tensor_(tensor),
      lut_(tensor.lut.begin(), tensor.lut.end()),
      scales_(tensor.per_channel_scale.begin(), tensor.per_channel_scale.end()) {}

template <class Real>
void BlockDecoder<Real>::decode(const IndexBlock& block, std::span<const std::uint8_t> indices,
                                std::span<Real> weights) const {
    const std::size_t dim = tensor_.geometry.cluster_dim;
    for_each_group_piece(
        tensor_.geometry, block, [&](std::size_t group, std::size_t at, std::size_t length) {
            const Real* lut = lut_.data() + group * tensor_.lut_stride();
            if (dim == 1) {
                for (std::size_t p = at; p < at + length; ++p) weights[p] = lut[indices[p]];
                return;
            }
            for (std::size_t p = at; p < at + length; ++p) {
                const std::size_t first = p / block.inner * dim * block.inner + p % block.inner;
                const Real* entry = lut + indices[p] * dim;
                for (std::size_t t = 0; t < dim; ++t) weights[first + t * block.inner] = entry[t];
            }
        });
    rescale(block, weights);
}

template <class Real>
void BlockDecoder<Real>::rescale(const IndexBlock& block, std::span<Real> weights) const {
    if (scales_.empty()) return;
    const bool narrow = tensor_.dtype == DType::kF16 || tensor_.dtype == DType::kBF16;
    for_each_segment(
        tensor_.geometry, block, [&](std::size_t first, std::size_t at, std::size_t length) {
            const std::span<Real> segment = weights.subspan(at, length);
            with_channel_factors<Real>(tensor_.geometry, scales_, first, segment,
                                       [](Real& weight, Real scale) { weight *= scale; });
            if (!narrow) return;
            for (Real& weight : segment)
                weight = static_cast<Real>(round_to_dtype(weight, tensor_.dtype));
        });
}

template class BlockDecoder<float>;
template class BlockDecoder<double>;

double sqnr_in_db(double energy, double squared_error) {
    return squared_error == 0 ? std::numeric_limits<double>::infinity()
                              : 10 * std::log10(energy / squared_error);
}

void ErrorTotals::add(const kernels::ErrorSums& block) noexcept {
    sums_.squared_error += block.squared_error;
    sums_.energy += block.energy;
    sums_.max_abs_error = std::max(sums_.max_abs_error, block.max_abs_error);
    sums_.max_abs = std::max(sums_.max_abs, block.max_abs);
}

double ErrorTotals::unit() const noexcept { return unit_for_squares(sums_.max_abs); }

ErrorReport ErrorTotals::report(std::size_t weight_count, double unit) const {
    ErrorReport report;
    report.mse = sums_.squared_error / static_cast<double>(weight_count) / unit / unit;
    report.sqnr_db = sqnr_in_db(sums_.energy, sums_.max_abs_error == 0 ? 0 : sums_.squared_error);
    report.max_abs_error = sums_.max_abs_error / unit;
    report.finite = std::isfinite(sums_.squared_error);
    report.energy = sums_.energy / unit / unit;
    return report;
}

namespace {

template <class Real>
void decode_as(const PalettizedTensor& tensor, WeightSink& sink) {
    const Geometry& geometry = tensor.geometry;
    const BlockDecoder<Real> decoder(tensor);
    // Portions end at whole rows of vectors: there, index positions and their weights end together.
    const std::size_t portion = sink.portion(geometry.output_inner * geometry.cluster_dim);
    for (std::size_t begin = 0; begin < geometry.weight_count; begin += portion) {
        const std::size_t count = std::min(portion, geometry.weight_count - begin);
        const IndexRun run{begin / geometry.cluster_dim, count / geometry.cluster_dim};
        sink.begin(count);
        for_each_stored_block(
            tensor, run,
            [&](std::size_t, const IndexBlock& block, std::span<std::uint8_t> indices) {
                Scratch<Real> scratch;
                const std::span<Real> weights = scratch.first(block.count * geometry.cluster_dim);
                decoder.decode(block, indices, weights);
                for_each_segment(
                    geometry, block, [&](std::size_t first, std::size_t at, std::size_t length) {
                        sink.write(first, std::span<const Real>(weights.subspan(at, length)));
                    });
            });
        sink.end();
    }
}

template <class Real>
class MemorySink : public WeightSink {
  public:
    explicit MemorySink(std::size_t count) : values_(count) {}

    [[nodiscard]] std::size_t portion(std::size_t) const override { return values_.size(); }
    void write(std::size_t first, std::span<const float> values) override { put(first, values); }
    void write(std::size_t first, std::span<const double> values) override { put(first, values); }
    void begin(std::size_t) override {}
    void end() override {}

    std::vector<Real> take() { return std::move(values_); }

  private:
    template <class Value>
    void put(std::size_t first, std::span<const Value> values) {
        PAL_ASSERT((std::is_same_v<Real, Value>));
        std::copy(values.begin(), values.end(),
                  values_.begin() + static_cast<std::ptrdiff_t>(first));
    }

    std::vector<Real> values_;
};

template <class Real>
WeightValues decode_in_memory(const PalettizedTensor& tensor) {
    MemorySink<Real> sink(tensor.geometry.weight_count);
    decode_as<Real>(tensor, sink);
    return sink.take();
}

template <class Real>
ErrorTotals total_errors(const Weights& original, const PalettizedTensor& tensor, double unit) {
    std::vector<ErrorTotals> chunks(tensor.chunks.size());
    for_each_decoded_block<Real>(original, tensor,
                                 [&](std::size_t c, const IndexBlock&, std::span<const Real> values,
                                     std::span<const Real> decoded) {
                                     if constexpr (std::is_same_v<Real, float>) {
                                         chunks[c].add(kernels::error_sums(values, decoded));
                                     } else {
                                         chunks[c].add(kernels::error_sums(values, decoded, unit));
                                     }
                                 });
    ErrorTotals totals;
    for (const ErrorTotals& chunk : chunks) totals.add(chunk);
    return totals;
}

}  // namespace

WeightValues decode(const PalettizedTensor& tensor) {
    return tensor.dtype == DType::kF64 ? decode_in_memory<double>(tensor)
                                       : decode_in_memory<float>(tensor);
}

void decode(const PalettizedTensor& tensor, WeightSink& sink) {
    tensor.dtype == DType::kF64 ? decode_as<double>(tensor, sink) : decode_as<float>(tensor, sink);
}

ErrorReport measure_error(const Weights& original, const PalettizedTensor& tensor) {
    PAL_ASSERT(original.size() == tensor.geometry.weight_count &&
               original.is_double() == (tensor.dtype == DType::kF64));
    if (!original.is_double())
        return total_errors<float>(original, tensor, 1).report(original.size());
    ErrorTotals totals = total_errors<double>(original, tensor, 1);
    const double unit = totals.unit();
    if (unit != 1) totals = total_errors<double>(original, tensor, unit);
    return totals.report(original.size(), unit);
}

}  // namespace pal
