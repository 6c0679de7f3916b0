#include "stages/groups/point_weights.hpp"

#include <algorithm>

#include "stages/tensor/error.hpp"
#include "stages/tensor/unit.hpp"

namespace pal {

PointWeights::PointWeights(const ScaledWeights& source, std::size_t first, std::size_t count)
    : groups_(gathered(source, first, count)), dim_(source.geometry.cluster_dim) {}

PointWeights::Groups PointWeights::gathered(const ScaledWeights& source, std::size_t first,
                                            std::size_t count) {
    PAL_ASSERT(source.sensitivities != nullptr);
    const Weights& sensitivities = *source.sensitivities;
    const ScaledWeights unscaled{sensitivities, source.geometry, sensitivities.storage(), {}};
    return with_real(sensitivities, [&](auto real) -> Groups {
        using Real = typename decltype(real)::type;
        return GatheredGroups<Real>(unscaled, first, count);
    });
}

PointWeights::Group PointWeights::of_group(std::size_t group) const {
    return std::visit(
        [&](const auto& groups) {
            const auto values = groups.points(group);
            const double unit =
                unit_for(static_cast<double>(*std::max_element(values.begin(), values.end())));
            Group own{std::vector<double>(values.size() / dim_), 1 / unit};
            double sum = 0;
            for (std::size_t p = 0; p < own.weights.size(); ++p) {
                for (std::size_t t = 0; t < dim_; ++t)
                    own.weights[p] += static_cast<double>(values[p * dim_ + t]) * unit;
                sum += own.weights[p];
            }
            if (!(sum > 0)) {
                std::fill(own.weights.begin(), own.weights.end(), 1.0);
                own.scale = 0;
            }
            return own;
        },
        groups_);
}

}  // namespace pal
