// Weights of a tensor and how stages read them: in blocks, from memory or from a file, without a
// copy of the whole. Every pass reads this way: a tensor larger than memory takes the same path, to
// the same bytes.
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

    /// Returns weights begin .. begin + count - 1 as stored, in the byte order of this machine: a
    /// view of memory, or of `scratch`, which it then fills. scratch: room for count elements.
    /// Throws Error(kInput) if they cannot be read.
    [[nodiscard]] virtual std::span<const std::byte> read(std::size_t begin, std::size_t count,
                                                          std::span<std::byte> scratch) const = 0;

    /// True if the weights are in memory already, so that read() costs nothing.
    [[nodiscard]] virtual bool in_memory() const noexcept { return false; }
};

/// Receives the weights of one tensor, portion after portion in the order of the file. Weights of a
/// portion arrive in any order and from several threads. The tensor's type represents them exactly.
/// All functions throw Error(kOutput) if weights cannot be written.
class WeightSink {
  public:
    WeightSink() = default;
    virtual ~WeightSink() = default;
    WeightSink(const WeightSink&) = delete;
    WeightSink& operator=(const WeightSink&) = delete;

    /// Number of weights of a portion: a multiple of `unit`, or all weights.
    [[nodiscard]] virtual std::size_t portion(std::size_t unit) const = 0;
    /// Begins a portion: the next `count` weights. The last portion may be short.
    virtual void begin(std::size_t count) = 0;
    /// Receives weights first .. first + values.size() - 1 of the tensor. They belong to the
    /// portion that was begun.
    virtual void write(std::size_t first, std::span<const float> values) = 0;
    virtual void write(std::size_t first, std::span<const double> values) = 0;
    /// Ends a portion, after all of its weights.
    virtual void end() = 0;
};

/// Weights of one tensor. Cheap to copy, immutable.
class Weights {
  public:
    /// Holds values in memory.
    Weights(WeightValues values);  // NOLINT(google-explicit-constructor): values are weights
    Weights(std::vector<float> values) : Weights(WeightValues(std::move(values))) {}   // NOLINT
    Weights(std::vector<double> values) : Weights(WeightValues(std::move(values))) {}  // NOLINT
    /// Reads `count` weights from `source` when they are asked for. storage: type of its elements.
    Weights(std::shared_ptr<const WeightSource> source, DType storage, std::size_t count)
        : source_(std::move(source)), storage_(storage), count_(count) {}

    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] DType storage() const noexcept { return storage_; }
    /// True if stages compute with these weights in double (f64), false if in float.
    [[nodiscard]] bool is_double() const noexcept { return storage_ == DType::kF64; }
    [[nodiscard]] const WeightSource& source() const noexcept { return *source_; }

    /// Returns a copy of all weights in memory. Parallel.
    [[nodiscard]] WeightValues values() const;

  private:
    std::shared_ptr<const WeightSource> source_;
    DType storage_;
    std::size_t count_;
};

/// Weights as clustering sees them: divided by the scale of their output channel, if there are
/// scales, and rounded to the tensor's type. Refers to all that it is made of.
struct ScaledWeights {
    const Weights& weights;
    const Geometry& geometry;
    DType dtype;
    std::span<const double> scales;          // [output channel], or empty
    const Weights* sensitivities = nullptr;  // one per weight; null: all weights matter the same
};

/// Calls body(std::type_identity<double>{}) if weights.is_double(), else with float.
template <class Body>
decltype(auto) with_real(const Weights& weights, const Body& body) {
    return weights.is_double() ? body(std::type_identity<double>{})
                               : body(std::type_identity<float>{});
}

/// Reads blocks as Real: float for f16, bf16 and f32, double for f64. Not thread-safe: each thread
/// has readers of its own. A result is valid until the next call on the same reader.
template <class Real>
class BlockReader {
  public:
    explicit BlockReader(const Weights& weights);

    /// Returns weights begin .. begin + count - 1, unscaled.
    [[nodiscard]] std::span<const Real> read(std::size_t begin, std::size_t count);
    /// Returns the bits of weights whose storage is f16 or bf16.
    [[nodiscard]] std::span<const std::uint16_t> read_stored(std::size_t begin, std::size_t count);
    /// Returns weights as clustering sees them.
    [[nodiscard]] std::span<const Real> read(const ScaledWeights& scaled, std::size_t begin,
                                             std::size_t count);
    /// Returns the weights of a block, in its order.
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
