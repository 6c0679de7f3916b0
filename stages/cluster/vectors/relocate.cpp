#include "stages/cluster/vectors/relocate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "stages/cluster/vectors/lloyd.hpp"
#include "stages/kernels/nearest_vectors.hpp"
#include "stages/parallel/parallel.hpp"

namespace pal::cluster {

namespace {

constexpr std::size_t kMostMoved = 16;  // moves in a round; a failed round tries fewer next
constexpr double kLeastGain = 1e-6;     // part of the cost; less is rounding, and not worth a round
constexpr std::size_t kNeighbours = 12;  // candidates for the points of a lost cluster
constexpr std::size_t kStay = 4;         // neighbours that stay where one centroid leaves

template <class Other>
double squared_distance(const Other* a, const double* b, std::size_t dim) {
    double distance = 0;
    for (std::size_t t = 0; t < dim; ++t) {
        const double difference = static_cast<double>(a[t]) - b[t];
        distance += difference * difference;
    }
    return distance;
}

/// Nearest other centroids of each centroid, nearest first: [k][per_centroid].
struct Neighbours {
    Neighbours(const std::vector<double>& centroids, std::size_t dim) {
        const std::size_t k = centroids.size() / dim;
        per_centroid = std::min(kNeighbours, k - 1);
        std::vector<std::pair<double, std::size_t>> others;
        for (std::size_t c = 0; c < k; ++c) {
            others.clear();
            for (std::size_t o = 0; o < k; ++o) {
                if (o == c) continue;
                others.emplace_back(
                    squared_distance(centroids.data() + c * dim, centroids.data() + o * dim, dim),
                    o);
            }
            const auto end = others.begin() + static_cast<std::ptrdiff_t>(per_centroid);
            std::partial_sort(others.begin(), end, others.end());
            for (auto other = others.begin(); other != end; ++other) all.push_back(other->second);
        }
    }
    [[nodiscard]] std::span<const std::size_t> of(std::size_t c) const {
        return std::span(all).subspan(c * per_centroid, per_centroid);
    }
    std::size_t per_centroid = 0;
    std::vector<std::size_t> all;
};

/// Cost of each cluster, its loss (how much more it would cost without its centroid) and its
/// weight.
struct Standing {
    std::vector<double> errors;
    std::vector<double> losses;
    std::vector<double> weights;
};

/// A vector's cluster and its distances from that centroid and from the nearest of its neighbours.
struct Membership {
    std::size_t cluster = 0;
    double own = 0;
    double next = 0;
};

constexpr std::size_t kPlacedTogether = 1 << 12;  // vectors: some 300 us

template <class Real>
std::vector<Membership> places_of(const TrainingSet<Real>& points,
                                  const std::vector<double>& centroids,
                                  const Neighbours& neighbours) {
    const std::size_t dim = points.dim;
    const kernels::NearestVectors<Real> nearest(centroids, dim);
    std::vector<Membership> places(points.count());
    for_each_task((places.size() + kPlacedTogether - 1) / kPlacedTogether, [&](std::size_t task) {
        const std::size_t begin = task * kPlacedTogether;
        std::vector<std::uint8_t> clusters(std::min(kPlacedTogether, places.size() - begin));
        nearest.find(points.values.data() + begin * dim, dim, 1, clusters);
        for (std::size_t v = 0; v < clusters.size(); ++v) {
            const Real* vector = points.values.data() + (begin + v) * dim;
            const auto distance = [&](std::size_t c) {
                return squared_distance(vector, centroids.data() + c * dim, dim);
            };
            Membership place{clusters[v], distance(clusters[v]),
                             std::numeric_limits<double>::infinity()};
            for (const std::size_t o : neighbours.of(place.cluster))
                place.next = std::min(place.next, distance(o));
            places[begin + v] = place;
        }
    });
    return places;
}

template <class Real>
Standing standing_of(const TrainingSet<Real>& points, const std::vector<double>& centroids,
                     const Neighbours& neighbours) {
    const std::size_t k = centroids.size() / points.dim;
    const std::vector<Membership> places = places_of(points, centroids, neighbours);
    Standing standing{std::vector<double>(k), std::vector<double>(k), std::vector<double>(k)};
    for (std::size_t v = 0; v < places.size(); ++v) {
        const Membership& place = places[v];
        const double weight = points.weights[v];
        standing.errors[place.cluster] += weight * place.own;
        standing.losses[place.cluster] += weight * std::max(0.0, place.next - place.own);
        standing.weights[place.cluster] += weight;
    }
    return standing;
}

/// Limits of a try: few centroids settle slowly and cost little.
LloydLimits trial_limits(std::size_t k) {
    return k > 128 ? LloydLimits{1e-4, 10, 1.5} : LloydLimits{1e-5, 40, 1.8};
}

template <class Before>
std::vector<std::size_t> ordered(std::size_t count, const Before& before) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), before);
    return order;
}

