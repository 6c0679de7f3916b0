#include "stages/weights/slab.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "stages/tensor/chunk_grid.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

class SlabSource final : public WeightSource {
  public:
    SlabSource(Weights whole, std::size_t first) : whole_(std::move(whole)), first_(first) {}

    [[nodiscard]] std::span<const std::byte> read(std::size_t begin, std::size_t count,
                                                  std::span<std::byte> scratch) const override {
        return whole_.source().read(first_ + begin, count, scratch);
    }
    [[nodiscard]] bool in_memory() const noexcept override { return whole_.source().in_memory(); }

  private:
    Weights whole_;
    std::size_t first_;
};

/// Chunks of several slabs, one slab after the other.
class JoinedChunks final : public ChunkSource {
  public:
    explicit JoinedChunks(std::vector<PackedChunks> slabs) : slabs_(std::move(slabs)) {
        for (const PackedChunks& slab : slabs_) ends_.push_back(count() + slab.size());
    }
    [[nodiscard]] std::size_t count() const { return ends_.empty() ? 0 : ends_.back(); }

    [[nodiscard]] std::span<const std::uint8_t> read(std::size_t number,
                                                     ChunkBytes& scratch) const override {
        const auto slab = static_cast<std::size_t>(
            std::upper_bound(ends_.begin(), ends_.end(), number) - ends_.begin());
        return slabs_[slab].read(number - (slab == 0 ? 0 : ends_[slab - 1]), scratch);
    }
    [[nodiscard]] bool worth_threads() const noexcept override {
        return std::ranges::any_of(slabs_, &PackedChunks::worth_threads);
    }

  private:
    std::vector<PackedChunks> slabs_;
    std::vector<std::size_t> ends_;
};

/// Rows of weights per row of indices.
std::uint64_t weight_rows(const Geometry& geometry) {
    return geometry.output_axis == 0 ? geometry.cluster_dim : 1;
}

template <class Value>
void append(std::vector<Value>& all, const std::vector<Value>& more) {
    all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

std::optional<std::uint64_t> slab_unit(const Geometry& geometry, const PalettizationSpec& spec) {
    if (geometry.group_axis != 0U || geometry.group_dims > 1) return std::nullopt;
    if (geometry.output_dims > 1 && geometry.output_axis == 0) return std::nullopt;
    if (spec.enable_per_channel_scale && geometry.output_axis != 0) return std::nullopt;
    const Shape chunk = chunk_shape(geometry);
    // One of the two is a multiple of the other.
    const std::uint64_t index_rows =
        std::max<std::uint64_t>(chunk[0], geometry.group_index_channels);
    const std::uint64_t row_indices = geometry.index_count / geometry.indices_shape[0];
    if (index_rows * 2 > geometry.indices_shape[0] || index_rows * row_indices <= kFewIndices)
        return std::nullopt;
    return index_rows * weight_rows(geometry);
}

Geometry with_rows(const Geometry& geometry, std::uint64_t rows) {
    Shape shape = geometry.shape;
    shape[0] = rows;
    PalettizationSpec spec;
    spec.cluster_dim = geometry.cluster_dim;
    const std::size_t group_axis = geometry.group_axis.value();
    spec.granularity = {GranularityKind::kPerGroupedChannel,
                        group_axis == geometry.output_axis ? 0 : 1, geometry.group_size};
    return std::get<Geometry>(make_geometry(
        shape, {geometry.output_axis, group_axis, geometry.output_dims, 1}, spec, true));
}

std::size_t first_group(const Geometry& whole, const Slab& slab) {
    return slab.first / whole.group_size;
}

Weights slab_weights(const Weights& whole, const Geometry& geometry, const Slab& slab) {
    const std::size_t row = geometry.weight_count / slab.rows;
    return {std::make_shared<SlabSource>(whole, slab.first * row), whole.storage(),
            geometry.weight_count};
}

PalettizedTensor joined(std::vector<PalettizedTensor> slabs, const Geometry& whole) {
    PAL_ASSERT(!slabs.empty());
    PalettizedTensor tensor;
    tensor.dtype = slabs.front().dtype;
    tensor.n_bits = slabs.front().n_bits;
    tensor.geometry = whole;
    std::vector<PackedChunks> chunks;
    for (PalettizedTensor& slab : slabs) {
        append(tensor.lut, slab.lut);
        append(tensor.per_channel_scale, slab.per_channel_scale);
        append(tensor.quantized_lut, slab.quantized_lut);
        append(tensor.lut_scale, slab.lut_scale);
        append(tensor.lut_zero_point, slab.lut_zero_point);
        chunks.push_back(std::move(slab.chunks));
    }
    auto source = std::make_shared<JoinedChunks>(std::move(chunks));
    const std::size_t count = source->count();
    PAL_ASSERT(count == ChunkGrid(whole).count());
    tensor.chunks = {std::move(source), count};
    return tensor;
}

}  // namespace pal
