// Where the vector engine gets its points from, block by block. What lies in memory is handed out
// as it is; a tensor larger than memory can be read behind the same interface.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stages/cluster/cluster.hpp"

namespace pal::cluster {

template <class Real>
class VectorSource {
  public:
    VectorSource() = default;
    VectorSource(const VectorSource&) = delete;
    VectorSource& operator=(const VectorSource&) = delete;
    virtual ~VectorSource() = default;

    [[nodiscard]] virtual std::size_t count() const = 0;  // vectors, at least one
    [[nodiscard]] virtual std::size_t dim() const = 0;

    /// Vectors begin .. begin + count - 1, one after the other: a view, or scratch filled with
    /// them. Called from several threads at once, each with a scratch of its own.
    [[nodiscard]] virtual std::span<const Real> block(std::size_t begin, std::size_t count,
                                                      std::vector<Real>& scratch) const = 0;
    /// Their weights; empty where every weight is 1.
    [[nodiscard]] virtual std::span<const double> weights(std::size_t begin,
                                                          std::size_t count) const = 0;
};

/// Points in memory. With a unit other than 1 every value is multiplied by it on the way out.
template <class Real>
class PointsInMemory final : public VectorSource<Real> {
  public:
    PointsInMemory(const WeightedPoints<Real>& points, std::size_t dim, Real unit = 1)
        : points_(points), dim_(dim), unit_(unit) {}

    [[nodiscard]] std::size_t count() const override { return points_.values.size() / dim_; }
    [[nodiscard]] std::size_t dim() const override { return dim_; }
    [[nodiscard]] std::span<const Real> block(std::size_t begin, std::size_t count,
                                              std::vector<Real>& scratch) const override {
        const auto values = points_.values.subspan(begin * dim_, count * dim_);
        if (unit_ == Real{1}) return values;
        scratch.resize(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) scratch[i] = values[i] * unit_;
        return scratch;
    }
    [[nodiscard]] std::span<const double> weights(std::size_t begin,
                                                  std::size_t count) const override {
        return points_.weights.empty() ? points_.weights : points_.weights.subspan(begin, count);
    }

  private:
    WeightedPoints<Real> points_;
    std::size_t dim_;
    Real unit_;
};

/// Points of its own: what training takes from a source.
template <class Real>
struct TrainingSet {
    std::size_t dim = 1;
    std::vector<Real> values;     // [count][dim]
    std::vector<double> weights;  // [count]
    [[nodiscard]] std::size_t count() const { return weights.size(); }
    [[nodiscard]] PointsInMemory<Real> source() const { return {{values, weights}, dim}; }
};

/// cluster_vectors for any source. Values so far from the range of double that their squares leave
/// it must be scaled by the source.
template <class Real>
[[nodiscard]] Palette cluster_source(const VectorSource<Real>& source, std::size_t max_clusters,
                                     std::uint64_t seed);

}  // namespace pal::cluster
