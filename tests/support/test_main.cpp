// The main of every unit test binary. H5PALETTIZE_TEST_THREADS bounds oneTBB, so that ctest can run
// one binary with several thread counts.
#define BOOST_TEST_MODULE h5palettize
#include <oneapi/tbb/global_control.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <memory>

namespace {

struct ThreadLimit {
    ThreadLimit() {
        if (const char* threads = std::getenv("H5PALETTIZE_TEST_THREADS")) {
            limit_ = std::make_unique<tbb::global_control>(
                tbb::global_control::max_allowed_parallelism, std::strtoul(threads, nullptr, 10));
        }
    }
    std::unique_ptr<tbb::global_control> limit_;
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(ThreadLimit);
