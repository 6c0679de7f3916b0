// Helpers of all benchmarks. Each benchmark checks its result once before it is timed. A wrong
// result ends it, and the program's exit code becomes 1. Names include the instruction set.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "stages/kernels/targets.hpp"

namespace pal::bench {

/// Returns the same normal weights at every call with the same seed.
inline std::vector<float> normal_weights(std::size_t count, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0, 0.02F);
    std::vector<float> values(count);
    for (float& value : values) value = normal(random);
    return values;
}

/// True if a result was wrong.
inline bool& any_wrong() {
    static bool wrong = false;
    return wrong;
}

/// Returns `right`. Ends the benchmark if it is false.
inline bool checked(benchmark::State& state, bool right) {
    if (right) return true;
    any_wrong() = true;
    state.SkipWithError("the result is wrong");
    return false;
}

/// Times body(), which processes `bytes` bytes.
template <class Body>
void time_bytes(benchmark::State& state, std::size_t bytes, const Body& body) {
    for (auto _ : state) {
        body();
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes));
}

/// Registers "name/target" for each instruction set that this machine has.
inline void on_every_target(const std::string& name,
                            const std::function<void(benchmark::State&)>& body) {
    for (const std::string& target : kernels::supported_targets()) {
        benchmark::RegisterBenchmark((name + "/" + target).c_str(),
                                     [target, body](benchmark::State& state) {
                                         kernels::force_target(target);
                                         body(state);
                                         kernels::force_target("");
                                     });
    }
}

/// Runs all registered benchmarks. Returns the exit code of main.
inline int run(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::AddCustomContext("target", kernels::active_target());
    benchmark::RunSpecifiedBenchmarks();
    return any_wrong() ? 1 : 0;
}

}  // namespace pal::bench
