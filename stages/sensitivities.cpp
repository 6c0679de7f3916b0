#include "stages/sensitivities.hpp"

#include <algorithm>
#include <cmath>

#include "stages/parallel/parallel.hpp"
#include "stages/stored_blocks.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// What values up to `largest` are multiplied by so that their sums stay in range.
double unit_for(double largest) {
    return largest > 0 ? std::ldexp(1.0, std::clamp(-std::ilogb(largest), -1022, 1022)) : 1;
}

double largest_of(const Weights& sensitivities) {
    std::vector<double> blocks((sensitivities.size() + kBlock - 1) / kBlock);
    with_real(sensitivities, [&](auto real) {
        using Real = typename decltype(real)::type;
        for_each_block(
            sensitivities.size(), [&](std::size_t b, std::size_t begin, std::size_t end) {
                BlockReader<Real> reader(sensitivities);
                const std::span<const Real> values = reader.read(begin, end - begin);
                blocks[b] = static_cast<double>(*std::max_element(values.begin(), values.end()));
            });
    });
    return *std::max_element(blocks.begin(), blocks.end());
}

struct WeightedSums {
    double error = 0;
    double energy = 0;
    double weight = 0;

    void add(const WeightedSums& other) {
        error += other.error;
        energy += other.energy;
        weight += other.weight;
    }
};

/// Without sensitivities each counts 1.
template <class Real, class Sensitivity>
WeightedSums sums_of(std::span<const Real> original, std::span<const Real> decoded,
                     std::span<const Sensitivity> sensitivities, double unit) {
    WeightedSums sums;
    for (std::size_t v = 0; v < original.size(); ++v) {
        const auto value = static_cast<double>(original[v]);
        const double error = value - static_cast<double>(decoded[v]);
        const double weight =
            sensitivities.empty() ? 1 : static_cast<double>(sensitivities[v]) * unit;
        sums.error += weight * error * error;
        sums.energy += weight * value * value;
        sums.weight += weight;
    }
    return sums;
}

template <class Real, class Sensitivity>
WeightedError weighted_error_as(const Weights& original, const Weights& sensitivities,
                                const PalettizedTensor& tensor) {
    const double largest = largest_of(sensitivities);
    std::vector<WeightedSums> chunks(tensor.chunks.size());
    for_each_decoded_block<Real>(
        original, tensor,
        [&](std::size_t c, const IndexBlock& block, std::span<const Real> values,
            std::span<const Real> decoded) {
            BlockReader<Sensitivity> weights(sensitivities);
            chunks[c].add(sums_of<Real, Sensitivity>(
                values, decoded,
                largest > 0 ? weights.read(tensor.geometry, block) : std::span<const Sensitivity>(),
                unit_for(largest)));
        });
    WeightedSums total;
    for (const WeightedSums& chunk : chunks) total.add(chunk);
    const double scale = largest > 0 ? 1 / unit_for(largest) : 0;
    return {total.error * scale, total.energy * scale, total.error / total.weight};
}

}  // namespace

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

std::optional<BadSensitivity> first_bad_sensitivity(const Weights& sensitivities) {
    std::vector<std::optional<BadSensitivity>> blocks((sensitivities.size() + kBlock - 1) / kBlock);
    with_real(sensitivities, [&](auto real) {
        using Real = typename decltype(real)::type;
        for_each_block(
            sensitivities.size(), [&](std::size_t b, std::size_t begin, std::size_t end) {
                BlockReader<Real> reader(sensitivities);
                const std::span<const Real> values = reader.read(begin, end - begin);
                const auto bad = std::find_if(values.begin(), values.end(), [](Real value) {
                    return !(value >= 0) || !std::isfinite(value);
                });
                if (bad == values.end()) return;
                blocks[b] = {begin + static_cast<std::size_t>(bad - values.begin()),
                             static_cast<double>(*bad)};
            });
    });
    const auto first = std::find_if(blocks.begin(), blocks.end(),
                                    [](const auto& block) { return block.has_value(); });
    return first == blocks.end() ? std::nullopt : *first;
}

WeightedError weighted_error(const Weights& original, const Weights& sensitivities,
                             const PalettizedTensor& tensor) {
    PAL_ASSERT(original.size() == sensitivities.size());
    return with_real(original, [&](auto real) {
        return with_real(sensitivities, [&](auto sensitivity) {
            return weighted_error_as<typename decltype(real)::type,
                                     typename decltype(sensitivity)::type>(original, sensitivities,
                                                                           tensor);
        });
    });
}

}  // namespace pal
