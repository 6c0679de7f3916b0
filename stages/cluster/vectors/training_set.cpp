#include "stages/cluster/vectors/training_set.hpp"

#include <algorithm>
#include <bit>
#include <compare>
#include <numeric>

#include "stages/cluster/vectors/random.hpp"
#include "stages/parallel/parallel.hpp"
#include "stages/parallel/scratch.hpp"

namespace pal::cluster {

namespace {

constexpr std::size_t kMoreForRepetition = 32;

/// A hash set of vectors that stops growing beyond `most`.
template <class Real>
class Distinct {
  public:
    Distinct(std::size_t dim, std::size_t most)
        : dim_(dim), most_(most), slots_(std::bit_ceil(4 * most + 4), kFree) {}

    /// Returns false if there are too many.
    bool add(const Real* vector) {
        std::uint64_t hash = 0;
        for (std::size_t t = 0; t < dim_; ++t) {
            const double component = static_cast<double>(vector[t]) + 0.0;  // -0 is 0
            hash = (hash ^ std::bit_cast<std::uint64_t>(component)) * 0x9E3779B97F4A7C15U;
            hash ^= hash >> 32;
        }
        for (std::size_t slot = hash & (slots_.size() - 1);;
             slot = (slot + 1) & (slots_.size() - 1)) {
            if (slots_[slot] == kFree) {
                slots_[slot] = values_.size();
                for (std::size_t t = 0; t < dim_; ++t)
                    values_.push_back(static_cast<double>(vector[t]) + 0.0);
                return values_.size() <= most_ * dim_;
            }
            if (std::equal(vector, vector + dim_, values_.data() + slots_[slot])) return true;
        }
    }
    [[nodiscard]] const std::vector<double>& values() const { return values_; }

  private:
    static constexpr std::size_t kFree = ~std::size_t{0};
    std::size_t dim_;
    std::size_t most_;
    std::vector<std::size_t> slots_;
    std::vector<double> values_;
};

template <class Real>
auto lexicographic(const Real* values, std::size_t dim) {
    return [=](std::size_t a, std::size_t b) {
        return std::lexicographical_compare_three_way(values + a * dim, values + (a + 1) * dim,
                                                      values + b * dim, values + (b + 1) * dim);
    };
}

template <class Real>
std::vector<std::size_t> in_order(const Real* values, std::size_t dim, std::size_t count) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto compare = lexicographic(values, dim);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return compare(a, b) < 0; });
    return order;
}

template <class Real>
void append(TrainingSet<Real>& to, const TrainingSet<Real>& from, std::size_t v, double weight) {
    const auto first = from.values.begin() + static_cast<std::ptrdiff_t>(v * from.dim);
    to.values.insert(to.values.end(), first, first + static_cast<std::ptrdiff_t>(from.dim));
    to.weights.push_back(weight);
}

/// Merges equal vectors and adds up their weights. Drops vectors without weight.
template <class Real>
TrainingSet<Real> merged(const TrainingSet<Real>& points) {
    const auto compare = lexicographic(points.values.data(), points.dim);
    TrainingSet<Real> result{points.dim, {}, {}};
    std::size_t last = 0;
    for (const std::size_t v : in_order(points.values.data(), points.dim, points.count())) {
        if (!(points.weights[v] > 0)) continue;
        if (!result.weights.empty() && compare(last, v) == 0) {
            result.weights.back() += points.weights[v];
        } else {
            append(result, points, v, points.weights[v]);
        }
        last = v;
    }
    return result;
}

/// Returns whether at most half of the points are distinct and have a weight.
template <class Real>
bool mostly_repetition(const TrainingSet<Real>& points) {
    Distinct<Real> distinct(points.dim, points.count() / 2);
    for (std::size_t v = 0; v < points.count(); ++v) {
        if (points.weights[v] > 0 && !distinct.add(points.values.data() + v * points.dim))
            return false;
    }
    return true;
}

/// Takes one vector of each of `strata` equal parts of the source, as many parts at a time as are
/// asked for. Reads block after block.
template <class Real>
class Strata {
  public:
    Strata(const VectorSource<Real>& source, std::size_t strata)
        : source_(source), strata_(std::min(strata, source.count())) {}

    [[nodiscard]] std::size_t left() const { return strata_ - next_; }

    TrainingSet<Real> take(std::size_t count) {
        const std::vector<std::size_t> places = next_places(count);
        const std::size_t dim = source_.dim();
        TrainingSet<Real> result{dim, std::vector<Real>(count * dim), std::vector<double>(count)};
        const std::size_t first_block = places.front() / kReadBlock;
        for_each_task(places.back() / kReadBlock - first_block + 1, [&](std::size_t b) {
            const std::size_t begin = (first_block + b) * kReadBlock;
            const std::size_t end = std::min(source_.count(), begin + kReadBlock);
            auto place = std::lower_bound(places.begin(), places.end(), begin);
            if (place == places.end() || *place >= end) return;
            Scratch<Real> scratch;
            const auto values = source_.block(begin, end - begin, scratch.buffer());
            const auto weights = source_.weights(begin, end - begin);
            for (; place != places.end() && *place < end; ++place) {
                const auto s = static_cast<std::size_t>(place - places.begin());
                const std::size_t v = *place - begin;
                std::copy_n(values.data() + v * dim, dim, result.values.data() + s * dim);
                result.weights[s] = weights.empty() ? 1.0 : weights[v];
            }
        });
        return result;
    }

