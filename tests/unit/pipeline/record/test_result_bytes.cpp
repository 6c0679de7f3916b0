// Tensor results as bytes, and back.
#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>

#include "pipeline/record/result_bytes.hpp"
#include "stages/tensor/error.hpp"

using namespace pal;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TensorResult full_result() {
    TensorResult result;
    result.finished = true;
    result.seconds = 0.1;
    result.error = {1.0 / 3, kInfinity, 5e-324, false, 1e300, {{0.1, 0.2, 0.3, 0.4}, {1, 2, 3, 4}}};
    result.optimality_gap = 1e-5;
    result.weighted = WeightedError{0.3, 0.6, 0.9};
    result.palette_fingerprint = "00112233445566ff";
    result.indices_fingerprint = "ff66554433221100";
    return result;
}

void check_same(const TensorResult& a, const TensorResult& b) {
    BOOST_TEST(a.finished == b.finished);
    BOOST_TEST(a.failed == b.failed);
    BOOST_TEST((a.code == b.code));
    BOOST_TEST(a.message == b.message);
    BOOST_TEST(a.seconds == b.seconds);
    BOOST_TEST(a.error.mse == b.error.mse);
    BOOST_TEST(a.error.sqnr_db == b.error.sqnr_db);
    BOOST_TEST(a.error.max_abs_error == b.error.max_abs_error);
    BOOST_TEST(a.error.finite == b.error.finite);
    BOOST_TEST(a.error.energy == b.error.energy);
    BOOST_REQUIRE_EQUAL(a.error.chunks.size(), b.error.chunks.size());
    for (std::size_t c = 0; c < a.error.chunks.size(); ++c) {
        BOOST_TEST(a.error.chunks[c].squared_error == b.error.chunks[c].squared_error);
        BOOST_TEST(a.error.chunks[c].max_abs == b.error.chunks[c].max_abs);
    }
    BOOST_TEST((a.optimality_gap == b.optimality_gap));
    BOOST_REQUIRE_EQUAL(a.weighted.has_value(), b.weighted.has_value());
    if (a.weighted) {
        BOOST_TEST(a.weighted->squared == b.weighted->squared);
        BOOST_TEST(a.weighted->energy == b.weighted->energy);
        BOOST_TEST(a.weighted->mse == b.weighted->mse);
    }
    BOOST_TEST(a.palette_fingerprint == b.palette_fingerprint);
    BOOST_TEST(a.indices_fingerprint == b.indices_fingerprint);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(result_bytes)

BOOST_AUTO_TEST_CASE(a_result_comes_back_with_every_bit) {
    check_same(result_from_bytes(to_bytes(full_result())), full_result());
    check_same(result_from_bytes(to_bytes(TensorResult{})), TensorResult{});
    TensorResult failed;
    failed.failed = true;
    failed.code = ErrorCode::kOutput;
    failed.message = "disk full";
    check_same(result_from_bytes(to_bytes(failed)), failed);
}

BOOST_AUTO_TEST_CASE(other_bytes_are_refused) {
    const std::string whole = to_bytes(full_result());
    for (std::size_t end = 0; end < whole.size(); ++end)
        BOOST_CHECK_THROW((void)result_from_bytes(whole.substr(0, end)), Error);
    for (const char* text : {"{}", "\xa0", "\x80", "\xff"})
        BOOST_CHECK_THROW((void)result_from_bytes(text), Error);
}

BOOST_AUTO_TEST_SUITE_END()
