// How near computed numbers must come.
#pragma once

#include <boost/test/unit_test.hpp>

namespace pal::test {

/// Sums of a few terms, in another order.
inline const auto kClose = boost::test_tools::tolerance(1e-9);

}  // namespace pal::test
