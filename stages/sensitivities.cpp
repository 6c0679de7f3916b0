#include "stages/sensitivities.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>

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

/// The steps of coreai_opt, in the type that the sensitivities are stored in.
class Normalization {
  public:
    Normalization(double largest, DType type) : type_(type) {
        // coreai_opt's factor has no effect but on rounding. It must not make infinities.
        if (!std::isfinite(rounded(kFactor * largest))) factor_ = 1;
        largest_ = rounded(factor_ * largest);
    }

    /// Divides by the largest.
    [[nodiscard]] double share(double value) const {
        return largest_ > 0 ? rounded(rounded(factor_ * value) / largest_) : 1;
    }
    /// least: the least share above 0.
    [[nodiscard]] double operator()(double value, double least) const {
        const double own = share(value);
        return std::max(own > 0 ? own : least, rounded(kLeast));
    }

  private:
    static constexpr double kFactor = 100;
    static constexpr double kLeast = 1e-12;

    [[nodiscard]] double rounded(double value) const { return round_to_dtype(value, type_); }

    DType type_;
    double factor_ = kFactor;
    double largest_ = 0;
};

template <class Real>
class NormalizedSource : public WeightSource {
  public:
    explicit NormalizedSource(const Weights& raw)
        : raw_(raw), normalization_(largest_of(raw), raw.storage()) {
        std::vector<double> blocks((raw.size() + kBlock - 1) / kBlock, 1);
        for_each_block(raw.size(), [&](std::size_t b, std::size_t begin, std::size_t end) {
            BlockReader<Real> reader(raw_);
            for (const Real value : reader.read(begin, end - begin)) {
                const double share = normalization_.share(static_cast<double>(value));
                if (share > 0) blocks[b] = std::min(blocks[b], share);
            }
        });
        least_ = *std::min_element(blocks.begin(), blocks.end());
    }

    [[nodiscard]] std::span<const std::byte> read(std::size_t begin, std::size_t count,
                                                  std::span<std::byte> scratch) const override {
        BlockReader<Real> reader(raw_);
        const std::span<const Real> values = reader.read(begin, count);
        const std::span<Real> normalized(reinterpret_cast<Real*>(scratch.data()), count);
        std::ranges::transform(values, normalized.begin(), [&](Real value) {
            return static_cast<Real>(normalization_(static_cast<double>(value), least_));
        });
        return std::as_bytes(normalized);
    }

  private:
    Weights raw_;
    Normalization normalization_;
    double least_ = 1;  // share
};

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

Weights normalized_like_coreai(const Weights& sensitivities) {
    return with_real(sensitivities, [&](auto real) {
        using Real = typename decltype(real)::type;
        return Weights(std::make_shared<NormalizedSource<Real>>(sensitivities),
                       std::is_same_v<Real, double> ? DType::kF64 : DType::kF32,
                       sensitivities.size());
    });
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
