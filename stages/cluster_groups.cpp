#include "stages/cluster_groups.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <span>

#include "stages/cluster/certificate.hpp"
#include "stages/cluster/cluster.hpp"
#include "stages/error.hpp"
#include "stages/gather.hpp"
#include "stages/group_vectors.hpp"
#include "stages/kernels/convert.hpp"
#include "stages/parallel.hpp"

namespace pal {

namespace {

constexpr std::size_t kLargeGroup = std::size_t{1} << 20;  // weights: parallel inside from here on

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

/// Whether a group is read in pieces, by passes over its weights, and never held as a whole.
bool is_streamed(const Geometry& geometry, DType dtype, Engine engine) {
    return engine == Engine::kFast && geometry.cluster_dim == 1 && dtype != DType::kF64 &&
           geometry.run_count() == 1;
}

/// What a group takes where it is gathered.
std::uint64_t group_bytes(const Geometry& geometry, DType dtype) {
    const std::uint64_t real_bytes = dtype == DType::kF64 ? 8 : 4;
    return geometry.group_index_count(0) * geometry.cluster_dim * real_bytes;
}

/// Whether vectors are read from the tensor, by passes over each group, and not gathered.
bool reads_vectors(const Geometry& geometry, DType dtype, const ClusterOptions& options) {
    return geometry.cluster_dim > 1 && group_bytes(geometry, dtype) > options.gather_bytes;
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

/// Calls read(reader, first weight, count) for the blocks of a run, in parallel.
template <class Read>
void for_each_block_of(const Weights& weights, IndexRun run, const Read& read) {
    for_each_task((run.length + kBlockWeights - 1) / kBlockWeights, [&](std::size_t block) {
        BlockReader<float> reader(weights);
        const std::size_t begin = block * kBlockWeights;
        read(reader, run.begin + begin, std::min(kBlockWeights, run.length - begin));
    });
}

/// Clustering sees the weights as they are stored, in 16 bits.
bool seen_as_stored(const ScaledWeights& source) {
    return source.scales.empty() && source.weights.storage() == source.dtype &&
           dtype_bytes(source.dtype) == 2;
}

/// The passes of the fast engine over one group that lies together in the tensor.
cluster::FloatBlocks blocks_of_run(const ScaledWeights& source, IndexRun run,
                                   BlockReader<float>& own) {
    cluster::FloatBlocks blocks;
    blocks.count = run.length;
    blocks.read = [&source, run, &own](std::size_t begin, std::size_t length) {
        return own.read(source, run.begin + begin, length);
    };
    blocks.for_each = [&source, run](const auto& visit) {
        for_each_block_of(source.weights, run,
                          [&](BlockReader<float>& reader, std::size_t begin, std::size_t count) {
                              visit(reader.read(source, begin, count));
                          });
    };
    if (!seen_as_stored(source)) return blocks;
    blocks.for_each_stored = [&source, run](const auto& visit) {
        for_each_block_of(source.weights, run,
                          [&](BlockReader<float>& reader, std::size_t begin, std::size_t count) {
                              visit(reader.read_stored(begin, count));
                          });
    };
    return blocks;
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

    std::optional<GroupPalettes> run() {
        if (is_streamed(source_.geometry, source_.dtype, options_.engine)) {
            for_each_task(source_.geometry.group_count,
                          [&](std::size_t group) { cluster_streamed(group); });
        } else {
            with_real(source_.weights, [&](auto real) {
                using Real = typename decltype(real)::type;
                reads_vectors(source_.geometry, source_.dtype, options_)
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
        const IndexRun run = source_.geometry.run(group, 0);
        // A small group is read once and kept; a large one is read again for every pass, and so is
        // what is counted as it is stored.
        const cluster::FloatBlocks blocks =
            run.length <= kLargeGroup && !seen_as_stored(source_)
                ? cluster::blocks_of(reader.read(source_, run.begin, run.length))
                : blocks_of_run(source_, run, reader);
        const auto palette = cluster_fast(blocks, source_.dtype, max_clusters());
        store(group, palette);
        if (palette) certify(group, blocks, *palette);
    }

    /// Large groups one after the other, each in parallel inside: one training set at a time.
    template <class Real>
    void cluster_read_vectors() {
        for (std::size_t group = 0; group < source_.geometry.group_count; ++group) {
            const GroupVectors<Real> vectors(source_, group);
            store(group, cluster::cluster_source(vectors, max_clusters(), seed(group)));
        }
    }

    template <class Real>
    void cluster_gathered() {
        const Geometry& geometry = source_.geometry;
        const std::uint64_t bytes = group_bytes(geometry, source_.dtype);
        const std::size_t at_a_time =
            std::max<std::uint64_t>(1, options_.gather_bytes / std::max<std::uint64_t>(1, bytes));
        for (std::size_t first = 0; first < geometry.group_count; first += at_a_time) {
            const std::size_t count = std::min(at_a_time, geometry.group_count - first);
            const GatheredGroups<Real> groups(source_, first, count);
            for_each_task(count, [&](std::size_t g) {
                const auto palette = palette_of(groups.points(first + g), first + g);
                store(first + g, palette);
                if (palette) certify(first + g, groups.points(first + g), *palette);
            });
        }
    }

    template <class Real>
    std::optional<Palette> palette_of(std::span<const Real> values, std::size_t group) const {
        if (!kernels::all_finite(values)) return std::nullopt;
        const WeightedPoints<Real> points{values, {}};
        if (spec_.cluster_dim > 1) {
            return cluster_vectors(points, spec_.cluster_dim, max_clusters(), seed(group));
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

    [[nodiscard]] std::size_t max_clusters() const { return std::size_t{1} << spec_.n_bits; }
    [[nodiscard]] std::uint64_t seed(std::size_t group) const {
        return seed_of(options_.seed, path_, group);
    }

    void certify(std::size_t group, const cluster::FloatBlocks& blocks, const Palette& palette) {
        if (gaps_.empty()) return;
        gaps_[group] = cluster::certify(blocks, source_.dtype, palette.centroids, max_clusters(),
                                        *options_.certify)
                           .gap;
    }
    void certify(std::size_t group, std::span<const float> values, const Palette& palette) {
        certify(group, cluster::blocks_of(values), palette);
    }
    void certify(std::size_t group, std::span<const double> values, const Palette& palette) {
        if (gaps_.empty()) return;
        const WeightedPoints<double> points{values, {}};
        gaps_[group] =
            cluster::certify(points, palette.centroids, max_clusters(), *options_.certify).gap;
    }

    void store(std::size_t group, const std::optional<Palette>& palette) {
        if (!palette) {
            finite_ = false;
            return;
        }
        store_palette(*palette, source_.dtype,
                      std::span(result_.lut).subspan(group * stride_, stride_), spec_.cluster_dim);
        if (keep_clusters_) store_clusters(*palette, source_.geometry, group, result_.indices);
    }

    const ScaledWeights& source_;
    const PalettizationSpec& spec_;
    const ClusterOptions& options_;
    std::string_view path_;
    std::size_t stride_ = 0;
    bool keep_clusters_ = false;
    GroupPalettes result_;
    std::vector<double> gaps_;  // [group], where they are asked for
    std::atomic<bool> finite_{true};
};

}  // namespace

std::optional<GroupPalettes> cluster_groups(const ScaledWeights& source,
                                            const PalettizationSpec& spec,
                                            const ClusterOptions& options, std::string_view path) {
    return GroupClusterer(source, spec, options, path).run();
}

std::uint64_t clustering_bytes(const Geometry& geometry, DType dtype, const PalettizationSpec& spec,
                               const ClusterOptions& options) {
    if (is_streamed(geometry, dtype, options.engine)) return 0;
    const std::uint64_t real_bytes = dtype == DType::kF64 ? 8 : 4;
    const std::uint64_t weight_bytes = geometry.weight_count * real_bytes;
    const std::uint64_t a_group = group_bytes(geometry, dtype);
    if (reads_vectors(geometry, dtype, options)) {
        return std::min(weight_bytes,
                        cluster::vector_training_bytes(geometry.cluster_dim,
                                                       std::size_t{1} << spec.n_bits, real_bytes));
    }
    return std::min(weight_bytes, std::max(options.gather_bytes, a_group));
}

}  // namespace pal
