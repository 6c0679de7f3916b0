// The vector engine: k-means++ (Arthur and Vassilvitskii 2007) with restarts and Lloyd's iteration.
// Large inputs are trained on a fixed sample and finished with full passes. Sums run over fixed
// blocks that are added up in order, and the random numbers are our own: the result depends on
// points and seed alone.
#include <algorithm>
#include <cmath>
#include <compare>
#include <limits>
#include <numeric>
#include <set>

#include "stages/cluster/cluster.hpp"
#include "stages/error.hpp"
#include "stages/parallel.hpp"

namespace pal {

namespace {

constexpr int kRestarts = 5;              // as upstream
constexpr int kMostIterations = 300;      // as upstream
constexpr std::size_t kSample = 1 << 15;  // vectors that restarts train on
constexpr std::size_t kVectorBlock = 1 << 12;

class Random {  // splitmix64
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    /// In [0, 1).
    double next() noexcept {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
        return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
    }

  private:
    std::uint64_t state_;
};

/// Points in units of their largest magnitude, so that squares stay in range.
struct Vectors {
    std::size_t dim = 1;
    std::vector<double> values;   // [count][dim]
    std::vector<double> weights;  // [count]
    [[nodiscard]] std::size_t count() const { return weights.size(); }
    [[nodiscard]] const double* at(std::size_t v) const { return values.data() + v * dim; }
};

double squared_distance(const double* a, const double* b, std::size_t dim) {
    double distance = 0;
    for (std::size_t t = 0; t < dim; ++t) distance += (a[t] - b[t]) * (a[t] - b[t]);
    return distance;
}

/// Nearest centroid, lowest index on ties. Centroids stand component after component, so that the
/// inner loop runs over neighbouring doubles.
class NearestCentroid {
  public:
    NearestCentroid(const std::vector<double>& centroids, std::size_t dim)
        : dim_(dim), count_(centroids.size() / dim), components_(centroids.size()) {
        for (std::size_t c = 0; c < count_; ++c) {
            for (std::size_t t = 0; t < dim; ++t)
                components_[t * count_ + c] = centroids[c * dim + t];
        }
    }

    std::size_t find(const double* vector, std::vector<double>& distances, double* distance) const {
        distances.assign(count_, 0.0);
        for (std::size_t t = 0; t < dim_; ++t) {
            const double* row = components_.data() + t * count_;
            const double x = vector[t];
            for (std::size_t c = 0; c < count_; ++c) distances[c] += (x - row[c]) * (x - row[c]);
        }
        std::size_t best = 0;
        for (std::size_t c = 1; c < count_; ++c) {
            if (distances[c] < distances[best]) best = c;
        }
        *distance = distances[best];
        return best;
    }