/// Returns the centroids to take away, cheapest first. Neighbours never leave together: their
/// losses would add up to more than was computed.
std::vector<std::size_t> dispensable(const Standing& standing, const Neighbours& neighbours,
                                     std::size_t most) {
    std::vector<bool> stays(standing.losses.size());
    std::vector<std::size_t> result;
    for (const std::size_t c : ordered(stays.size(), [&](auto a, auto b) {
             return standing.losses[a] < standing.losses[b];
         })) {
        if (result.size() == most) break;
        if (stays[c]) continue;
        result.push_back(c);
        for (const std::size_t o : neighbours.of(c).first(std::min(kStay, neighbours.per_centroid)))
            stays[o] = true;
    }
    return result;
}

/// Returns the centroids after the moves. Splits a cluster along a random direction.
std::vector<double> moved(const std::vector<double>& centroids, const Standing& standing,
                          const std::vector<std::size_t>& leaving, Random& random) {
    const std::size_t k = standing.errors.size();
    const std::size_t dim = centroids.size() / k;
    std::vector<bool> leaves(k);
    for (const std::size_t c : leaving) leaves[c] = true;
    std::vector<double> result = centroids;
    auto next = leaving.begin();
    for (const std::size_t c :
         ordered(k, [&](auto a, auto b) { return standing.errors[a] > standing.errors[b]; })) {
        if (next == leaving.end()) break;
        if (leaves[c] || !(standing.weights[c] > 0)) continue;
        const double deviation =
            std::sqrt(standing.errors[c] / standing.weights[c] / static_cast<double>(dim));
        for (std::size_t t = 0; t < dim; ++t) {
            const double shift = (random.next() - 0.5) * deviation;
            result[*next * dim + t] = centroids[c * dim + t] + shift;
            result[c * dim + t] = centroids[c * dim + t] - shift;
        }
        ++next;
    }
    return result;
}

}  // namespace

template <class Real>
double relocate(const TrainingSet<Real>& points, int rounds, double cost, Random& random,
                std::vector<double>& centroids) {
    const std::size_t k = centroids.size() / points.dim;
    if (k < 3) return cost;
    const auto source = points.source();
    std::size_t moves = std::min(kMostMoved, k / 2);
    for (int round = 0; round < rounds && moves > 0; ++round) {
        const Neighbours neighbours(centroids, points.dim);
        const Standing standing = standing_of(points, centroids, neighbours);
        std::vector<double> trial =
            moved(centroids, standing, dispensable(standing, neighbours, moves), random);
        const double reached = lloyd<Real>(source, trial_limits(k), trial);
        if (reached < cost * (1 - kLeastGain)) {
            cost = reached;
            centroids = std::move(trial);
        } else {
            moves = moves * 3 / 4;
        }
    }
    return cost;
}

template double relocate<float>(const TrainingSet<float>&, int, double, Random&,
                                std::vector<double>&);
template double relocate<double>(const TrainingSet<double>&, int, double, Random&,
                                 std::vector<double>&);

}  // namespace pal::cluster
