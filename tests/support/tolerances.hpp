// Tolerances for computed numbers.
#pragma once

#include <boost/test/unit_test.hpp>

namespace pal::test {

/// For sums of a few terms that may be added in another order.
inline const auto kClose = boost::test_tools::tolerance(1e-9);

}  // namespace pal::test
