#include "stages/cluster/vectors/plus_plus.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

namespace pal::cluster {

namespace {

constexpr int kDraws = 3;          // more draws gain little after Lloyd's iteration
constexpr std::size_t kLanes = 8;  // partial sums side by side, added up in a fixed order

/// Distances of all points to their nearest seed. Points are stored component after component, so
/// that loops run over neighbouring doubles.
class SeedDistances {
  public:
    template <class Real>
    explicit SeedDistances(const TrainingSet<Real>& points)
        : dim_(points.dim),
          count_((points.count() + kLanes - 1) / kLanes * kLanes),
          columns_(dim_ * count_),
          weights_(points.weights),
          distances_(count_, 1.0),  // the first seed is drawn by weight
          running_(count_) {
        weights_.resize(count_);  // padding weighs nothing
        for (std::size_t v = 0; v < points.count(); ++v) {
            for (std::size_t t = 0; t < dim_; ++t)
                columns_[t * count_ + v] = static_cast<double>(points.values[v * dim_ + t]);
        }
    }

    /// Prepares the draws. Returns false if every point is a seed already.
    bool prepare_draws() {
        double sum = 0;
        for (std::size_t v = 0; v < count_; ++v) {
            sum += weights_[v] * distances_[v];
            running_[v] = sum;
        }
        return sum > 0;
    }
    /// Draws a point by weight times distance.
    [[nodiscard]] std::size_t draw(Random& random) const {
        const double at = random.next() * running_.back();
        const auto found = std::upper_bound(running_.begin(), running_.end() - 1, at) -
                           running_.begin();  // the first whose running sum is above
        return static_cast<std::size_t>(found);
    }
    /// Returns the cost, and the distances, if this point were a seed.
    double cost_with(std::size_t seed, std::vector<double>& distances) const {
        distances.assign(count_, 0.0);
        for (std::size_t t = 0; t < dim_; ++t) {
            const double* column = columns_.data() + t * count_;
            const double at = column[seed];
            for (std::size_t v = 0; v < count_; ++v)
                distances[v] += (column[v] - at) * (column[v] - at);
        }
        if (!first_) {
            for (std::size_t v = 0; v < count_; ++v)
                distances[v] = std::min(distances[v], distances_[v]);
        }
        std::array<double, kLanes> sums{};
        for (std::size_t v = 0; v < count_; v += kLanes) {
            for (std::size_t i = 0; i < kLanes; ++i) sums[i] += weights_[v + i] * distances[v + i];
        }
        return std::accumulate(sums.begin(), sums.end(), 0.0);
    }
    void take(std::size_t seed, std::vector<double>& distances, std::vector<double>& seeds) {
        distances_.swap(distances);
        first_ = false;
        for (std::size_t t = 0; t < dim_; ++t) seeds.push_back(columns_[t * count_ + seed]);
    }

  private:
    std::size_t dim_;
    std::size_t count_;
    std::vector<double> columns_;  // [dim][count]
    std::vector<double> weights_;
    std::vector<double> distances_;
    std::vector<double> running_;
    bool first_ = true;
};

}  // namespace

template <class Real>
std::vector<double> plus_plus_seeds(const TrainingSet<Real>& points, std::size_t k,
                                    Random& random) {
    SeedDistances distances(points);
    std::vector<double> seeds;
    std::vector<double> trial;
    std::vector<double> best;
    while (seeds.size() < k * points.dim && distances.prepare_draws()) {
        double best_cost = std::numeric_limits<double>::infinity();
        std::size_t best_seed = 0;
        for (int draw = 0; draw < (seeds.empty() ? 1 : kDraws); ++draw) {
            const std::size_t seed = distances.draw(random);
            const double cost = distances.cost_with(seed, trial);
            if (cost < best_cost) {
                best_cost = cost;
                best_seed = seed;
                best.swap(trial);
            }
        }
        distances.take(best_seed, best, seeds);
    }
    return seeds;
}

template std::vector<double> plus_plus_seeds<float>(const TrainingSet<float>&, std::size_t,
                                                    Random&);
template std::vector<double> plus_plus_seeds<double>(const TrainingSet<double>&, std::size_t,
                                                     Random&);

}  // namespace pal::cluster
