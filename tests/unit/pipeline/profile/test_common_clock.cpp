#include <boost/test/unit_test.hpp>
#include <random>

#include "pipeline/profile/common_clock.hpp"

using namespace pal;

namespace {

constexpr std::int64_t kMicrosecond = 1000;
constexpr std::int64_t kSecond = 1'000'000'000;

/// A clock as a function of the true time.
struct TestClock {
    std::int64_t ahead = 0;
    double speed = 1;
    [[nodiscard]] std::int64_t at(std::int64_t when) const {
        return ahead + static_cast<std::int64_t>(speed * static_cast<double>(when));
    }
};

/// Eight rounds from `when` on, with one rank per clock. A rank enters a while after it left the
/// round before, and leaves up to `lag` after the last rank has entered.
std::vector<std::vector<Round>> rounds_of(const std::vector<TestClock>& clocks, std::int64_t when,
                                          std::int64_t lag, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_int_distribution<std::int64_t> some(0, lag);
    std::vector<std::vector<Round>> rounds(clocks.size());
    std::vector<std::int64_t> now(clocks.size(), when);
    for (int round = 0; round < 8; ++round) {
        for (std::int64_t& own : now) own += some(random);
        const std::int64_t all_in = *std::max_element(now.begin(), now.end());
        for (std::size_t c = 0; c < clocks.size(); ++c) {
            const std::int64_t entered = now[c];
            now[c] = all_in + some(random);
            rounds[c].push_back({clocks[c].at(entered), clocks[c].at(now[c])});
        }
    }
    return rounds;
}

std::vector<Rounds> rounds_of_job(const std::vector<TestClock>& clocks, unsigned seed) {
    const auto first = rounds_of(clocks, kSecond, 300 * kMicrosecond, seed);
    const auto last = rounds_of(clocks, 1000 * kSecond, 300 * kMicrosecond, seed + 1);
    std::vector<Rounds> rounds(clocks.size());
    for (std::size_t c = 0; c < clocks.size(); ++c) rounds[c] = {first[c], last[c]};
    return rounds;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(common_clock)

BOOST_AUTO_TEST_CASE(clocks_of_one_machine_are_one) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        const auto rounds = rounds_of_job(std::vector<TestClock>(3, {5 * kSecond}), 10 * seed);
        for (const Rounds& own : rounds) {
            const ClockShift shift(own, rounds.front());
            BOOST_TEST(shift(123456789) == 123456789);
            BOOST_TEST(shift.error_ns() <= 600U * kMicrosecond);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_offset_is_found_within_the_error_that_is_said) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        const std::vector<TestClock> clocks{{7 * kSecond}, {-20 * kSecond}, {7 * kSecond + 400}};
        const auto rounds = rounds_of_job(clocks, 10 * seed);
        for (std::size_t c = 0; c < clocks.size(); ++c) {
            const ClockShift shift(rounds[c], rounds[0]);
            for (const std::int64_t when : {0, 500, 2000}) {
                const std::int64_t off =
                    shift(clocks[c].at(when * kSecond)) - clocks[0].at(when * kSecond);
                BOOST_TEST(static_cast<std::uint64_t>(std::abs(off)) <= shift.error_ns(),
                           "seed " << seed);
            }
            BOOST_TEST(shift.error_ns() <= 600U * kMicrosecond);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_clock_that_is_slow_is_followed) {
    // 20 ppm: 20 ms over the job, far more than any error.
    const std::vector<TestClock> clocks{{0}, {3 * kSecond, 1 - 20e-6}};
    const auto rounds = rounds_of_job(clocks, 7);
    const ClockShift shift(rounds[1], rounds[0]);
    BOOST_TEST(shift.error_ns() <= 600U * kMicrosecond);
    for (const std::int64_t when : {10, 500, 990}) {
        const std::int64_t off = shift(clocks[1].at(when * kSecond)) - when * kSecond;
        BOOST_TEST(static_cast<std::uint64_t>(std::abs(off)) <= shift.error_ns());
    }
}

BOOST_AUTO_TEST_SUITE_END()
