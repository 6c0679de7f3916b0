#include "stages/assign.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "stages/error.hpp"
#include "stages/kernels/nearest_vectors.hpp"
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

/// Vectors [begin, begin + indices.size()) of index positions, gathered component after component.
template <class Real>
void assign_vectors(const std::vector<Real>& values, const Geometry& geometry,
                    const kernels::NearestVectors<Real>& search, std::size_t begin,
                    std::span<std::uint8_t> indices) {
    constexpr std::size_t kGathered = 512;  // as many as the search takes at a time
    const std::size_t inner = geometry.vector_stride();
    std::vector<Real> components(geometry.cluster_dim * kGathered);
    for (std::size_t done = 0; done < indices.size();) {
        const std::size_t count = std::min(kGathered, indices.size() - done);
        for (std::size_t v = 0; v < count;) {
            const std::size_t p =
                begin + done + v;  // its neighbours up to the end of the row follow
            const std::size_t in_row = std::min(count - v, inner - p % inner);
            const Real* first = values.data() + geometry.weight_position(p);
            for (std::size_t t = 0; t < geometry.cluster_dim; ++t) {
                std::copy_n(first + t * inner, in_row, components.data() + t * kGathered + v);
            }
            v += in_row;
        }
        search.find(components.data(), 1, kGathered, indices.subspan(done, count));
        done += count;
    }
}

/// The search that a group's LUT needs.
template <class Real>
class GroupSearch {
  public:
    GroupSearch(std::span<const double> lut, std::size_t dim) {
        if (dim == 1) {
            scalars_.emplace(lut);
        } else {
            vectors_.emplace(lut, dim);
        }
    }

    /// Index positions [begin, begin + indices.size()), which lie in one run of the group.
    void find(const std::vector<Real>& values, const Geometry& geometry, std::size_t begin,
              std::span<std::uint8_t> indices) const {
        if (scalars_) {
            scalars_->find(std::span(values).subspan(begin, indices.size()), indices.data());
        } else if (geometry.vector_stride() == 1) {
            vectors_->find(values.data() + geometry.weight_position(begin), geometry.cluster_dim, 1,
                           indices);
        } else {
            assign_vectors(values, geometry, *vectors_, begin, indices);
        }
    }

  private:
    std::optional<NearestScalar<Real>> scalars_;
    std::optional<kernels::NearestVectors<Real>> vectors_;
};

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
                const GroupSearch<Real> search(group_lut, geometry.cluster_dim);
                for (std::size_t r = 0; r < geometry.run_count(); ++r) {
                    const IndexRun run = geometry.run(group, r);
                    const auto out = std::span(indices).subspan(run.begin, run.length);
                    for_each_block(run.length,
                                   [&](std::size_t, std::size_t begin, std::size_t end) {
                                       search.find(values, geometry, run.begin + begin,
                                                   out.subspan(begin, end - begin));
                                   });
                }
            });
        },
        weights);
    return indices;
}

}  // namespace pal
