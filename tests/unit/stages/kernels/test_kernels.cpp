// The kernels against their definitions, on every instruction set, at lengths around the widths of
// registers.
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "stages/kernels/convert.hpp"
#include "stages/kernels/count_bins.hpp"
#include "stages/kernels/error_sums.hpp"
#include "stages/kernels/nearest_scalars.hpp"
#include "stages/kernels/sort.hpp"
#include "stages/kernels/unshuffle.hpp"
#include "stages/tensor/dtype.hpp"
#include "tests/support/every_target.hpp"

using namespace pal;
using pal::test::for_each_target;

namespace {

constexpr std::size_t kLengths[] = {0, 1, 7, 8, 9, 15, 16, 17, 31, 33, 1000, 4097};

std::vector<float> normal_floats(std::size_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0, 0.02F);
    std::vector<float> values(count);
    for (float& value : values) value = normal(random);
    return values;
}

/// Nearest entry, lowest index on ties and among equal entries.
std::size_t nearest_by_definition(float value, const std::vector<double>& lut) {
    std::size_t best = 0;
    for (std::size_t e = 1; e < lut.size(); ++e) {
        if (std::abs(lut[e] - double(value)) < std::abs(lut[best] - double(value))) best = e;
    }
    return best;
}

std::vector<double> sorted_lut(std::size_t entries, unsigned seed, bool repeats) {
    const std::vector<float> values = normal_floats(entries, seed);
    std::vector<double> lut(values.begin(), values.end());
    if (repeats) {
        for (std::size_t e = 1; e < entries; e += 3) lut[e] = lut[e - 1];
    }
    std::sort(lut.begin(), lut.end());
    return lut;
}

void check_nearest(const std::vector<float>& values, const std::vector<double>& lut,
                   std::size_t expected) {
    const kernels::NearestScalars search(lut, expected);
    std::vector<std::uint8_t> indices(values.size());
    std::vector<float> nearest(values.size());
    search.find(values, indices, nearest);
    const kernels::ErrorSums wanted_sums =
        kernels::error_sums(values, std::span<const float>(nearest));
    std::vector<std::uint8_t> same_indices(values.size());
    std::vector<float> scratch(values.size());
    const kernels::ErrorSums sums = search.find_and_measure(values, same_indices, scratch);
    BOOST_TEST(same_indices == indices);
    BOOST_TEST(sums.squared_error == wanted_sums.squared_error);
    BOOST_TEST(sums.energy == wanted_sums.energy);
    BOOST_TEST(sums.max_abs_error == wanted_sums.max_abs_error);
    BOOST_TEST(sums.max_abs == wanted_sums.max_abs);
    for (std::size_t v = 0; v < values.size(); ++v) {
        const std::size_t wanted = nearest_by_definition(values[v], lut);
        if (indices[v] == wanted && double(nearest[v]) == lut[wanted]) continue;
        BOOST_TEST(indices[v] == wanted, "value " << values[v] << " of " << values.size() << ", "
                                                  << lut.size() << " entries");
        return;
    }
}

/// Draws, sorts, and compares with std::sort, bit by bit.
template <class Real>
void check_sorted(double scale, bool repeats, unsigned seed) {
    std::mt19937 random(seed);
    for (const std::size_t count : kLengths) {
        std::vector<Real> values(count);
        for (Real& value : values) {
            const double drawn = std::normal_distribution<>(0, 3)(random);
            value =
                static_cast<Real>(repeats ? std::round(drawn) : drawn) * static_cast<Real>(scale);
        }
        std::vector<Real> expected = values;
        std::sort(expected.begin(), expected.end(), [](Real a, Real b) {
            return a < b || (a == b && std::signbit(a) && !std::signbit(b));
        });
        kernels::sort_ascending(values);
        BOOST_TEST(
            (count == 0 || std::memcmp(values.data(), expected.data(), count * sizeof(Real)) == 0),
            count << " values of scale " << scale << ", seed " << seed);
    }
}

/// Checks that 16 stored bits give what their floats give.
void check_stored(std::size_t count, bool bfloat16, const std::vector<double>& lut) {
    std::mt19937 random(static_cast<unsigned>(count));
    std::vector<std::uint16_t> patterns(count);
    for (std::uint16_t& pattern : patterns) {
        do {
            pattern = static_cast<std::uint16_t>(random());
        } while (!std::isfinite(bfloat16 ? bfloat16_to_float(pattern) : half_to_float(pattern)));
    }
    std::vector<float> values(count);
    bfloat16 ? kernels::bfloat16_to_floats(patterns, values)
             : kernels::halves_to_floats(patterns, values);
    const kernels::NearestScalars search(lut, count);
    BOOST_REQUIRE(search.takes_stored());
    std::vector<std::uint8_t> wanted(count);
    std::vector<std::uint8_t> indices(count);
    std::vector<float> scratch(count);
    const kernels::ErrorSums of_floats = search.find_and_measure(values, wanted, scratch);
    const kernels::ErrorSums sums = search.find_and_measure_stored(patterns, bfloat16, indices);
    BOOST_TEST(indices == wanted);
    BOOST_TEST(sums.squared_error == of_floats.squared_error);
    BOOST_TEST(sums.energy == of_floats.energy);
    BOOST_TEST(sums.max_abs_error == of_floats.max_abs_error);
    BOOST_TEST(sums.max_abs == of_floats.max_abs);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kernel_definitions)

