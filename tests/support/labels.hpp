// Labels of test cases.
#pragma once

#include <boost/test/unit_test.hpp>

namespace pal::test {

/// Marks tests that only judge numbers and take seconds. Left out under ThreadSanitizer
/// (BOOST_TEST_RUN_FILTERS='!@arithmetic'): they would take minutes there and find nothing.
inline const boost::unit_test::label kArithmetic("arithmetic");

}  // namespace pal::test
