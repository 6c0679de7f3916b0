// Labels of test cases.
#pragma once

#include <boost/test/unit_test.hpp>

namespace pal::test {

/// Judges numbers only and takes seconds: left out under ThreadSanitizer, where it would take
/// minutes and has nothing to say. BOOST_TEST_RUN_FILTERS='!@arithmetic'.
inline const boost::unit_test::label kArithmetic("arithmetic");

}  // namespace pal::test
