// For targets that run stages.
#pragma once

#include <oneapi/tbb/global_control.h>

namespace pal::test {

/// The same order of events every time, and no start of threads.
class OneThread {
    oneapi::tbb::global_control limit_{oneapi::tbb::global_control::max_allowed_parallelism, 1};
};

}  // namespace pal::test