BOOST_AUTO_TEST_CASE(stored_bits_are_measured_as_their_floats_on_every_target) {
    for_each_target([&](const std::string& name) {
        for (const std::size_t count : {0, 1, 7, 8, 15, 16, 127, 128, 129, 1000, 4099}) {
            for (const bool bfloat16 : {false, true}) {
                BOOST_TEST_CONTEXT(name << ": " << count << (bfloat16 ? " bfloat16" : " halves")) {
                    check_stored(count, bfloat16, {-100, -1, -1, -0.5, 0, 0x1p-20, 2, 3e4});
                    check_stored(count, bfloat16, {0.25});
                }
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(every_half_and_bfloat16_becomes_its_float_on_every_target) {
    std::vector<std::uint16_t> patterns(1U << 16U);
    for (std::size_t p = 0; p < patterns.size(); ++p) patterns[p] = std::uint16_t(p);
    for_each_target([&](const std::string& name) {
        for (const bool half : {true, false}) {
            std::vector<float> values(patterns.size());
            half ? kernels::halves_to_floats(patterns, values)
                 : kernels::bfloat16_to_floats(patterns, values);
            for (std::size_t p = 0; p < patterns.size(); ++p) {
                const float wanted =
                    half ? half_to_float(patterns[p]) : bfloat16_to_float(patterns[p]);
                const bool same = std::isnan(wanted) ? std::isnan(values[p])
                                                     : std::bit_cast<std::uint32_t>(values[p]) ==
                                                           std::bit_cast<std::uint32_t>(wanted);
                BOOST_REQUIRE_MESSAGE(same, name << ": pattern " << p);
            }
            std::vector<float> few(13);
            kernels::halves_to_floats(std::span(patterns).subspan(1000, 13), few);
            for (std::size_t v = 0; v < 13; ++v) BOOST_TEST(few[v] == half_to_float(1000 + v));
        }
    });
}

BOOST_AUTO_TEST_CASE(one_nan_or_infinity_is_found_wherever_it_stands) {
    for_each_target([](const std::string& name) {
        for (const std::size_t length : kLengths) {
            std::vector<float> values = normal_floats(length, 3);
            BOOST_TEST(kernels::all_finite(values), name);
            for (std::size_t v = 0; v < std::min<std::size_t>(length, 40); ++v) {
                for (const float bad : {std::numeric_limits<float>::infinity(),
                                        -std::numeric_limits<float>::infinity(),
                                        std::numeric_limits<float>::quiet_NaN()}) {
                    const float kept = std::exchange(values[v], bad);
                    BOOST_TEST(!kernels::all_finite(values), name << " at " << v);
                    values[v] = kept;
                }
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(largest_magnitudes_are_those_of_a_plain_loop) {
    for_each_target([](const std::string& name) {
        for (const std::size_t length : kLengths) {
            const std::vector<float> values = normal_floats(length, 4);
            float largest = 0;
            for (const float value : values) largest = std::max(largest, std::abs(value));
            BOOST_TEST(kernels::max_magnitude(values) == largest, name);
            std::vector<float> maxima(length, 0.01F);
            kernels::max_magnitudes(values, maxima);
            for (std::size_t v = 0; v < length; ++v)
                BOOST_TEST(maxima[v] == std::max(0.01F, std::abs(values[v])));
        }
    });
}

BOOST_AUTO_TEST_CASE(nearest_scalars_follow_the_definition_on_every_target) {
    for_each_target([](const std::string&) {
        for (const std::size_t entries : {1, 2, 3, 4, 8, 15, 16, 17, 64, 255, 256}) {
            for (const bool repeats : {false, true}) {
                const std::vector<double> lut = sorted_lut(entries, unsigned(entries), repeats);
                for (const std::size_t length : kLengths)
                    check_nearest(normal_floats(length, 5), lut, length);
                check_nearest(normal_floats(4000, 6), lut, 1 << 20);  // by a table
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(ties_go_to_the_lower_entry_on_every_target) {
    for_each_target([](const std::string&) {
        std::vector<double> lut(256);
        std::vector<float> values;
        for (std::size_t e = 0; e < lut.size(); ++e) {
            lut[e] = double(e) - 128;
            for (const float off : {-0.5F, 0.0F, 0.5F}) values.push_back(float(lut[e]) + off);
        }
        values.insert(values.end(), {1e5F, -1e5F, 1e-40F, -0.0F, 0.0F});
        for (const std::size_t entries : {4, 16, 256}) {
            const std::vector<double> part(lut.begin(), lut.begin() + std::ptrdiff_t(entries));
            check_nearest(values, part, 16);
            check_nearest(values, part, 1 << 20);
        }
    });
}

BOOST_AUTO_TEST_CASE(entries_close_together_far_from_zero_are_told_apart) {
    std::vector<double> lut(256);
    std::vector<float> values;
    for (std::size_t e = 0; e < lut.size(); ++e) lut[e] = double(1 + float(e) * 0x1p-15F);
    for (std::size_t v = 0; v < 5000; ++v) values.push_back(1 + float(v) * 0x1p-20F);
    for_each_target([&](const std::string&) { check_nearest(values, lut, 1 << 20); });
}

BOOST_AUTO_TEST_CASE(counts_do_not_depend_on_the_target) {
    const std::vector<float> values = normal_floats(10001, 8);
    std::vector<kernels::KeySplit> splits(kernels::kLeadingKeys, {0, kernels::kUncounted});
    for (std::uint32_t key = 0x3c00; key < 0x3d00; ++key)  // some positive keys, four bins each
        splits[key] = {4 * (key - 0x3c00), 14};
    for_each_target([&](const std::string& name) {
        std::vector<std::uint64_t> bins(1024);
        std::vector<std::uint32_t> aside;
        kernels::count_bins(values, splits, bins, aside);
        std::vector<std::uint64_t> wanted(1024);
        std::size_t left = 0;
        for (const float value : values) {
            const auto bits = std::bit_cast<std::uint32_t>(value);
            const kernels::KeySplit split = splits[bits >> 16U];
            if (split.shift == kernels::kUncounted) {
                BOOST_REQUIRE(aside[left++] == bits);
                continue;
            }
            wanted[split.first + ((bits & 0xFFFFU) >> 14U)] +=
                kernels::kOneCounted + (bits & 0xFFFFU);
        }
        BOOST_TEST(left == aside.size(), name);
        BOOST_TEST((bins == wanted), name);
    });
}

BOOST_AUTO_TEST_CASE(error_sums_have_the_same_bits_on_every_target) {
    for (const std::size_t length : kLengths) {
        const std::vector<float> values = normal_floats(length, 9);
        const std::vector<float> decoded = normal_floats(length, 10);
        const std::vector<double> wide_values(values.begin(), values.end());
        const std::vector<double> wide_decoded(decoded.begin(), decoded.end());
        // The definition itself, which the sums of doubles are taken by.
        const kernels::ErrorSums wanted = kernels::error_sums(wide_values, wide_decoded, 1);
        for_each_target([&](const std::string& name) {
            const kernels::ErrorSums sums = kernels::error_sums(values, decoded);
            BOOST_TEST(sums.squared_error == wanted.squared_error, name << " " << length);
            BOOST_TEST(sums.energy == wanted.energy, name);
            BOOST_TEST(sums.max_abs_error == wanted.max_abs_error, name);
            BOOST_TEST(sums.max_abs == wanted.max_abs, name);
        });
    }
}

BOOST_AUTO_TEST_CASE(unshuffled_bytes_are_the_elements_on_every_target) {
    std::mt19937 random(7);
    for_each_target([&](const std::string& target) {
        for (const std::size_t element_bytes : {1, 2, 3, 4, 8, 16}) {
            for (const std::size_t count : kLengths) {
                for (const std::size_t odd_bytes : {std::size_t{0}, element_bytes - 1}) {
                    std::vector<std::byte> elements(count * element_bytes + odd_bytes);
                    for (std::byte& byte : elements) byte = static_cast<std::byte>(random());
                    std::vector<std::byte> shuffled = elements;
                    for (std::size_t e = 0; e < count; ++e) {
                        for (std::size_t b = 0; b < element_bytes; ++b)
                            shuffled[b * count + e] = elements[e * element_bytes + b];
                    }
                    std::vector<std::byte> found(elements.size());
                    kernels::unshuffle(shuffled, element_bytes, found);
                    BOOST_TEST((found == elements),
                               target << ": " << count << " elements of " << element_bytes);
                }
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(values_are_sorted_denormal_ones_too) {
    // Every fourth sort of repeated denormal values as floats went wrong.
    for (unsigned seed = 0; seed < 50; ++seed) {
        for (const bool repeats : {false, true}) {
            check_sorted<float>(1.0, repeats, seed);
            check_sorted<float>(9.2e-41, repeats, seed);
            check_sorted<double>(1.0, repeats, seed);
            check_sorted<double>(5e-320, repeats, seed);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