  private:
    std::vector<std::size_t> next_places(std::size_t count) {
        std::vector<std::size_t> places(count);
        for (std::size_t& place : places) {
            const std::size_t begin = next_ * source_.count() / strata_;
            const std::size_t length = ++next_ * source_.count() / strata_ - begin;
            place = begin + static_cast<std::size_t>(random_.next() * static_cast<double>(length));
        }
        return places;
    }

    const VectorSource<Real>& source_;
    std::size_t strata_;
    std::size_t next_ = 0;
    Random random_{0};
};

template <class Real>
TrainingSet<Real> one_of_each(const VectorSource<Real>& source, std::size_t strata) {
    Strata<Real> parts(source, strata);
    return parts.take(parts.left());
}

/// Returns merged(one_of_each(source, strata)), in steps: repetition is never held.
template <class Real>
TrainingSet<Real> merged_of_each(const VectorSource<Real>& source, std::size_t strata,
                                 std::size_t at_a_time) {
    Strata<Real> parts(source, strata);
    TrainingSet<Real> result{source.dim(), {}, {}};
    std::size_t most = at_a_time;  // vectors held before they are merged again
    while (parts.left() > 0) {
        const TrainingSet<Real> more = parts.take(std::min(at_a_time, parts.left()));
        result.values.insert(result.values.end(), more.values.begin(), more.values.end());
        result.weights.insert(result.weights.end(), more.weights.begin(), more.weights.end());
        if (result.count() <= most && parts.left() > 0) continue;
        result = merged(result);
        most = std::max(at_a_time, 2 * result.count());
    }
    return result;
}

}  // namespace

template <class Real>
std::optional<std::vector<double>> few_distinct(const VectorSource<Real>& source,
                                                std::size_t most) {
    const std::size_t dim = source.dim();
    Distinct<Real> distinct(dim, most);
    Scratch<Real> scratch;
    for (std::size_t begin = 0; begin < source.count(); begin += kReadBlock) {
        const std::size_t count = std::min(kReadBlock, source.count() - begin);
        const auto values = source.block(begin, count, scratch.buffer());
        const auto weights = source.weights(begin, count);
        for (std::size_t v = 0; v < count; ++v) {
            if (!weights.empty() && !(weights[v] > 0)) continue;
            if (!distinct.add(values.data() + v * dim)) return std::nullopt;
        }
    }
    const auto& found = distinct.values();
    std::vector<double> sorted;
    for (const std::size_t v : in_order(found.data(), dim, found.size() / dim)) {
        const auto first = found.begin() + static_cast<std::ptrdiff_t>(v * dim);
        sorted.insert(sorted.end(), first, first + static_cast<std::ptrdiff_t>(dim));
    }
    return sorted;
}

template <class Real>
TrainingSet<Real> training_sample(const VectorSource<Real>& source, std::size_t count) {
    TrainingSet<Real> sample = one_of_each(source, count);
    if (!mostly_repetition(sample)) return sample;
    if (source.count() <= count) return resampled(merged(sample), count);
    return resampled(merged_of_each(source, kMoreForRepetition * count, count), count);
}

template <class Real>
TrainingSet<Real> resampled(const TrainingSet<Real>& points, std::size_t count) {
    if (points.count() <= count) return points;
    TrainingSet<Real> result{points.dim, {}, {}};
    Random random(1);
    const double stratum = std::accumulate(points.weights.begin(), points.weights.end(), 0.0) /
                           static_cast<double>(count);
    std::size_t v = 0;
    double end_of_v = points.weights[0];
    std::size_t last = points.count();
    for (std::size_t s = 0; s < count; ++s) {
        const double at = (static_cast<double>(s) + random.next()) * stratum;
        while (end_of_v <= at && v + 1 < points.count()) end_of_v += points.weights[++v];
        if (v == last) {
            result.weights.back() += stratum;
        } else {
            append(result, points, v, stratum);
        }
        last = v;
    }
    return result;
}

template std::optional<std::vector<double>> few_distinct<float>(const VectorSource<float>&,
                                                                std::size_t);
template std::optional<std::vector<double>> few_distinct<double>(const VectorSource<double>&,
                                                                 std::size_t);
template TrainingSet<float> training_sample<float>(const VectorSource<float>&, std::size_t);
template TrainingSet<double> training_sample<double>(const VectorSource<double>&, std::size_t);
template TrainingSet<float> resampled<float>(const TrainingSet<float>&, std::size_t);
template TrainingSet<double> resampled<double>(const TrainingSet<double>&, std::size_t);

}  // namespace pal::cluster
