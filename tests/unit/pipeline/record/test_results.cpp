// The text of /h5palettize/config: written, read again, damaged.
#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>
#include <vector>

#include "pipeline/record/reported.hpp"
#include "pipeline/record/results.hpp"
#include "stages/tensor/error.hpp"

using namespace pal;

namespace {

Origin origin_of_shard() {
    return {R"({"a":1})",
            "0011",
            "",
            Layout::kKeras,
            {"/optimizer", "\xFF"},
            ShardRecord{{1, 3}, 2, "/in.h5", "x", "y"}};
}

std::vector<TensorRecord> two_records() {
    TensorResult result;
    result.error = {1.0 / 3, std::numeric_limits<double>::infinity(), 0.1};
    result.weighted = WeightedError{0, 0, 0.7};
    result.palette_fingerprint = "aa";
    result.indices_fingerprint = "bb";
    TensorRecord whole{"/a \xff", "fast", result, "cc"};
    result.weighted.reset();
    result.error.chunks = {{0.1, 0.2, 0.3, 0.4}};
    return {whole, {"/b", "exact", result, "dd", Slab{8, 16}}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(results)

BOOST_AUTO_TEST_CASE(a_shard_says_again_what_was_written) {
    const Origin origin = origin_of_shard();
    const std::string text = results_json(results_head(origin), two_records(), true);
    BOOST_TEST(is_unchanged(text));
    const ShardResults read = shard_results(text);
    BOOST_TEST((read.shard == *origin.shard));
    BOOST_REQUIRE_EQUAL(read.tensors.size(), 2U);
    BOOST_TEST(read.tensors[0].path == "/a \xff");
    BOOST_TEST(read.tensors[0].result.weighted.value().mse == 0.7);
    BOOST_TEST(!read.tensors[0].slab.has_value());
    BOOST_TEST(read.tensors[1].engine == "exact");
    BOOST_TEST(read.tensors[1].result.error.mse == 1.0 / 3);
    BOOST_TEST(read.tensors[1].result.error.chunks.at(0).energy == 0.2);
    BOOST_TEST(read.tensors[1].slab.value().rows == 16U);
    // The same records, with the same head, make the same text.
    BOOST_TEST(results_json(results_head(origin), read.tensors, true) == text);
}

BOOST_AUTO_TEST_CASE(the_head_of_a_shard_is_that_of_the_whole_run) {
    Origin whole = origin_of_shard();
    whole.shard.reset();
    const ShardResults read =
        shard_results(results_json(results_head(origin_of_shard()), two_records(), true));
    BOOST_TEST(read.head == results_head(whole));
}

BOOST_AUTO_TEST_CASE(a_shard_and_a_file_say_what_was_dropped) {
    const std::set<std::string> dropped{"/optimizer", "\xFF"};
    const std::string shard = results_json(results_head(origin_of_shard()), two_records(), true);
    BOOST_TEST((reported_drops(shard) == dropped));
    BOOST_TEST((reported_drops(shard_results(shard).head) == dropped));
    for (const char* damaged : {"", "{", R"({"dropped": 1})", R"({"dropped": [1, "a"]})", "[]"})
        BOOST_TEST(reported_drops(damaged).empty());
}

BOOST_AUTO_TEST_CASE(a_changed_byte_is_found) {
    const std::string text = results_json(results_head(origin_of_shard()), two_records(), true);
    for (std::size_t byte = 0; byte < text.size(); ++byte) {
        std::string changed = text;
        changed[byte] = static_cast<char>(changed[byte] ^ 1);
        BOOST_TEST(!is_unchanged(changed));
        BOOST_CHECK_THROW((void)shard_results(changed), Error);
    }
}

BOOST_AUTO_TEST_CASE(a_whole_file_is_no_shard) {
    Origin whole = origin_of_shard();
    whole.shard.reset();
    BOOST_CHECK_THROW((void)shard_results(results_json(results_head(whole), two_records(), false)),
                      Error);
}

BOOST_AUTO_TEST_SUITE_END()
