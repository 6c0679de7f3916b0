#include "stages/assign.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "stages/kernels/nearest_scalars.hpp"
#include "stages/kernels/nearest_vectors.hpp"
#include "stages/pack.hpp"
#include "stages/parallel/parallel.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Finds nearest entries of doubles by binary search over thresholds like kernels::NearestScalars.
class NearestDoubles {
  public:
    NearestDoubles(std::span<const double> lut, std::size_t) {
        for (std::size_t e = 0; e < lut.size(); ++e) {
            if (e > 0 && lut[e] == lut[e - 1]) continue;
            if (e > 0) {
                const double lower = entries_.back();
                PAL_ASSERT(lut[e] > lower);
                thresholds_.push_back(middle_of(lower, lut[e]));
            }
            entries_.push_back(lut[e]);
            first_index_.push_back(static_cast<std::uint8_t>(e));
        }
    }

    void find(std::span<const double> values, std::span<std::uint8_t> indices,
              std::span<double> nearest) const {
        for (std::size_t v = 0; v < values.size(); ++v) {
            const auto place = static_cast<std::size_t>(
                std::lower_bound(thresholds_.begin(), thresholds_.end(), values[v]) -
                thresholds_.begin());
            indices[v] = first_index_[place];
            nearest[v] = entries_[place];
        }
    }

    kernels::ErrorSums find_and_measure(std::span<const double> values,
                                        std::span<std::uint8_t> indices,
                                        std::span<double> nearest) const {
        find(values, indices, nearest);
        return kernels::error_sums(values, std::span<const double>(nearest));
    }

  private:
    /// Returns the largest value that is no nearer to `upper`. The middle of two neighbours is no
    /// double and may be rounded up to `upper` itself.
    static double middle_of(double lower, double upper) {
        const double distance = upper - lower;
        const double middle =
            std::isfinite(distance) ? lower + distance / 2 : lower / 2 + upper / 2;
        return middle - lower > upper - middle ? std::nextafter(middle, lower) : middle;
    }

    std::vector<double> thresholds_;
    std::vector<double> entries_;
    std::vector<std::uint8_t> first_index_;
};

template <class Real>
using NearestScalar =
    std::conditional_t<std::is_same_v<Real, float>, kernels::NearestScalars, NearestDoubles>;

/// Read-only data that all chunks of a tensor share.
template <class Real>
struct Shared {
    explicit Shared(const PalettizedTensor& tensor) : decoder(tensor) {
        const Geometry& geometry = tensor.geometry;
        if (geometry.cluster_dim == 1 && geometry.group_count == 1)
            only_group.emplace(std::span(tensor.lut), geometry.index_count);
    }

    BlockDecoder<Real> decoder;
    std::optional<NearestScalar<Real>> only_group;  // set for a single group of scalars
};

/// Assigns the blocks of one chunk. Keeps the search of the last group, or those of all groups
/// where runs of different groups alternate.
template <class Real>
class BlockAssigner {
  public:
    BlockAssigner(const PalettizedTensor& tensor, const Shared<Real>& shared)
        : tensor_(tensor), shared_(shared) {
        if (tensor.geometry.run_count() > 1) prepared_.resize(tensor.geometry.group_count);
    }

    /// Finds the indices of a block and the weights that they decode to, in the block's order.
    void assign(const IndexBlock& block, std::span<const Real> values,
                std::span<std::uint8_t> indices, std::span<Real> decoded) {
        if (tensor_.geometry.cluster_dim > 1) {
            assign_vectors(block, values, indices);
            return shared_.decoder.decode(block, indices, decoded);
        }
        for_each_group_piece(
            tensor_.geometry, block, [&](std::size_t group, std::size_t at, std::size_t length) {
                scalar(group).find(values.subspan(at, length), indices.subspan(at, length),
                                   decoded.subspan(at, length));
            });
        shared_.decoder.rescale(block, decoded);
    }

    /// Finds the indices of a block and returns its errors. Without scales only. decoded: scratch.
    kernels::ErrorSums assign_and_measure(const IndexBlock& block, std::span<const Real> values,
                                          std::span<std::uint8_t> indices,
                                          std::span<Real> decoded) {
        const GroupPiece first = group_piece(tensor_.geometry, block, 0);
        if (tensor_.geometry.cluster_dim == 1 && first.length == block.count)
            return scalar(first.group).find_and_measure(values, indices, decoded);
        assign(block, values, indices, decoded);
        return kernels::error_sums(values, std::span<const Real>(decoded));
    }

