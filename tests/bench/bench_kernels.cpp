// Kernels of a pass over scalar weights, on one thread. Blocks have 64 Ki values, as in the stages.
// Rates are bytes of weights as stored (conversions: bytes of the 16-bit patterns).
#include <bit>
#include <cmath>

#include "stages/kernels/convert.hpp"
#include "stages/kernels/count_bins.hpp"
#include "stages/kernels/error_sums.hpp"
#include "stages/kernels/nearest_scalars.hpp"
#include "stages/kernels/sort.hpp"
#include "stages/parallel/parallel.hpp"
#include "stages/tensor/dtype.hpp"
#include "tests/bench/bench.hpp"

namespace {

using namespace pal;
using bench::checked;
using bench::normal_weights;
using bench::time_bytes;

void convert(benchmark::State& state, bool half) {
    std::vector<std::uint16_t> patterns;
    for (const float value : normal_weights(kBlock))
        patterns.push_back(half ? float_to_half(value) : float_to_bfloat16(value));
    std::vector<float> values(kBlock);
    const auto body = [&] {
        half ? kernels::halves_to_floats(patterns, values)
             : kernels::bfloat16_to_floats(patterns, values);
    };
    body();
    bool right = true;
    for (std::size_t v = 0; v < kBlock; ++v)
        right &= values[v] == (half ? half_to_float(patterns[v]) : bfloat16_to_float(patterns[v]));
    if (checked(state, right)) time_bytes(state, kBlock * 2, body);
}

void all_finite(benchmark::State& state) {
    std::vector<float> values = normal_weights(kBlock);
    const float kept = std::exchange(values.back(), NAN);
    const bool finds = !kernels::all_finite(values);
    values.back() = kept;
    if (!checked(state, finds && kernels::all_finite(values))) return;
    time_bytes(state, kBlock * 4, [&] { benchmark::DoNotOptimize(kernels::all_finite(values)); });
}

void max_magnitude(benchmark::State& state) {
    const std::vector<float> values = normal_weights(kBlock);
    float largest = 0;
    for (const float value : values) largest = std::max(largest, std::abs(value));
    if (!checked(state, kernels::max_magnitude(values) == largest)) return;
    time_bytes(state, kBlock * 4,
               [&] { benchmark::DoNotOptimize(kernels::max_magnitude(values)); });
}

/// 16 bins a leading key.
void count_bins(benchmark::State& state) {
    const std::vector<float> values = normal_weights(kBlock);
    std::vector<kernels::KeySplit> splits(kernels::kLeadingKeys);
    for (std::uint32_t key = 0; key < kernels::kLeadingKeys; ++key) splits[key] = {key * 16, 12};
    std::vector<std::uint64_t> bins(kernels::kLeadingKeys * 16);
    std::vector<std::uint32_t> aside;
    const auto body = [&] { kernels::count_bins(values, splits, bins, aside); };
    body();
    std::vector<std::uint64_t> wanted(bins.size());
    for (const float value : values) {
        const auto bits = std::bit_cast<std::uint32_t>(value);
        wanted[bits >> 12U] += kernels::kOneCounted + (bits & 0xFFFFU);
    }
    if (!checked(state, bins == wanted && aside.empty())) return;
    // Bins have room for 2^24 values.
    std::size_t rounds = 0;
    time_bytes(state, kBlock * 4, [&] {
        if (++rounds % 128 == 0) std::fill(bins.begin(), bins.end(), 0);
        body();
    });
}

void nearest_scalars(benchmark::State& state, std::size_t entries) {
    const std::vector<float> values = normal_weights(kBlock);
    const std::vector<float> drawn = normal_weights(entries, 2);
    std::vector<double> lut(drawn.begin(), drawn.end());
    std::sort(lut.begin(), lut.end());
    const kernels::NearestScalars search(lut, std::size_t{1} << 24);
    std::vector<std::uint8_t> indices(kBlock);
    std::vector<float> nearest(kBlock);
    const auto body = [&] { search.find(values, indices, nearest); };
    body();
    bool right = true;
    for (std::size_t v = 0; v < kBlock; ++v) {
        const auto distance = [&](double entry) { return std::abs(entry - double(values[v])); };
        const auto best = std::min_element(
            lut.begin(), lut.end(), [&](double a, double b) { return distance(a) < distance(b); });
        right &= indices[v] == best - lut.begin() && nearest[v] == static_cast<float>(*best);
    }
    if (checked(state, right)) time_bytes(state, kBlock * 4, body);
}

void error_sums(benchmark::State& state) {
    const std::vector<float> values = normal_weights(kBlock);
    const std::vector<float> decoded = normal_weights(kBlock, 2);
    double squared = 0;
    for (std::size_t v = 0; v < kBlock; ++v)
        squared += std::pow(double(values[v]) - double(decoded[v]), 2);
    const auto body = [&] { return kernels::error_sums(values, decoded).squared_error; };
    if (!checked(state, std::abs(body() - squared) <= 1e-12 * squared)) return;
    time_bytes(state, kBlock * 4, [&] { benchmark::DoNotOptimize(body()); });
}

void sort_ascending(benchmark::State& state) {
    const std::vector<float> values = normal_weights(kBlock);
    std::vector<float> sorted = values;
    kernels::sort_ascending(sorted);
    std::vector<float> wanted = values;
    std::sort(wanted.begin(), wanted.end());
    if (!checked(state, sorted == wanted)) return;
    time_bytes(state, kBlock * 4, [&] {
        std::copy(values.begin(), values.end(), sorted.begin());
        kernels::sort_ascending(sorted);
    });
}

}  // namespace

int main(int argc, char** argv) {
    using bench::on_every_target;
    on_every_target("halves_to_floats", [](auto& state) { convert(state, true); });
    on_every_target("bfloat16_to_floats", [](auto& state) { convert(state, false); });
    on_every_target("all_finite", all_finite);
    on_every_target("max_magnitude", max_magnitude);
    on_every_target("count_bins", count_bins);
    for (const std::size_t entries : {2, 4, 8, 16, 64, 256}) {
        on_every_target("nearest_scalars/entries:" + std::to_string(entries),
                        [entries](auto& state) { nearest_scalars(state, entries); });
    }
    on_every_target("error_sums", error_sums);
    on_every_target("sort_ascending", sort_ascending);
    return bench::run(argc, argv);
}
