// What the benchmarks share. Each checks its result once before it is timed; a wrong one ends it
// and makes the program's exit code 1. The instruction set is part of each name.
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "stages/kernels/targets.hpp"

namespace pal::bench {

inline std::vector<float> normal_weights(std::size_t count, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0, 0.02F);
    std::vector<float> values(count);
    for (float& value : values) value = normal(random);
    return values;
}

inline bool& any_wrong() {
    static bool wrong = false;
    return wrong;
}

/// right, or the benchmark ends.
inline bool checked(benchmark::State& state, bool right) {
    if (right) return true;
    any_wrong() = true;
    state.SkipWithError("the result is wrong");
    return false;
}

/// Times body(), which goes through `bytes` bytes.
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

/// The rest of main.
inline int run(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::AddCustomContext("target", kernels::active_target());
    benchmark::RunSpecifiedBenchmarks();
    return any_wrong() ? 1 : 0;
}

}  // namespace pal::bench
