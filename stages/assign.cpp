#include "stages/assign.hpp"

#include <array>
#include <cmath>
#include <limits>

#include "stages/error.hpp"
#include "stages/parallel.hpp"

namespace pal {

namespace {

constexpr std::size_t kMaxEntries = 256;

/// The largest Real at which the lower of two neighbouring entries is still the nearer one or ties.
template <class Real>
Real threshold_between(double lower, double upper) {
    const double middle = lower + (upper - lower) / 2;
    auto threshold = static_cast<Real>(middle);
    if (static_cast<double>(threshold) > middle) {
        threshold = std::nextafter(threshold, -std::numeric_limits<Real>::infinity());
    }
    return threshold;
}

/// A LUT prepared for search: equal entries are one, and between two neighbours stands a threshold.
/// The position among the distinct entries is the number of thresholds below a value.
template <class Real>
class NearestScalar {
  public:
    explicit NearestScalar(std::span<const double> lut) {
        PAL_ASSERT(!lut.empty() && lut.size() <= kMaxEntries);
        thresholds_.fill(std::numeric_limits<Real>::infinity());
        first_index_[0] = 0;
        std::size_t distinct = 1;
        for (std::size_t e = 1; e < lut.size(); ++e) {
            if (lut[e] == lut[e - 1]) continue;
            PAL_ASSERT(lut[e] > lut[e - 1]);
            thresholds_[distinct - 1] = threshold_between<Real>(lut[e - 1], lut[e]);
            first_index_[distinct++] = static_cast<std::uint8_t>(e);
        }
        while (span_ < distinct) span_ *= 2;
    }

    void find(std::span<const Real> values, std::uint8_t* indices) const {
        if (span_ <= 16) return count_thresholds(values, indices);
        for (std::size_t v = 0; v < values.size(); ++v) {
            std::size_t position = 0;
            for (std::size_t half = span_ / 2; half > 0; half /= 2) {
                position += values[v] > thresholds_[position + half - 1] ? half : 0;
            }
            indices[v] = first_index_[position];
        }
    }

  private:
    void count_thresholds(std::span<const Real> values, std::uint8_t* indices) const {
        for (std::size_t v = 0; v < values.size(); ++v) {
            unsigned position = 0;
            for (std::size_t t = 0; t < 15; ++t) position += values[v] > thresholds_[t] ? 1U : 0U;
            indices[v] = first_index_[position];
        }
    }

    std::array<Real, kMaxEntries> thresholds_{};
    std::array<std::uint8_t, kMaxEntries> first_index_{};
    std::size_t span_ = 1;  // the number of distinct entries, up to a power of two
};

template <class Real>
std::uint8_t nearest_vector(const Real* first, std::size_t stride, std::span<const double> lut,
                            std::size_t dim) {
    std::size_t best = 0;
    double best_distance = std::numeric_limits<double>::infinity();
    for (std::size_t e = 0; e * dim < lut.size(); ++e) {
        double distance = 0;
        for (std::size_t t = 0; t < dim; ++t) {
            const double difference = static_cast<double>(first[t * stride]) - lut[e * dim + t];
            distance += difference * difference;
        }
        if (distance < best_distance) {
            best = e;
            best_distance = distance;
        }
    }
    return static_cast<std::uint8_t>(best);
}

/// Index positions [begin, end), which lie in one group.
template <class Real>
void assign_range(const std::vector<Real>& values, const Geometry& geometry,
                  std::span<const double> lut, const NearestScalar<Real>* scalar, std::size_t begin,
                  std::size_t end, std::vector<std::uint8_t>& indices) {
    if (scalar != nullptr) {
        scalar->find(std::span(values).subspan(begin, end - begin), indices.data() + begin);
        return;
    }
    for (std::size_t p = begin; p < end; ++p) {
        indices[p] = nearest_vector(values.data() + geometry.weight_position(p),
                                    geometry.vector_stride(), lut, geometry.cluster_dim);
    }
}

}  // namespace

template <class Real>
void assign_nearest(std::span<const Real> values, std::span<const double> lut,
                    std::span<std::uint8_t> indices) {
    PAL_ASSERT(values.size() == indices.size());
    NearestScalar<Real>(lut).find(values, indices.data());
}

template void assign_nearest<float>(std::span<const float>, std::span<const double>,
                                    std::span<std::uint8_t>);
template void assign_nearest<double>(std::span<const double>, std::span<const double>,
                                     std::span<std::uint8_t>);

std::vector<std::uint8_t> assign(const WeightValues& weights, const Geometry& geometry,
                                 const std::vector<double>& lut, std::size_t entries) {
    std::vector<std::uint8_t> indices(geometry.index_count);
    const std::size_t stride = entries * geometry.cluster_dim;
    std::visit(
        [&](const auto& values) {
            using Real = typename std::decay_t<decltype(values)>::value_type;
            for_each_task(geometry.group_count, [&](std::size_t group) {
                const auto group_lut = std::span(lut).subspan(group * stride, stride);
                std::optional<NearestScalar<Real>> scalar;
                if (geometry.cluster_dim == 1) scalar.emplace(group_lut);
                const NearestScalar<Real>* search = scalar ? &*scalar : nullptr;
                for (std::size_t r = 0; r < geometry.run_count(); ++r) {
                    const IndexRun run = geometry.run(group, r);
                    for_each_block(run.length,
                                   [&](std::size_t, std::size_t begin, std::size_t end) {
                                       assign_range(values, geometry, group_lut, search,
                                                    run.begin + begin, run.begin + end, indices);
                                   });
                }
            });
        },
        weights);
    return indices;
}

}  // namespace pal
