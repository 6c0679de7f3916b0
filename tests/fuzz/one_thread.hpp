// Limits fuzz targets that run stages to one thread.
#pragma once

#include <oneapi/tbb/global_control.h>

namespace pal::test {

/// Gives the same order of events every time, and starts no threads.
class OneThread {
    oneapi::tbb::global_control limit_{oneapi::tbb::global_control::max_allowed_parallelism, 1};
};

}  // namespace pal::test
