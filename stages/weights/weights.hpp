// Where the weights of a tensor are, and how stages read them: in blocks, from memory or from a
// file, without a copy of the whole. Every pass over a tensor is such reading, so that a tensor
// larger than memory goes the same way, to the same bytes, as one that fits.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "stages/parallel/scratch.hpp"
#include "stages/tensor/tensor.hpp"
#include "stages/weights/index_blocks.hpp"

namespace pal {

/// Random access to the weights of one tensor, in the order of the file. Thread-safe.
class WeightSource {
  public:
    WeightSource() = default;
    virtual ~WeightSource() = default;
    WeightSource(const WeightSource&) = delete;
    WeightSource& operator=(const WeightSource&) = delete;

    /// Weights begin .. begin + count - 1 as they are stored, in the byte order of this machine: a
    /// view of memory, or `scratch` (count elements) filled. Throws Error(kInput) where they cannot
    /// be read.
    [[nodiscard]] virtual std::span<const std::byte> read(std::size_t begin, std::size_t count,
                                                          std::span<std::byte> scratch) const = 0;

    /// Whether they were read already, so that read() costs nothing.
    [[nodiscard]] virtual bool in_memory() const noexcept { return false; }
};

/// Takes the weights of one tensor, portion by portion in the order of the file; those of a portion
/// come in any order and from several threads. Values are exactly representable in the tensor's
/// type. All throw Error(kOutput) where weights cannot be written.
class WeightSink {
  public:
    WeightSink() = default;
    virtual ~WeightSink() = default;
    WeightSink(const WeightSink&) = delete;
    WeightSink& operator=(const WeightSink&) = delete;

    /// Weights of a portion: a multiple of `unit`, or all that are left.
    [[nodiscard]] virtual std::size_t portion(std::size_t unit) const = 0;
    /// The next `count` weights are to come: a portion, or all that are left.
    virtual void begin(std::size_t count) = 0;
    /// Weights first .. first + values.size() - 1, of the portion that was begun.
    virtual void write(std::size_t first, std::span<const float> values) = 0;
    virtual void write(std::size_t first, std::span<const double> values) = 0;
    /// All weights of the portion have come.
    virtual void end() = 0;
};

/// The weights of a tensor: cheap to copy, immutable.
class Weights {
  public:
    /// In memory.
    Weights(WeightValues values);  // NOLINT(google-explicit-constructor): values are weights
    Weights(std::vector<float> values) : Weights(WeightValues(std::move(values))) {}   // NOLINT
    Weights(std::vector<double> values) : Weights(WeightValues(std::move(values))) {}  // NOLINT
    /// `storage`: the type of the source's elements.
    Weights(std::shared_ptr<const WeightSource> source, DType storage, std::size_t count)
        : source_(std::move(source)), storage_(storage), count_(count) {}

    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] DType storage() const noexcept { return storage_; }
    /// Whether stages compute with them in double (f64) or in float.
    [[nodiscard]] bool is_double() const noexcept { return storage_ == DType::kF64; }
    [[nodiscard]] const WeightSource& source() const noexcept { return *source_; }

    /// A copy of all of them in memory.
    [[nodiscard]] WeightValues values() const;

  private:
    std::shared_ptr<const WeightSource> source_;
    DType storage_;
    std::size_t count_;
};

/// The weights as clustering sees them: divided by the scale of their output channel where there
/// are scales, the quotient rounded to the tensor's type.
struct ScaledWeights {
    const Weights& weights;
    const Geometry& geometry;
    DType dtype;
    std::span<const double> scales;          // [output channel], or empty
    const Weights* sensitivities = nullptr;  // how much each matters; none: all the same
};

/// Calls body(std::type_identity<float>{}) or body(std::type_identity<double>{}), by what stages
/// compute with.
template <class Body>
decltype(auto) with_real(const Weights& weights, const Body& body) {
    return weights.is_double() ? body(std::type_identity<double>{})
                               : body(std::type_identity<float>{});
}

/// Reads blocks as Real (float for f16, bf16, f32; double for f64). One a thread at a time; what
/// read() returned is valid until the next call on the same reader.
template <class Real>
class BlockReader {
  public:
    explicit BlockReader(const Weights& weights);

    /// As stored.
    [[nodiscard]] std::span<const Real> read(std::size_t begin, std::size_t count);
    /// The bits of weights that are stored in 16.
    [[nodiscard]] std::span<const std::uint16_t> read_stored(std::size_t begin, std::size_t count);
    /// As clustering sees them.
    [[nodiscard]] std::span<const Real> read(const ScaledWeights& scaled, std::size_t begin,
                                             std::size_t count);
    /// The weights of a block, in its order.
    [[nodiscard]] std::span<const Real> read(const Geometry& geometry, const IndexBlock& block);
    [[nodiscard]] std::span<const Real> read(const ScaledWeights& scaled, const IndexBlock& block);

  private:
    const Weights& weights_;
    Scratch<Real> values_;
    Scratch<Real> assembled_;
    Scratch<std::byte> raw_;
};

extern template class BlockReader<float>;
extern template class BlockReader<double>;

}  // namespace pal
