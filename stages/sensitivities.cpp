#include "stages/sensitivities.hpp"

#include <algorithm>
#include <cmath>

#include "stages/parallel/parallel.hpp"
#include "stages/stored_blocks.hpp"
#include "stages/tensor/error.hpp"
#include "stages/tensor/unit.hpp"

namespace pal {

namespace {

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

/// Sums of one block. Every weight counts 1 if `sensitivities` is empty.
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
