#include "stages/cluster_groups.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <span>

#include "stages/cluster/bounds/certificate.hpp"
#include "stages/cluster/cluster.hpp"
#include "stages/cluster/vectors/random.hpp"
#include "stages/groups/group_points.hpp"
#include "stages/groups/group_vectors.hpp"
#include "stages/kernels/convert.hpp"
#include "stages/parallel/parallel.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

std::uint64_t seed_of(std::uint64_t seed, std::string_view path, std::size_t group) noexcept {
    std::uint64_t hash = cluster::splitmix64(seed);
    for (const char c : path) hash = cluster::splitmix64(hash ^ static_cast<unsigned char>(c));
    return cluster::splitmix64(hash ^ group);
}

bool is_streamed(const Geometry& geometry, DType dtype, Engine engine, bool weighted) {
    return engine == Engine::kFast && can_stream_groups(geometry, dtype, weighted);
}

/// True if vectors are read from the tensor, in passes over each group, instead of gathered.
bool reads_vectors(const Geometry& geometry, DType dtype, const ClusterOptions& options,
                   bool weighted) {
    return geometry.cluster_dim > 1 &&
           gathered_group_bytes(geometry, dtype) > options.gather_bytes && !weighted;
}

/// Rounds a centroid to the weights' type; engine reference by way of float32, as upstream does.
/// Rounding does not lead beyond the type's end.
double rounded_centroid(double centroid, DType dtype, Engine engine) {
    const bool is_half = dtype == DType::kF16 || dtype == DType::kBF16;
    const bool twice = engine == Engine::kReference && is_half;
    const double most = largest_finite(dtype);
    return std::clamp(
        round_to_dtype(twice ? static_cast<double>(static_cast<float>(centroid)) : centroid, dtype),
        -most, most);
}

/// Returns whether later stages and readers can use a group's entries: numbers, and ascending where
/// they are scalars.
bool is_usable(std::span<const double> entries, std::size_t dim) {
    const bool numbers =
        std::ranges::none_of(entries, [](double entry) { return std::isnan(entry); });
    return numbers && (dim > 1 || std::ranges::is_sorted(entries));
}

/// Rounds the centroids into a LUT. Padding repeats the last centroid; no index refers to it.
void store_lut(const Lut& lut, DType dtype, Engine engine, std::span<double> entries,
               std::size_t dim) {
    const std::size_t given = lut.centroids.size();
    PAL_ASSERT(given > 0 && given <= entries.size() && given % dim == 0);
    for (std::size_t v = 0; v < entries.size(); ++v) {
        const std::size_t source = v < given ? v : given - dim + v % dim;
        entries[v] = rounded_centroid(lut.centroids[source], dtype, engine);
    }
}

void store_clusters(const Lut& lut, const Geometry& geometry, std::size_t group,
                    std::vector<std::uint8_t>& indices) {
    std::size_t next = 0;
    for (std::size_t r = 0; r < geometry.run_count(); ++r) {
        const IndexRun run = geometry.run(group, r);
        for (std::size_t p = run.begin; p < run.begin + run.length; ++p) {
            indices[p] = lut.clusters[next++];
        }
    }
}

/// Clusters the groups of one tensor.
class GroupClusterer {
  public:
    GroupClusterer(const ScaledWeights& source, const PalettizationSpec& spec,
                   const ClusterOptions& options, std::string_view path)
        : source_(source), spec_(spec), options_(options), path_(path) {
        const Geometry& geometry = source.geometry;
        stride_ = (std::size_t{1} << spec.n_bits) * spec.cluster_dim;
        keep_clusters_ = options.engine == Engine::kReference && spec.cluster_dim == 1;
        result_.lut.resize(geometry.group_count * stride_);
        if (keep_clusters_) result_.indices.resize(geometry.index_count);
        if (options.certify && spec.cluster_dim == 1) gaps_.resize(geometry.group_count);
    }

    std::optional<GroupLuts> run() {
        if (is_streamed(source_.geometry, source_.dtype, options_.engine, weighted())) {
            for_each_task(source_.geometry.group_count,
                          [&](std::size_t group) { cluster_streamed(group); });
        } else {
            with_real(source_.weights, [&](auto real) {
                using Real = typename decltype(real)::type;
                reads_vectors(source_.geometry, source_.dtype, options_, weighted())
                    ? cluster_read_vectors<Real>()
                    : cluster_gathered<Real>();
            });
        }
        if (!finite_) return std::nullopt;
        if (!gaps_.empty()) result_.optimality_gap = *std::max_element(gaps_.begin(), gaps_.end());
        return std::move(result_);
    }

  private:
    void cluster_streamed(std::size_t group) {
        BlockReader<float> reader(source_.weights);
        const cluster::FloatBlocks blocks = blocks_of_group(source_, group, reader);
        const auto lut = cluster_fast(blocks, source_.dtype, max_clusters());
        store(group, lut);
        if (lut) certify(group, blocks, *lut);
    }

