// Comparison of two palettized files, with made-up infos.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "pipeline/record/reported.hpp"
#include "pipeline/report/comparison.hpp"

namespace {

struct Tensor {
    std::string path;
    double mse = 0;
    double sqnr_db = 0;
    pal::Shape shape{10};
};

pal::CheckpointInfo palettized(const std::vector<Tensor>& tensors,
                               const std::vector<std::string>& dense = {}) {
    pal::CheckpointInfo info;
    std::string results = R"({"tensors":[)";
    for (const Tensor& tensor : tensors) {
        info.tensors.push_back({tensor.path, tensor.shape, pal::DType::kF32, "{}", 5, 40});
        if (results.back() == '}') results += ",";
        results += R"({"path":")" + tensor.path + R"(","mse":)" + std::to_string(tensor.mse) +
                   R"(,"sqnr_db":)" +
                   (std::isinf(tensor.sqnr_db) ? "null" : std::to_string(tensor.sqnr_db)) + "}";
    }
    info.results_json = results + "]}";
    for (const std::string& path : dense) {
        pal::DatasetInfo dataset;
        dataset.path = path;
        dataset.shape = {10};
        dataset.dtype = pal::DType::kF32;
        dataset.element_count = 10;
        dataset.bytes = 40;
        info.datasets.push_back(dataset);
    }
    return info;
}

constexpr double kExact = std::numeric_limits<double>::infinity();

std::vector<std::string> paths(const std::vector<pal::ComparedTensor>& tensors) {
    std::vector<std::string> found;
    for (const pal::ComparedTensor& tensor : tensors) found.push_back(tensor.path);
    return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(comparison)

BOOST_AUTO_TEST_CASE(where_b_lost_most_comes_first_and_what_has_no_difference_last) {
    const auto a = palettized({{"/better", 1, 10},
                               {"/equal", 1, 10},
                               {"/exact", 0, kExact},
                               {"/gone", 1, 10},
                               {"/shape", 1, 10, {5}},
                               {"/worse", 1, 10}},
                              {"/dense", "/same"});
    const auto b = palettized({{"/better", 1, 12},
                               {"/dense", 1, 30},
                               {"/equal", 1, 10},
                               {"/exact", 1, 20},
                               {"/shape", 1, 10, {10}},
                               {"/worse", 1, 7}},
                              {"/new", "/same"});
    auto tensors = pal::compared_tensors(a, b);
    pal::sort_worst_first(tensors);
    const std::vector<std::string> expected{"/exact",  "/dense", "/worse", "/equal",
                                            "/better", "/gone",  "/new",   "/shape"};
    BOOST_TEST(paths(tensors) == expected, boost::test_tools::per_element());
    BOOST_TEST(*pal::difference_db(tensors[0]) == -kExact);
    BOOST_TEST(*pal::difference_db(tensors[2]) == -3);
    BOOST_TEST(*pal::difference_db(tensors[3]) == 0);
    BOOST_TEST(!pal::difference_db(tensors[5]));
    BOOST_TEST(!pal::difference_db(tensors[7]));
    const std::vector<std::string> remarks{
        "", "dense in A", "", "", "", "not in B", "not in A", "shape (5,) in A, (10,) in B"};
    for (std::size_t t = 0; t < tensors.size(); ++t)
        BOOST_TEST(pal::remark(tensors[t]) == remarks[t]);
}

BOOST_AUTO_TEST_CASE(the_whole_is_the_error_of_all_by_the_energy_of_all) {
    // Energies 10 * 1 * 10^2 and 10 * 4 * 10; the second tensor has no error in B.
    const auto a = palettized({{"/one", 1, 20}, {"/two", 4, 10}});
    const auto b = palettized({{"/one", 10, 10}, {"/two", 0, kExact}});
    const auto totals = pal::totals_of(pal::compared_tensors(a, b));
    BOOST_TEST(totals.measured_tensors == 2);
    BOOST_TEST(*totals.a.sqnr_db == 10 * std::log10(1400.0 / 50),
               boost::test_tools::tolerance(1e-9));
    BOOST_TEST(*totals.b.sqnr_db == 10 * std::log10(1400.0 / 100),
               boost::test_tools::tolerance(1e-9));
    BOOST_TEST(totals.a.bytes == 10);
    BOOST_TEST(totals.a.weights == 20);
}

BOOST_AUTO_TEST_CASE(what_is_not_known_is_not_made_up) {
    auto a = palettized({{"/one", 1, 20}});
    const auto b = palettized({{"/one", 1, 20}});
    a.results_json = "damaged";
    const auto tensors = pal::compared_tensors(a, b);
    BOOST_TEST(!pal::difference_db(tensors.at(0)));
    BOOST_TEST(pal::remark(tensors.at(0)) == "A does not say its error");
    BOOST_TEST(!pal::totals_of(tensors).a.sqnr_db);
}

BOOST_AUTO_TEST_CASE(what_was_measured_counts_and_another_report_is_said) {
    const auto info = palettized({{"/one", 1, 20}});
    auto tensors = pal::compared_tensors(info, info);
    tensors.at(0).b.measured = pal::ErrorReport{2, 17, 1};
    BOOST_TEST(*pal::difference_db(tensors[0]) == -3);
    BOOST_TEST(pal::remark(tensors[0]) == "B reports 20.00 dB");
}

BOOST_AUTO_TEST_CASE(results_that_are_none_are_left_out) {
    for (const char* text :
         {"", "[]", "null", "{}", R"({"tensors":{}})", R"({"tensors":[1,[],""]})"})
        BOOST_TEST(pal::reported_results(text).empty());
    const auto odd = pal::reported_results(
        R"({"tensors":[{"path":"/p","engine":3,"mse":"x","palette_fingerprint":{}},{"path":"/q"}]})");
    BOOST_TEST(odd.at("/p").known);
    BOOST_TEST(odd.at("/p").error.mse == kExact);
    BOOST_TEST(odd.at("/p").palette.empty());
    BOOST_TEST(!odd.at("/q").known);
}

BOOST_AUTO_TEST_SUITE_END()
