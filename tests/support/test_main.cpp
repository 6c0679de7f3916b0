// Main function of every unit test binary. H5PALETTIZE_TEST_THREADS sets the number of oneTBB's
// threads, so that ctest can run a binary with several. It may exceed the number of processors,
// which takes an arena beside the limit. H5PALETTIZE_TARGET forces the kernels' instruction set.
#define BOOST_TEST_MODULE h5palettize
#define BOOST_TEST_NO_MAIN
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <cstdlib>

#include "stages/kernels/targets.hpp"

int main(int argc, char** argv) {
    pal::kernels::force_target_from_environment();
    const char* wanted = std::getenv("H5PALETTIZE_TEST_THREADS");
    if (wanted == nullptr) return boost::unit_test::unit_test_main(&init_unit_test, argc, argv);
    const int threads = std::atoi(wanted);
    const oneapi::tbb::global_control limit(oneapi::tbb::global_control::max_allowed_parallelism,
                                            static_cast<std::size_t>(threads));
    oneapi::tbb::task_arena arena(threads);
    return arena.execute([&] {
        if (oneapi::tbb::this_task_arena::max_concurrency() != threads) {
            std::fprintf(stderr, "H5PALETTIZE_TEST_THREADS=%s: oneTBB has %d threads\n", wanted,
                         oneapi::tbb::this_task_arena::max_concurrency());
            return 1;
        }
        return boost::unit_test::unit_test_main(&init_unit_test, argc, argv);
    });
}
