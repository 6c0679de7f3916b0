#include "stages/cluster_groups.hpp"

#include <span>

#include "stages/cluster/cluster.hpp"
#include "stages/error.hpp"
#include "stages/parallel.hpp"

namespace pal {

namespace {

std::uint64_t mixed(std::uint64_t value) noexcept {  // splitmix64, Steele, Lea and Flood 2014
    value += 0x9E3779B97F4A7C15U;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31);
}

std::uint64_t seed_of(std::uint64_t seed, std::string_view path, std::size_t group) noexcept {
    std::uint64_t hash = mixed(seed);
    for (const char c : path) hash = mixed(hash ^ static_cast<unsigned char>(c));
    return mixed(hash ^ group);
}

/// The points of one group, vector after vector; a view where they lie together already.
template <class Real>
class GroupPoints {
  public:
    GroupPoints(const std::vector<Real>& values, const Geometry& geometry, std::size_t group) {
        if (geometry.cluster_dim == 1 && geometry.run_count() == 1) {
            const IndexRun run = geometry.run(group, 0);
            view_ = std::span(values).subspan(run.begin, run.length);
            return;
        }
        gathered_.reserve(geometry.group_index_count(group) * geometry.cluster_dim);
        for (std::size_t r = 0; r < geometry.run_count(); ++r) {
            const IndexRun run = geometry.run(group, r);
            for (std::size_t p = run.begin; p < run.begin + run.length; ++p) {
                const Real* first = values.data() + geometry.weight_position(p);
                for (std::size_t t = 0; t < geometry.cluster_dim; ++t) {
                    gathered_.push_back(first[t * geometry.vector_stride()]);
                }
            }
        }
        view_ = gathered_;
    }

    [[nodiscard]] std::span<const Real> points() const noexcept { return view_; }

  private:
    std::vector<Real> gathered_;
    std::span<const Real> view_;
};

template <class Real>
Palette cluster_points(const WeightedPoints<Real>& points, DType dtype,
                       const PalettizationSpec& spec, Engine engine, std::uint64_t seed) {
    const std::size_t max_clusters = std::size_t{1} << spec.n_bits;
    if (spec.cluster_dim > 1) return cluster_vectors(points, spec.cluster_dim, max_clusters, seed);
    switch (engine) {
        case Engine::kFast:
            return cluster_fast(points, dtype, max_clusters);
        case Engine::kExact:
            return cluster_exact(points, max_clusters);
        case Engine::kReference:
            return cluster_reference(points, dtype, spec, max_clusters);
    }
    PAL_ASSERT(false);
}

/// Rounds the centroids into their place in the LUT; padding repeats the last one and is never
/// referenced.
void store_palette(const Palette& palette, DType dtype, std::span<double> lut, std::size_t dim) {
    const std::size_t given = palette.centroids.size();
    PAL_ASSERT(given > 0 && given <= lut.size() && given % dim == 0);
    for (std::size_t v = 0; v < lut.size(); ++v) {
        const std::size_t source = v < given ? v : given - dim + v % dim;
        lut[v] = round_to_dtype(palette.centroids[source], dtype);
    }
}

void store_clusters(const Palette& palette, const Geometry& geometry, std::size_t group,
                    std::vector<std::uint8_t>& indices) {
    std::size_t next = 0;
    for (std::size_t r = 0; r < geometry.run_count(); ++r) {
        const IndexRun run = geometry.run(group, r);
        for (std::size_t p = run.begin; p < run.begin + run.length; ++p) {
            indices[p] = palette.clusters[next++];
        }
    }
}

}  // namespace

GroupPalettes cluster_groups(const WeightValues& weights, const Geometry& geometry, DType dtype,
                             const PalettizationSpec& spec, const ClusterOptions& options,
                             std::string_view path) {
    const std::size_t stride = (std::size_t{1} << spec.n_bits) * spec.cluster_dim;
    const bool keep_clusters = options.engine == Engine::kReference && spec.cluster_dim == 1;
    GroupPalettes result;
    result.lut.resize(geometry.group_count * stride);
    if (keep_clusters) result.indices.resize(geometry.index_count);
    std::visit(
        [&](const auto& values) {
            using Real = typename std::decay_t<decltype(values)>::value_type;
            for_each_task(geometry.group_count, [&](std::size_t group) {
                const GroupPoints<Real> points(values, geometry, group);
                const Palette palette =
                    cluster_points(WeightedPoints<Real>{points.points(), {}}, dtype, spec,
                                   options.engine, seed_of(options.seed, path, group));
                store_palette(palette, dtype, std::span(result.lut).subspan(group * stride, stride),
                              spec.cluster_dim);
                if (keep_clusters) store_clusters(palette, geometry, group, result.indices);
            });
        },
        weights);
    return result;
}

}  // namespace pal