    /// Returns the search for a block that can be assigned from stored 16-bit patterns: consecutive
    /// scalars of one group with few entries. Otherwise null.
    const kernels::NearestScalars* search_of_stored(const IndexBlock& block) {
        if constexpr (std::is_same_v<Real, float>) {
            if (!block.together || tensor_.geometry.cluster_dim > 1) return nullptr;
            const GroupPiece first = group_piece(tensor_.geometry, block, 0);
            if (first.length < block.count) return nullptr;
            const kernels::NearestScalars& search = scalar(first.group);
            return search.takes_stored() ? &search : nullptr;
        }
        return nullptr;
    }

  private:
    struct Prepared {
        std::optional<std::size_t> group;
        std::optional<NearestScalar<Real>> scalar;
        std::optional<kernels::NearestVectors<Real>> vector;
    };

    std::span<const double> lut_of(std::size_t group) const {
        return std::span(tensor_.lut).subspan(group * tensor_.lut_stride(), tensor_.lut_stride());
    }

    Prepared& slot(std::size_t group) {
        Prepared& prepared = prepared_.empty() ? last_ : prepared_[group];
        if (prepared.group != group) prepared = Prepared{group, std::nullopt, std::nullopt};
        return prepared;
    }

    const NearestScalar<Real>& scalar(std::size_t group) {
        if (shared_.only_group) return *shared_.only_group;
        Prepared& prepared = slot(group);
        if (!prepared.scalar) {
            const std::size_t expected = tensor_.geometry.group_index_count(group);
            prepared.scalar.emplace(lut_of(group), expected);
        }
        return *prepared.scalar;
    }

    void assign_vectors(const IndexBlock& block, std::span<const Real> values,
                        std::span<std::uint8_t> indices) {
        const std::size_t dim = tensor_.geometry.cluster_dim;
        const auto find = [&](std::size_t group, const Real* points, std::size_t vector_stride,
                              std::size_t component_stride, std::span<std::uint8_t> found) {
            Prepared& prepared = slot(group);
            if (!prepared.vector) prepared.vector.emplace(lut_of(group), dim);
            prepared.vector->find(points, vector_stride, component_stride, found);
        };
        for_each_group_piece(
            tensor_.geometry, block, [&](std::size_t group, std::size_t at, std::size_t length) {
                if (block.inner == 1) {
                    return find(group, values.data() + at * dim, dim, 1,
                                indices.subspan(at, length));
                }
                for (std::size_t p = at; p < at + length;) {  // row by row
                    const std::size_t row = p / block.inner;
                    const std::size_t run = std::min(at + length, (row + 1) * block.inner) - p;
                    find(group, values.data() + row * dim * block.inner + p % block.inner, 1,
                         block.inner, indices.subspan(p, run));
                    p += run;
                }
            });
    }

    const PalettizedTensor& tensor_;
    const Shared<Real>& shared_;
    Prepared last_;
    std::vector<Prepared> prepared_;
};

/// Assigns the chunks of one tensor, in any order. Refers to all its arguments.
template <class Real>
class ChunkAssigner {
  public:
    ChunkAssigner(const ScaledWeights& source, std::span<const std::uint8_t> given,
                  const PalettizedTensor& tensor)
        : source_(source),
          given_(given),
          tensor_(tensor),
          grid_(tensor.geometry),
          shared_(tensor),
          errors_(grid_.count()) {}

    [[nodiscard]] std::size_t count() const noexcept { return grid_.count(); }

    /// Fills `packed` with a chunk. Different chunks may be assigned in parallel.
    void assign(std::size_t number, ChunkBytes& packed) {
        ChunkPacker packer(grid_.chunk_values(), tensor_.n_bits, std::move(packed));
        errors_[number] = assign_run(grid_.positions(number), packer);
        packed = packer.take();
    }

    /// Error of the tensor, after all chunks were assigned. chunks: holds or finds them again.
    [[nodiscard]] ErrorReport error(const PackedChunks& chunks) const {
        ErrorTotals total;
        for (const ErrorTotals& chunk : errors_) total.add(chunk);
        if (!total.out_of_range()) {
            ErrorReport report = total.report(tensor_.geometry.weight_count);
            for (const ErrorTotals& chunk : errors_) report.chunks.push_back(chunk.sums());
            return report;
        }
        PalettizedTensor whole = tensor_;
        whole.chunks = chunks;
        return measure_error(source_.weights, whole);
    }

