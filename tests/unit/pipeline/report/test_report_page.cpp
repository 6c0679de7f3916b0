#include <boost/test/unit_test.hpp>
#include <limits>
#include <nlohmann/json.hpp>

#include "pipeline/report/report_detail.hpp"
#include "pipeline/report/report_page.hpp"
#include "stages/tensor/error.hpp"

using namespace pal;
using Json = nlohmann::ordered_json;

namespace {

/// Returns the JSON in a page.
Json data_of(const std::string& page) {
    const std::string before = R"(<script type="application/json" id="data">)";
    const std::size_t begin = page.find(before) + before.size();
    return Json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

std::string report_with(const Json& tensors) {
    return Json{{"totals", Json::object()}, {"tensors", tensors}}.dump();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(report_pages)

BOOST_AUTO_TEST_CASE(names_do_not_end_the_script) {
    const std::string name = "/a</script><!--<script>\"'&{{data}}{{script}}";
    const std::string page = report_page(report_with({{{"path", name}}}));
    BOOST_TEST(data_of(page)["tensors"][0]["path"] == name);
    const std::string empty = report_page(report_with(Json::array()));
    const auto count = [](const std::string& text, const std::string& part) {
        std::size_t found = 0;
        for (std::size_t at = text.find(part); at != std::string::npos;
             at = text.find(part, at + 1))
            ++found;
        return found;
    };
    for (const char* tag : {"<script", "</script", "<!--"})
        BOOST_TEST(count(page, tag) == count(empty, tag));
}

BOOST_AUTO_TEST_CASE(what_tensors_share_is_there_once) {
    const Json spec{{"n_bits", 4}};
    const Json data = data_of(
        report_page(report_with({{{"path", "/a"}, {"spec", spec}, {"reason", "global_config"}},
                                 {{"path", "/b"}, {"spec", nullptr}, {"reason", "a state"}},
                                 {{"path", "/c"}, {"spec", spec}, {"reason", "global_config"}}})));
    BOOST_TEST(data["specs"].dump() == R"([{"n_bits":4},null])");
    BOOST_TEST(data["reasons"].dump() == R"(["global_config","a state"])");
    BOOST_TEST(data["tensors"][2]["spec"] == 0);
    BOOST_TEST(data["tensors"][1]["reason"] == 1);
}

BOOST_AUTO_TEST_CASE(what_is_no_report_is_refused) {
    const std::string deep = R"({"totals":{},"tensors":[{"path":"/a","spec":)" +
                             std::string(100'000, '[') + std::string(100'000, ']') + "}]}";
    for (const std::string& text : {std::string(), std::string("{"), std::string("[]"),
                                    std::string("{}"), std::string(R"({"totals":{},"tensors":3})"),
                                    std::string(R"({"totals":{},"tensors":[3]})"),
                                    std::string(R"({"totals":{},"tensors":[{"path":3}]})"), deep}) {
        BOOST_CHECK_EXCEPTION((void)report_page(text), Error, [](const Error& error) {
            return error.code() == ErrorCode::kInput &&
                   std::string(error.what()).find("no report") != std::string::npos;
        });
    }
}

BOOST_AUTO_TEST_CASE(details_are_whole_numbers_of_a_unit) {
    TensorDetail detail;
    detail.low = -0.123456789;
    detail.high = 0.5;
    detail.histogram[3] = 7;
    detail.group_count = 2;
    detail.strip_mse = {0.25, 1e-3};
    detail.groups = {{0, 0.25, {-0.1, 0, 0.05}}, {1, 1e-3, {0.025}}};
    const Json json = detail_json(detail);
    BOOST_TEST(json["low"] == -0.1234568);
    BOOST_TEST(json["histogram"][3] == 7);
    BOOST_TEST(json["strip_mse"].dump() == "[9999,40]");
    BOOST_TEST(json["groups"][0]["lut"].dump() == "[-99999,0,50000]");
    BOOST_TEST(json["groups"][1]["lut"].dump() == "[25000]");
    BOOST_TEST(json["lut_unit"].get<double>() * 99'999 == 0.1, boost::test_tools::tolerance(1e-8));
}

BOOST_AUTO_TEST_CASE(numbers_of_any_size_are_no_error) {
    for (const double size : {0.0, 5e-324, 1e-310, 1e308}) {
        TensorDetail detail;
        detail.low = -size;
        detail.high = size;
        detail.strip_mse = {size};
        detail.groups = {{0, size, {-size, size}}};
        BOOST_TEST(detail_json(detail)["groups"][0]["lut"].size() == 2U);
    }
    TensorDetail detail;
    detail.strip_mse = {std::numeric_limits<double>::infinity()};
    detail.groups = {{0, std::numeric_limits<double>::quiet_NaN(), {1}}};
    BOOST_TEST(detail_json(detail)["strip_mse"][0].is_null());
    BOOST_TEST(detail_json(detail)["groups"][0]["mse"].is_null());
}

BOOST_AUTO_TEST_CASE(more_tensors_have_less_detail_each) {
    BOOST_TEST(detail_limits(1).strips == DetailLimits{}.strips);
    BOOST_TEST(detail_limits(1).lut_values == DetailLimits{}.lut_values);
    BOOST_TEST(detail_limits(1000).lut_values == 128U);
    BOOST_TEST(detail_limits(1'000'000).strips == 64U);
    // One of 1,000 tensors with many groups and full LUTs of 8 bits. The page has some 350 bytes
    // for each beside that.
    TensorDetail detail;
    detail.low = -1.234567e-5;
    detail.high = 1.234567e-5;
    for (std::size_t b = 0; b < kHistogramBins; ++b) detail.histogram[b] = 1'234 * b;
    for (std::size_t s = 0; s < detail_limits(1000).strips; ++s)
        detail.strip_mse.push_back(1e-7 * static_cast<double>(s));
    detail.groups = {{123, 1.2345e-5, {}}};
    for (std::size_t v = 0; v < kLutValues; ++v)
        detail.groups[0].lut.push_back(1e-7 * (static_cast<double>(v) - 128));
    BOOST_TEST(detail_json(detail).dump().size() < 2600U);
}

BOOST_AUTO_TEST_SUITE_END()