  private:
    std::size_t dim_;
    std::size_t count_;
    std::vector<double> components_;
};

std::vector<double> plus_plus_seeds(const Vectors& vectors, std::size_t k, Random& random) {
    std::vector<double> centroids;
    std::vector<double> chance(
        vectors.weights);  // weight times squared distance to the nearest seed
    std::vector<double> distance(vectors.count(), std::numeric_limits<double>::infinity());
    while (centroids.size() < k * vectors.dim) {
        double total = 0;
        for (const double c : chance) total += c;
        if (!(total > 0)) break;  // every point is a seed already
        double left = random.next() * total;
        std::size_t chosen = 0;
        for (std::size_t v = 0; v < vectors.count(); ++v) {
            if (chance[v] > 0) chosen = v;
            left -= chance[v];
            if (left < 0) break;
        }
        centroids.insert(centroids.end(), vectors.at(chosen), vectors.at(chosen) + vectors.dim);
        for (std::size_t v = 0; v < vectors.count(); ++v) {
            distance[v] = std::min(
                distance[v], squared_distance(vectors.at(v), vectors.at(chosen), vectors.dim));
            chance[v] = vectors.weights[v] * distance[v];
        }
    }
    return centroids;
}

struct Assignment {
    std::vector<double> sums;     // [k][dim]
    std::vector<double> weights;  // [k]
    double cost = 0;
    std::size_t farthest =
        0;  // point with the largest weighted distance: where an empty cluster starts anew
    double farthest_distance = -1;
};

Assignment assign_block(const Vectors& vectors, const NearestCentroid& nearest, std::size_t k,
                        std::size_t begin, std::size_t end) {
    Assignment result;
    result.sums.assign(k * vectors.dim, 0.0);
    result.weights.assign(k, 0.0);
    std::vector<double> distances;
    for (std::size_t v = begin; v < end; ++v) {
        double distance = 0;
        const std::size_t c = nearest.find(vectors.at(v), distances, &distance);
        const double weight = vectors.weights[v];
        for (std::size_t t = 0; t < vectors.dim; ++t)
            result.sums[c * vectors.dim + t] += weight * vectors.at(v)[t];
        result.weights[c] += weight;
        result.cost += weight * distance;
        if (weight * distance > result.farthest_distance) {
            result.farthest_distance = weight * distance;
            result.farthest = v;
        }
    }
    return result;
}

Assignment assign_all(const Vectors& vectors, const std::vector<double>& centroids) {
    const std::size_t k = centroids.size() / vectors.dim;
    const NearestCentroid nearest(centroids, vectors.dim);
    std::vector<Assignment> blocks((vectors.count() + kVectorBlock - 1) / kVectorBlock);
    for_each_task(blocks.size(), [&](std::size_t b) {
        blocks[b] = assign_block(vectors, nearest, k, b * kVectorBlock,
                                 std::min(vectors.count(), (b + 1) * kVectorBlock));
    });
    Assignment total = std::move(blocks[0]);
    for (std::size_t b = 1; b < blocks.size(); ++b) {
        for (std::size_t s = 0; s < total.sums.size(); ++s) total.sums[s] += blocks[b].sums[s];
        for (std::size_t c = 0; c < k; ++c) total.weights[c] += blocks[b].weights[c];
        total.cost += blocks[b].cost;
        if (blocks[b].farthest_distance > total.farthest_distance) {
            total.farthest_distance = blocks[b].farthest_distance;
            total.farthest = blocks[b].farthest;
        }
    }
    return total;
}

void move_centroids(const Vectors& vectors, const Assignment& assignment,
                    std::vector<double>& centroids) {
    bool reseeded = false;  // one empty cluster an iteration: two would land on the same point
    for (std::size_t c = 0; c < assignment.weights.size(); ++c) {
        double* centroid = centroids.data() + c * vectors.dim;
        if (assignment.weights[c] > 0) {
            for (std::size_t t = 0; t < vectors.dim; ++t) {
                centroid[t] = assignment.sums[c * vectors.dim + t] / assignment.weights[c];
            }
        } else if (!reseeded && assignment.farthest_distance > 0) {
            std::copy_n(vectors.at(assignment.farthest), vectors.dim, centroid);
            reseeded = true;
        }
    }
}

/// Lloyd's iteration until an iteration gains less than `tolerance` of the cost. Returns the last
/// cost.
double lloyd(const Vectors& vectors, std::vector<double>& centroids, double tolerance) {
    double cost = std::numeric_limits<double>::infinity();
    for (int iteration = 0; iteration < kMostIterations; ++iteration) {
        const Assignment assignment = assign_all(vectors, centroids);
        if (!(assignment.cost < cost * (1 - tolerance))) return std::min(cost, assignment.cost);
        cost = assignment.cost;
        move_centroids(vectors, assignment, centroids);
    }
    return cost;
}

Vectors merged(const Vectors& vectors) {
    std::vector<std::size_t> order(vectors.count());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto compare = [&](std::size_t a, std::size_t b) {
        return std::lexicographical_compare_three_way(vectors.at(a), vectors.at(a) + vectors.dim,
                                                      vectors.at(b), vectors.at(b) + vectors.dim);
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return compare(a, b) < 0; });
    Vectors result;
    result.dim = vectors.dim;
    std::size_t last = 0;
    for (const std::size_t v : order) {
        if (!(vectors.weights[v] > 0)) continue;
        if (!result.weights.empty() && compare(last, v) == 0) {
            result.weights.back() += vectors.weights[v];
        } else {
            result.values.insert(result.values.end(), vectors.at(v), vectors.at(v) + vectors.dim);
            result.weights.push_back(vectors.weights[v]);
        }
        last = v;
    }
    return result;
}

/// One vector from each of kSample equal strata, at a pseudo-random place in it: a regular stride
/// would meet the same kernel position or input channel over and over.
Vectors strata_of(const Vectors& vectors) {
    if (vectors.count() <= kSample) return vectors;
    Vectors sample;
    sample.dim = vectors.dim;
    Random random(0);
    for (std::size_t s = 0; s < kSample; ++s) {
        const std::size_t begin = s * vectors.count() / kSample;
        const std::size_t end = (s + 1) * vectors.count() / kSample;
        const std::size_t v =
            begin + static_cast<std::size_t>(random.next() * static_cast<double>(end - begin));
        sample.values.insert(sample.values.end(), vectors.at(v), vectors.at(v) + vectors.dim);
        sample.weights.push_back(vectors.weights[v]);
    }
    return sample;
}

/// What the restarts train on. Where most of a sample is repetition (zeros of a pruned tensor) it
/// says too little about the rest: distinct vectors with their weights are sampled instead.
Vectors sample_of(const Vectors& vectors) {
    Vectors sample = strata_of(vectors);
    if (vectors.count() <= kSample || merged(sample).count() > kSample / 2) return sample;
    return strata_of(merged(vectors));
}

/// The distinct vectors in lexicographic order, or nothing where there are more than `most`.
std::vector<std::vector<double>> few_distinct(const Vectors& vectors, std::size_t most) {
    std::set<std::vector<double>> distinct;
    for (std::size_t v = 0; v < vectors.count(); ++v) {
        if (!(vectors.weights[v] > 0)) continue;
        distinct.emplace(vectors.at(v), vectors.at(v) + vectors.dim);
        if (distinct.size() > most) return {};
    }
    return {distinct.begin(), distinct.end()};
}

/// Lexicographic order, in original units.
std::vector<double> sorted_centroids(const std::vector<double>& centroids, std::size_t dim,
                                     double unit) {
    std::vector<std::vector<double>> rows;
    for (std::size_t c = 0; c * dim < centroids.size(); ++c) {
        rows.emplace_back(centroids.begin() + static_cast<std::ptrdiff_t>(c * dim),
                          centroids.begin() + static_cast<std::ptrdiff_t>((c + 1) * dim));
    }
    std::sort(rows.begin(), rows.end());
    std::vector<double> result;
    for (const auto& row : rows) {
        for (const double x : row) result.push_back(x / unit);
    }
    return result;
}

}  // namespace

