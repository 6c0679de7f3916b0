#include "stages/weights/weights.hpp"

#include <algorithm>

#include "stages/kernels/convert.hpp"
#include "stages/parallel/parallel.hpp"
#include "stages/parallel/work_meter.hpp"
#include "stages/tensor/channels.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

template <class Real>
class MemorySource : public WeightSource {
  public:
    explicit MemorySource(std::vector<Real> values) : values_(std::move(values)) {}

    [[nodiscard]] std::span<const std::byte> read(std::size_t begin, std::size_t count,
                                                  std::span<std::byte>) const override {
        return std::as_bytes(std::span(values_).subspan(begin, count));
    }
    [[nodiscard]] bool in_memory() const noexcept override { return true; }

  private:
    std::vector<Real> values_;
};

/// Divides weights by the scales of their channels and rounds to dtype. first: position of the
/// first weight in the tensor.
template <class Real>
void divide(const ScaledWeights& scaled, std::size_t first, std::span<Real> values) {
    with_channel_factors<Real>(scaled.geometry, scaled.scales, first, values,
                               [](Real& value, Real scale) { value /= scale; });
    if (scaled.dtype != DType::kF16 && scaled.dtype != DType::kBF16) return;
    for (Real& value : values) value = static_cast<Real>(round_to_dtype(value, scaled.dtype));
}

std::span<const std::byte> stored_bytes(const Weights& weights, std::size_t begin,
                                        std::size_t count, std::span<std::byte> scratch) {
    return metered_read(count * dtype_bytes(weights.storage()),
                        [&] { return weights.source().read(begin, count, scratch); });
}

template <class Real>
WeightValues all_values(const Weights& weights) {
    std::vector<Real> values(weights.size());
    for_each_block(values.size(), [&](std::size_t, std::size_t begin, std::size_t end) {
        BlockReader<Real> reader(weights);
        const auto block = reader.read(begin, end - begin);
        std::copy(block.begin(), block.end(), values.begin() + static_cast<std::ptrdiff_t>(begin));
    });
    return values;
}

}  // namespace

Weights::Weights(WeightValues values)
    : storage_(values.index() == 0 ? DType::kF32 : DType::kF64), count_(0) {
    std::visit(
        [this](auto& held) {
            using Real = typename std::decay_t<decltype(held)>::value_type;
            count_ = held.size();
            source_ = std::make_shared<MemorySource<Real>>(std::move(held));
        },
        values);
}

WeightValues Weights::values() const {
    return is_double() ? all_values<double>(*this) : all_values<float>(*this);
}

template <class Real>
BlockReader<Real>::BlockReader(const Weights& weights) : weights_(weights) {
    PAL_ASSERT(weights.is_double() == (sizeof(Real) == sizeof(double)));
}

template <class Real>
std::span<const Real> BlockReader<Real>::read(std::size_t begin, std::size_t count) {
    PAL_ASSERT(begin <= weights_.size() && count <= weights_.size() - begin);
    const DType storage = weights_.storage();
    if (dtype_bytes(storage) == sizeof(Real)) {
        const auto scratch = std::as_writable_bytes(values_.first(count));
        const auto bytes = stored_bytes(weights_, begin, count, scratch);
        return {reinterpret_cast<const Real*>(bytes.data()), count};  // NOLINT: bytes of Reals
    }
    if constexpr (std::is_same_v<Real, float>) {
        const std::span<const std::uint16_t> patterns = read_stored(begin, count);
        const std::span values = values_.first(count);
        storage == DType::kF16 ? kernels::halves_to_floats(patterns, values)
                               : kernels::bfloat16_to_floats(patterns, values);
        return values;
    }
    PAL_ASSERT(false);
}

template <class Real>
std::span<const std::uint16_t> BlockReader<Real>::read_stored(std::size_t begin,
                                                              std::size_t count) {
    PAL_ASSERT(dtype_bytes(weights_.storage()) == 2);
    const auto bytes = stored_bytes(weights_, begin, count, raw_.first(count * 2));
    return {reinterpret_cast<const std::uint16_t*>(bytes.data()), count};  // NOLINT: such bits
}

template <class Real>
std::span<const Real> BlockReader<Real>::read(const ScaledWeights& scaled, std::size_t begin,
                                              std::size_t count) {
    const std::span<const Real> values = read(begin, count);
    if (scaled.scales.empty()) return values;
    const std::span<Real> quotients = assembled_.first(count);
    std::copy(values.begin(), values.end(), quotients.begin());
    divide(scaled, begin, quotients);
    return quotients;
}

template <class Real>
std::span<const Real> BlockReader<Real>::read(const Geometry& geometry, const IndexBlock& block) {
    const std::size_t count = block.count * geometry.cluster_dim;
    if (block.together) return read(geometry.weight_position(block.begin), count);
    const std::span<Real> all = assembled_.first(count);
    for_each_segment(geometry, block, [&](std::size_t first, std::size_t at, std::size_t length) {
        const auto segment = read(first, length);
        std::copy(segment.begin(), segment.end(), all.begin() + static_cast<std::ptrdiff_t>(at));
    });
    return all;
}

template <class Real>
std::span<const Real> BlockReader<Real>::read(const ScaledWeights& scaled,
                                              const IndexBlock& block) {
    const std::span<const Real> values = read(scaled.geometry, block);
    if (scaled.scales.empty()) return values;
    const std::span<Real> quotients = assembled_.first(values.size());
    if (block.together) std::copy(values.begin(), values.end(), quotients.begin());
    for_each_segment(scaled.geometry, block,
                     [&](std::size_t first, std::size_t at, std::size_t length) {
                         divide(scaled, first, quotients.subspan(at, length));
                     });
    return quotients;
}

template class BlockReader<float>;
template class BlockReader<double>;

}  // namespace pal
