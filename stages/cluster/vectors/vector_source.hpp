// Sources of vectors, read block by block. Vectors in memory are handed out as they are; a tensor
// larger than memory can be read behind the same interface.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stages/cluster/types/points.hpp"

namespace pal::cluster {

/// Number of vectors that a task reads at a time. Random draws go block by block: another size
/// gives other LUTs.
inline constexpr std::size_t kReadBlock = 1 << 14;

template <class Real>
class VectorSource {
  public:
    VectorSource() = default;
    VectorSource(const VectorSource&) = delete;
    VectorSource& operator=(const VectorSource&) = delete;
    virtual ~VectorSource() = default;

    [[nodiscard]] virtual std::size_t count() const = 0;  // vectors, at least one
    [[nodiscard]] virtual std::size_t dim() const = 0;

    /// Returns vectors begin .. begin + count - 1, one after the other: a view, or `scratch` filled
    /// with them. Called from several threads at once, each with a scratch of its own.
    [[nodiscard]] virtual std::span<const Real> block(std::size_t begin, std::size_t count,
                                                      std::vector<Real>& scratch) const = 0;
    /// Returns their weights; empty means 1 each.
    [[nodiscard]] virtual std::span<const double> weights(std::size_t begin,
                                                          std::size_t count) const = 0;
};

/// Vectors in memory, which must outlive it.
template <class Real>
class PointsInMemory final : public VectorSource<Real> {
  public:
    PointsInMemory(const WeightedPoints<Real>& points, std::size_t dim)
        : points_(points), dim_(dim) {}

    [[nodiscard]] std::size_t count() const override { return points_.values.size() / dim_; }
    [[nodiscard]] std::size_t dim() const override { return dim_; }
    [[nodiscard]] std::span<const Real> block(std::size_t begin, std::size_t count,
                                              std::vector<Real>&) const override {
        return points_.values.subspan(begin * dim_, count * dim_);
    }
    [[nodiscard]] std::span<const double> weights(std::size_t begin,
                                                  std::size_t count) const override {
        return points_.weights.empty() ? points_.weights : points_.weights.subspan(begin, count);
    }

  private:
    WeightedPoints<Real> points_;
    std::size_t dim_;
};

/// Another source with every value multiplied by `unit`.
template <class Real>
class VectorsInUnits final : public VectorSource<Real> {
  public:
    VectorsInUnits(const VectorSource<Real>& source, Real unit) : source_(source), unit_(unit) {}

    [[nodiscard]] std::size_t count() const override { return source_.count(); }
    [[nodiscard]] std::size_t dim() const override { return source_.dim(); }
    [[nodiscard]] std::span<const Real> block(std::size_t begin, std::size_t count,
                                              std::vector<Real>& scratch) const override {
        const std::span<const Real> values = source_.block(begin, count, scratch);
        scratch.resize(values.size());  // no change if the values lie there already
        for (std::size_t i = 0; i < values.size(); ++i) scratch[i] = values[i] * unit_;
        return scratch;
    }
    [[nodiscard]] std::span<const double> weights(std::size_t begin,
                                                  std::size_t count) const override {
        return source_.weights(begin, count);
    }

  private:
    const VectorSource<Real>& source_;
    Real unit_;
};

}  // namespace pal::cluster
