// The main of every unit test binary. H5PALETTIZE_TEST_THREADS bounds oneTBB, so that ctest can run
// one binary with several thread counts; H5PALETTIZE_TARGET forces the kernels' instruction set.
#define BOOST_TEST_MODULE h5palettize
#include <oneapi/tbb/global_control.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <memory>

#include "stages/kernels/targets.hpp"

namespace {

struct Limits {
    Limits() {
        pal::kernels::force_target_from_environment();
        if (const char* threads = std::getenv("H5PALETTIZE_TEST_THREADS")) {
            limit_ = std::make_unique<tbb::global_control>(
                tbb::global_control::max_allowed_parallelism, std::strtoul(threads, nullptr, 10));
        }
    }
    std::unique_ptr<tbb::global_control> limit_;
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Limits);
