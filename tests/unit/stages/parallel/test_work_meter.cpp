#include <boost/test/unit_test.hpp>
#include <thread>

#include "stages/parallel/parallel.hpp"
#include "stages/parallel/work_meter.hpp"
#include "stages/weights/weights.hpp"

using namespace pal;

namespace {

void sleep_ms(int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(work_meter)

BOOST_AUTO_TEST_CASE(reads_count_for_the_meter_of_the_thread_only_while_it_has_one) {
    const Weights weights(std::vector<float>(100000, 1.0F));
    BlockReader<float> reader(weights);
    (void)reader.read(0, 1000);
    WorkMeter meter;
    {
        const MeteredWork work(&meter);
        (void)reader.read(0, 100000);
        (void)reader.read(5, 10);
    }
    (void)reader.read(0, 1000);
    BOOST_TEST(meter.read_bytes == 400040U);
    BOOST_TEST(current_meter() == nullptr);
}

BOOST_AUTO_TEST_CASE(reading_time_is_that_inside_reads) {
    WorkMeter meter;
    {
        const MeteredWork work(&meter);
        BOOST_TEST(metered_read(1 << 20, [] {
                       sleep_ms(20);
                       return 7;
                   }) == 7);
        sleep_ms(20);
    }
    BOOST_TEST(meter.read_ns.load() >= 20'000'000U);
    BOOST_TEST(meter.read_ns.load() < 40'000'000U);
}

BOOST_AUTO_TEST_CASE(of_small_reads_few_are_timed_and_stand_for_all) {
    WorkMeter meter;
    {
        const MeteredWork work(&meter);
        for (int r = 0; r < 64; ++r) {
            metered_read(4, [] {
                sleep_ms(1);
                return 0;
            });
        }
    }
    BOOST_TEST(meter.read_bytes.load() == 256U);
    BOOST_TEST(meter.read_ns.load() >= 64'000'000U);  // 64 times at least 1 ms
}

BOOST_AUTO_TEST_CASE(a_loop_carries_the_meter_to_the_threads_that_help) {
    WorkMeter meter;
    const auto start = Clock::now();
    {
        const MeteredWork work(&meter);
        for_each_task(64, [&](std::size_t) {
            if (current_meter() == &meter) metered_read(1 << 20, [] { return sleep_ms(2), 0; });
        });
    }
    // All 64 tasks have found the meter, wherever they ran; time of helpers is time of theirs.
    BOOST_TEST(meter.read_bytes.load() == std::uint64_t{64} << 20U);
    BOOST_TEST(meter.read_ns.load() >= 128'000'000U);
    const std::uint64_t own = nanoseconds_since(start);
    BOOST_TEST(meter.helper_ns.load() + own >= meter.read_ns.load());
    BOOST_TEST(current_meter() == nullptr);
}

BOOST_AUTO_TEST_CASE(work_within_work_counts_for_the_inner_meter) {
    WorkMeter outer;
    WorkMeter inner;
    {
        const MeteredWork work(&outer);
        metered_read(8, [] { return 0; });
        {
            const MeteredWork other(&inner);
            metered_read(16, [] { return 0; });
        }
        metered_read(32, [] { return 0; });
    }
    BOOST_TEST(outer.read_bytes.load() == 40U);
    BOOST_TEST(inner.read_bytes.load() == 16U);
}

BOOST_AUTO_TEST_SUITE_END()