    /// Clusters large groups one after the other, each in parallel: one training set at a time.
    template <class Real>
    void cluster_read_vectors() {
        for (std::size_t group = 0; group < source_.geometry.group_count; ++group) {
            const GroupVectors<Real> vectors(source_, group);
            store(group,
                  cluster::cluster_source(vectors, max_clusters(), seed(group), options_.effort));
        }
    }

    template <class Real>
    void cluster_gathered() {
        for_each_gathered_group<Real>(
            source_, options_.gather_bytes,
            [&](std::size_t group, const WeightedPoints<Real>& points, double) {
                const auto lut = lut_of(points, group);
                store(group, lut);
                if (lut) certify(group, points, *lut);
            });
    }

    template <class Real>
    std::optional<Lut> lut_of(const WeightedPoints<Real>& points, std::size_t group) const {
        if (!kernels::all_finite(points.values)) return std::nullopt;
        if (spec_.cluster_dim > 1) {
            return cluster_vectors(points, spec_.cluster_dim, max_clusters(), seed(group),
                                   options_.effort);
        }
        switch (options_.engine) {
            case Engine::kFast:
                return cluster_fast(points, source_.dtype, max_clusters());
            case Engine::kExact:
                return cluster_exact(points, max_clusters());
            case Engine::kReference:
                return cluster_reference(points, source_.dtype, spec_, max_clusters());
        }
        PAL_ASSERT(false);
    }

    [[nodiscard]] bool weighted() const { return source_.sensitivities != nullptr; }
    [[nodiscard]] std::size_t max_clusters() const { return std::size_t{1} << spec_.n_bits; }
    [[nodiscard]] std::uint64_t seed(std::size_t group) const {
        return seed_of(options_.seed, path_, options_.first_group + group);
    }

    void certify(std::size_t group, const cluster::FloatBlocks& blocks, const Lut& lut) {
        if (gaps_.empty()) return;
        gaps_[group] = cluster::certify(blocks, source_.dtype, lut.centroids, max_clusters(),
                                        *options_.certify)
                           .gap;
    }
    template <class Real>
    void certify(std::size_t group, const WeightedPoints<Real>& points, const Lut& lut) {
        if constexpr (std::is_same_v<Real, float>) {
            if (points.weights.empty())
                return certify(group, cluster::blocks_of(points.values), lut);
        }
        if (gaps_.empty()) return;
        gaps_[group] =
            cluster::certify(points, lut.centroids, max_clusters(), *options_.certify).gap;
    }

    void store(std::size_t group, const std::optional<Lut>& lut) {
        if (!lut) {
            finite_ = false;
            return;
        }
        const auto entries = std::span(result_.lut).subspan(group * stride_, stride_);
        store_lut(*lut, source_.dtype, options_.engine, entries, spec_.cluster_dim);
        if (!is_usable(entries, spec_.cluster_dim)) refuse(group);
        if (keep_clusters_) store_clusters(*lut, source_.geometry, group, result_.indices);
    }

    [[noreturn]] void refuse(std::size_t group) const {
        throw Error(ErrorCode::kCheckFailed,
                    std::string(path_) + ": engine " + std::string(engine_name(options_.engine)) +
                        " found no palette for group " + std::to_string(group) +
                        ", whose weights or sensitivities span more than double precision holds; "
                        "another --engine may do, --exclude leaves the tensor as it is");
    }

    const ScaledWeights& source_;
    const PalettizationSpec& spec_;
    const ClusterOptions& options_;
    std::string_view path_;
    std::size_t stride_ = 0;
    bool keep_clusters_ = false;
    GroupLuts result_;
    std::vector<double> gaps_;  // [group]; empty if not asked for
    std::atomic<bool> finite_{true};
};

}  // namespace

std::optional<GroupLuts> cluster_groups(const ScaledWeights& source, const PalettizationSpec& spec,
                                        const ClusterOptions& options, std::string_view path) {
    return GroupClusterer(source, spec, options, path).run();
}

std::uint64_t clustering_bytes(const Geometry& geometry, DType dtype, const PalettizationSpec& spec,
                               const ClusterOptions& options, bool weighted) {
    if (is_streamed(geometry, dtype, options.engine, weighted)) return 0;
    const std::uint64_t real_bytes = dtype == DType::kF64 ? 8 : 4;
    const std::uint64_t weight_bytes = geometry.weight_count * real_bytes;
    const std::uint64_t a_group = gathered_group_bytes(geometry, dtype);
    if (reads_vectors(geometry, dtype, options, weighted)) {
        return std::min(weight_bytes,
                        cluster::vector_training_bytes(geometry.cluster_dim,
                                                       std::size_t{1} << spec.n_bits, real_bytes));
    }
    const std::uint64_t gathered = std::min(weight_bytes, std::max(options.gather_bytes, a_group));
    // Bytes per point: its sensitivity, its weight, and what sorts or bins them.
    constexpr std::uint64_t kWeightedBytes = 40;
    return gathered + (weighted ? gathered / real_bytes * kWeightedBytes : 0);
}

}  // namespace pal
