// Vector clustering and assignment on normal weights.
#include <cmath>

#include "stages/cluster/cluster.hpp"
#include "stages/kernels/nearest_vectors.hpp"
#include "tests/bench/bench.hpp"

namespace {

using pal::bench::checked;
using pal::bench::normal_weights;

constexpr std::size_t kEntries = 256;

std::uint8_t nearest_by_definition(const float* vector, const std::vector<double>& lut,
                                   std::size_t dim) {
    std::size_t best = 0;
    double best_distance = HUGE_VAL;
    for (std::size_t e = 0; e < kEntries; ++e) {
        double distance = 0;
        for (std::size_t t = 0; t < dim; ++t) {
            const double difference = static_cast<double>(vector[t]) - lut[e * dim + t];
            distance += difference * difference;
        }
        if (distance < best_distance) {
            best = e;
            best_distance = distance;
        }
    }
    return static_cast<std::uint8_t>(best);
}

/// Assigns 256 Ki vectors to 256 entries, on one thread.
void nearest_vectors(benchmark::State& state, std::size_t dim) {
    const std::size_t count = 1 << 18;
    const std::vector<float> values = normal_weights(count * dim);
    const std::vector<double> lut(values.begin(), values.begin() + kEntries * dim);
    const pal::kernels::NearestVectors<float> search(lut, dim);
    std::vector<std::uint8_t> indices(count);
    search.find(values.data(), dim, 1, indices);
    bool right = true;
    for (std::size_t v = 0; v < count; v += 7)
        right &= indices[v] == nearest_by_definition(values.data() + v * dim, lut, dim);
    if (!checked(state, right)) return;
    pal::bench::time_bytes(state, values.size() * sizeof(float),
                           [&] { search.find(values.data(), dim, 1, indices); });
    state.counters["distances"] = benchmark::Counter(
        static_cast<double>(state.iterations() * count * kEntries), benchmark::Counter::kIsRate);
}

/// Clusters 4 Mi weights into 256 centroids, on all threads. most_mse: the better mse of
/// scikit-learn and faiss, with all points and 25 iterations, on weights of this distribution.
void cluster_vectors(benchmark::State& state, std::size_t dim, double most_mse) {
    const std::vector<float> values = normal_weights(std::size_t{1} << 22);
    const auto cluster = [&] {
        return pal::cluster_vectors(pal::WeightedPoints<float>{values, {}}, dim, kEntries, 1);
    };
    const double mse = cluster().cost / static_cast<double>(values.size());
    if (!checked(state, mse <= most_mse)) return;
    pal::bench::time_bytes(state, values.size() * sizeof(float),
                           [&] { benchmark::DoNotOptimize(cluster().cost); });
    state.counters["mse"] = mse;
}

}  // namespace

int main(int argc, char** argv) {
    for (const std::size_t dim : {2, 3, 4, 8, 16}) {
        pal::bench::on_every_target("nearest_vectors/dim:" + std::to_string(dim),
                                    [dim](auto& state) { nearest_vectors(state, dim); });
    }
    benchmark::RegisterBenchmark("cluster_vectors/dim:2", cluster_vectors, 2, 3.1347e-6)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark("cluster_vectors/dim:4", cluster_vectors, 4, 3.8829e-5)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
    return pal::bench::run(argc, argv);
}