template <class Real>
Palette cluster_vectors(const WeightedPoints<Real>& points, std::size_t dim,
                        std::size_t max_clusters, std::uint64_t seed) {
    PAL_ASSERT(dim > 0 && points.values.size() % dim == 0 && !points.values.empty());
    double largest = 0;
    for (const Real value : points.values)
        largest = std::max(largest, std::abs(static_cast<double>(value)));
    const double unit =
        largest > 0 ? std::ldexp(1.0, std::clamp(-std::ilogb(largest), -1022, 1022)) : 1.0;

    Vectors vectors;
    vectors.dim = dim;
    vectors.values.reserve(points.values.size());
    for (const Real value : points.values)
        vectors.values.push_back((static_cast<double>(value) + 0.0) * unit);
    vectors.weights.assign(points.weights.begin(), points.weights.end());
    if (vectors.weights.empty()) vectors.weights.assign(points.values.size() / dim, 1.0);

    if (const auto few = few_distinct(vectors, max_clusters); !few.empty()) {
        std::vector<double> flat;
        for (const auto& row : few) flat.insert(flat.end(), row.begin(), row.end());
        return {sorted_centroids(flat, dim, unit), 0.0, {}};
    }

    const Vectors sample = sample_of(vectors);
    std::vector<double> best;
    double best_cost = std::numeric_limits<double>::infinity();
    for (int restart = 0; restart < kRestarts; ++restart) {
        Random random(seed + static_cast<std::uint64_t>(restart) * 0xD1342543DE82EF95U);
        std::vector<double> centroids = plus_plus_seeds(sample, max_clusters, random);
        const double cost = lloyd(sample, centroids, 1e-6);
        if (cost < best_cost) {
            best_cost = cost;
            best = std::move(centroids);
        }
    }
    best_cost = lloyd(vectors, best, sample.count() == vectors.count() ? 1e-9 : 1e-5);
    return {sorted_centroids(best, dim, unit), best_cost / unit / unit, {}};
}

template Palette cluster_vectors<float>(const WeightedPoints<float>&, std::size_t, std::size_t,
                                        std::uint64_t);
template Palette cluster_vectors<double>(const WeightedPoints<double>&, std::size_t, std::size_t,
                                         std::uint64_t);

}  // namespace pal
