// Vectors of one group, in the order of index positions, read from the tensor block by block. For
// groups too large to be gathered (GatheredGroups).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stages/cluster/vectors/vector_source.hpp"
#include "stages/weights/weights.hpp"

namespace pal {

template <class Real>
class GroupVectors final : public cluster::VectorSource<Real> {
  public:
    /// Everything that `source` refers to must outlive this object.
    GroupVectors(const ScaledWeights& source, std::size_t group) : source_(source), group_(group) {}

    [[nodiscard]] std::size_t count() const override {
        return source_.geometry.group_index_count(group_);
    }
    [[nodiscard]] std::size_t dim() const override { return source_.geometry.cluster_dim; }
    [[nodiscard]] std::span<const Real> block(std::size_t begin, std::size_t count,
                                              std::vector<Real>& scratch) const override;
    [[nodiscard]] std::span<const double> weights(std::size_t, std::size_t) const override {
        return {};
    }

  private:
    ScaledWeights source_;
    std::size_t group_;
};

extern template class GroupVectors<float>;
extern template class GroupVectors<double>;

}  // namespace pal