  private:
    /// Packs the indices of one chunk's positions. Returns its errors.
    ErrorTotals assign_run(IndexRun run, ChunkPacker& packer) const {
        BlockAssigner<Real> assigner(tensor_, shared_);
        BlockReader<Real> as_clustered(source_.weights);
        BlockReader<Real> as_stored(source_.weights);
        Scratch<Real> scratch;
        Scratch<std::uint8_t> index_scratch;
        ErrorTotals errors;
        const DType storage = source_.weights.storage();
        const bool is_16_bit = source_.scales.empty() && dtype_bytes(storage) == 2;
        for_each_index_block(tensor_.geometry, run, [&](const IndexBlock& block) {
            const std::span<Real> decoded =
                scratch.first(block.count * tensor_.geometry.cluster_dim);
            const std::span<std::uint8_t> own = index_scratch.first(block.count);
            if (!given_.empty()) {
                std::copy_n(given_.begin() + static_cast<std::ptrdiff_t>(block.begin), block.count,
                            own.begin());
                shared_.decoder.decode(block, own, decoded);
                errors.add(kernels::error_sums(as_stored.read(tensor_.geometry, block),
                                               std::span<const Real>(decoded)));
            } else if (const auto* search =
                           is_16_bit ? assigner.search_of_stored(block) : nullptr) {
                const auto patterns = as_stored.read_stored(
                    tensor_.geometry.weight_position(block.begin), block.count);
                errors.add(search->find_and_measure_stored(patterns, storage == DType::kBF16, own));
            } else if (source_.scales.empty()) {
                const auto values = as_clustered.read(source_, block);
                errors.add(assigner.assign_and_measure(block, values, own, decoded));
            } else {
                assigner.assign(block, as_clustered.read(source_, block), own, decoded);
                errors.add(kernels::error_sums(as_stored.read(tensor_.geometry, block),
                                               std::span<const Real>(decoded)));
            }
            packer.add(own);
        });
        return errors;
    }

    ScaledWeights source_;
    std::span<const std::uint8_t> given_;
    const PalettizedTensor& tensor_;
    ChunkGrid grid_;
    Shared<Real> shared_;
    std::vector<ErrorTotals> errors_;
};

template <class Real>
ErrorReport assign_as(const ScaledWeights& source, std::span<const std::uint8_t> given,
                      PalettizedTensor& tensor) {
    ChunkAssigner<Real> assigner(source, given, tensor);
    std::vector<ChunkBytes> chunks(assigner.count());
    for_each_task(chunks.size(), [&](std::size_t c) { assigner.assign(c, chunks[c]); });
    tensor.chunks = std::move(chunks);
    return assigner.error(tensor.chunks);
}

template <class Real>
class Later : public LaterAssignment {
  public:
    Later(Weights weights, std::vector<std::uint8_t> given, PalettizedTensor tensor)
        : weights_(std::move(weights)),
          given_(std::move(given)),
          tensor_(std::move(tensor)),
          assigner_({weights_, tensor_.geometry, tensor_.dtype, tensor_.per_channel_scale}, given_,
                    tensor_) {}

    [[nodiscard]] std::span<const std::uint8_t> read(std::size_t number,
                                                     ChunkBytes& scratch) const override {
        assigner_.assign(number, scratch);
        return scratch;
    }

    [[nodiscard]] ErrorReport error(const PackedChunks& chunks) const override {
        return assigner_.error(chunks);
    }

  private:
    Weights weights_;
    std::vector<std::uint8_t> given_;
    PalettizedTensor tensor_;
    mutable ChunkAssigner<Real> assigner_;  // read() of different chunks writes different errors
};

}  // namespace

ErrorReport assign(const ScaledWeights& source, std::span<const std::uint8_t> given,
                   PalettizedTensor& tensor) {
    return with_real(source.weights, [&](auto real) {
        return assign_as<typename decltype(real)::type>(source, given, tensor);
    });
}

std::shared_ptr<const LaterAssignment> assign_later(Weights weights,
                                                    std::vector<std::uint8_t> given,
                                                    PalettizedTensor tensor) {
    return with_real(weights, [&](auto real) -> std::shared_ptr<const LaterAssignment> {
        return std::make_shared<Later<typename decltype(real)::type>>(
            std::move(weights), std::move(given), std::move(tensor));
    });
}

}  // namespace pal
