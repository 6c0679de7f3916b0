#include <boost/test/unit_test.hpp>
#include <numeric>

#include "pipeline/ranks/agreement.hpp"
#include "pipeline/ranks/handout.hpp"

using namespace pal;

namespace {

/// Pieces that are whole tensors.
std::vector<Piece> pieces_of(const std::vector<double>& seconds) {
    std::vector<Piece> pieces;
    for (const double s : seconds) pieces.push_back({pieces.size(), std::nullopt, s});
    return pieces;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(handout)

BOOST_AUTO_TEST_CASE(long_pieces_go_one_by_one_and_only_to_those_without_work) {
    Handout handout(pieces_of({4, 4, 4, 4}), 4);
    BOOST_TEST(handout.next(0, false).pieces == std::vector<std::size_t>{0});
    const auto answer = handout.next(0, true);
    BOOST_TEST(answer.pieces.empty());
    BOOST_TEST(!answer.is_last);
    for (std::size_t rank = 1; rank < 4; ++rank)
        BOOST_TEST(handout.next(rank, false).pieces == std::vector<std::size_t>{rank});
    BOOST_TEST(handout.next(0, true).is_last);
    BOOST_TEST(handout.next(3, false).is_last);
}

BOOST_AUTO_TEST_CASE(short_pieces_go_in_bundles_that_shrink) {
    Handout handout(pieces_of(std::vector<double>(1024, 1)), 4);
    BOOST_TEST(handout.next(0, false).pieces.size() == 64U);
    BOOST_TEST(handout.next(1, true).pieces.size() == 60U);
    std::size_t last = 0;
    std::size_t all = 64 + 60;
    for (;;) {
        const auto answer = handout.next(2, false);
        if (answer.is_last) break;
        last = answer.pieces.size();
        all += last;
    }
    BOOST_TEST(last == 1U);
    BOOST_TEST(all == 1024U);
}

BOOST_AUTO_TEST_CASE(a_rank_gets_one_slab_of_a_tensor_and_all_are_done) {
    std::vector<Piece> pieces;
    for (std::uint64_t s = 0; s < 3; ++s) pieces.push_back({0, Slab{s * 8, 8}, 2});
    pieces.push_back({1, std::nullopt, 1});
    Handout handout(pieces, 3);
    BOOST_TEST(handout.next(0, false).pieces == std::vector<std::size_t>{0});
    BOOST_TEST(handout.next(0, false).pieces == std::vector<std::size_t>{3});  // no second slab
    BOOST_TEST(handout.next(0, false).is_last);
    BOOST_TEST(handout.next(2, false).pieces == std::vector<std::size_t>{1});
    BOOST_TEST(handout.next(2, false).is_last);
    BOOST_TEST(handout.next(1, false).pieces == std::vector<std::size_t>{2});
    BOOST_TEST(handout.next(1, false).is_last);
}

BOOST_AUTO_TEST_CASE(what_was_done_before_is_not_handed_out) {
    std::vector<Piece> pieces{{0, Slab{0, 8}, 2}, {0, Slab{8, 8}, 2}, {1, std::nullopt, 1}};
    Handout handout(pieces, 2);
    handout.mark_done(1, 0);
    BOOST_TEST(handout.next(1, false).pieces == std::vector<std::size_t>{2});
    BOOST_TEST(handout.next(1, false).is_last);
    BOOST_TEST(handout.next(0, false).pieces == std::vector<std::size_t>{1});
    BOOST_TEST(handout.next(0, false).is_last);
}

BOOST_AUTO_TEST_CASE(nothing_is_handed_out_once_it_is_closed) {
    Handout handout(pieces_of({1, 1}), 1);
    handout.close();
    BOOST_TEST(handout.next(0, false).is_last);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(agreement)

BOOST_AUTO_TEST_CASE(what_all_ranks_say_is_said_once) {
    const std::vector<StepResult> all{{4, "exists"}, {4, "exists"}};
    BOOST_TEST(failures_of(all, "stopped") == std::vector<std::string>{"exists"});
    const std::vector<StepResult> some{{0, "7"}, {3, "no such file"}, {2, ""}};
    BOOST_TEST(failures_of(some, "stopped") == std::vector<std::string>{"rank 1: no such file"});
    BOOST_TEST(code_of(some) == 3);
}

BOOST_AUTO_TEST_CASE(interruptions_count_where_nothing_else_failed) {
    const std::vector<StepResult> stopped{{5, ""}, {0, ""}, {5, ""}};
    BOOST_TEST(failures_of(stopped, "stopped") == std::vector<std::string>{"stopped"});
    BOOST_TEST(code_of(stopped) == 5);
    const std::vector<StepResult> failed{{5, ""}, {1, "NaN"}};
    BOOST_TEST(failures_of(failed, "stopped") == std::vector<std::string>{"rank 1: NaN"});
    BOOST_TEST(code_of(failed) == 1);
    BOOST_TEST(code_of({{0, ""}}) == 0);
}

BOOST_AUTO_TEST_CASE(what_a_step_throws_is_its_result) {
    BOOST_TEST(result_of([] { return std::string("text"); }).text == "text");
    const StepResult failed =
        result_of([]() -> std::string { throw Error(ErrorCode::kInput, "why"); });
    BOOST_TEST(failed.code == 3);
    BOOST_TEST(failed.text == "why");
}

BOOST_AUTO_TEST_SUITE_END()
