// Index files, good and hostile. Words that stand for several files are tested from end to end.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "io/read/checkpoint_info.hpp"
#include "pipeline/inputs/index_text.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/text.hpp"

using namespace pal;
using test::has;
using Names = std::vector<std::string>;

namespace {

std::string map_of(const std::string& files) { return R"({"weight_map": {"t": )" + files + "}}"; }

/// Returns the message with which files_of_index refuses a text.
std::string refusal(const std::string& text) {
    try {
        (void)files_of_index(text, "x.json");
    } catch (const Error& error) {
        BOOST_TEST((error.code() == ErrorCode::kInput));
        return error.what();
    }
    return "accepted";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(index_text)

BOOST_AUTO_TEST_CASE(files_are_named_once_and_in_order) {
    BOOST_TEST(files_of_index(R"({"weight_map": {"a": "2.h5", "b": "1.h5", "c": "2.h5"}})", "") ==
               (Names{"1.h5", "2.h5"}));
    BOOST_TEST(files_of_index(map_of(R"(["m_00001.weights.h5", "m_00000.weights.h5"])"), "") ==
               (Names{"m_00000.weights.h5", "m_00001.weights.h5"}));
    BOOST_TEST(files_of_index(R"({"weight_map": {"a": "./1.h5", "b": "s//1.h5", "c": "s/./1.h5"}})",
                              "") == (Names{"1.h5", "s/1.h5"}));
    BOOST_TEST(files_of_index(map_of(R"("..a/b...h5")"), "") == (Names{"..a/b...h5"}));
}

BOOST_AUTO_TEST_CASE(names_that_lead_out_of_the_folder_are_refused) {
    for (const char* name : {"../1.h5", "a/../1.h5", "a/../../1.h5", "..", "/1.h5", "//1.h5"}) {
        BOOST_TEST_CONTEXT(name)
        BOOST_TEST(has(refusal(map_of('"' + std::string(name) + '"')),
                       "x.json: weight_map: found \"" + std::string(name) + "\", which leads out"));
    }
}

BOOST_AUTO_TEST_CASE(what_names_no_file_is_refused) {
    for (const char* value : {"\"\"", "\".\"", "\"a/\"", "\"a/.\"", R"("a\u0000.h5")"}) {
        BOOST_TEST_CONTEXT(value)
        BOOST_TEST(has(refusal(map_of(value)), "which is no name of a file"));
    }
    for (const char* value : {"1", "null", "true", "{}", "[1]", R"([["a"]])"}) {
        BOOST_TEST_CONTEXT(value)
        BOOST_TEST(has(refusal(map_of(value)), "wanted are names of files"));
    }
    BOOST_TEST(has(refusal(map_of(R"(".a.h5.h5palettize-part")")), "unfinished outputs"));
}

BOOST_AUTO_TEST_CASE(what_is_no_index_is_refused) {
    for (const char* text :
         {"", "{", "[]", "1", "null", "{}", R"({"weight_map": []})", R"({"weight_map": {}})",
          "{\"weight_map\": {\"a\": \"\xff.h5\"}}", R"({"weight_map": {"a": "1.h5"}} more)"}) {
        BOOST_TEST_CONTEXT(text)
        BOOST_TEST(refusal(text).starts_with("x.json: no index: "));
    }
    const std::string deep(1000000, '[');
    BOOST_TEST(has(refusal(deep), "more than 64 levels"));
    BOOST_TEST(has(refusal(map_of(deep)), "more than 64 levels"));
}

BOOST_AUTO_TEST_CASE(a_size_is_found_or_refused_at_once) {
    BOOST_TEST(refusal(R"({"metadata": {"total\u005fsize": 1}, "weight_map": {"a": "1.h5"}})") ==
               "x.json: metadata: total_size is spelled with escapes; write the name as it is");
    std::string many = R"({"metadata": {"x": [)";
    for (int i = 0; i < 20000; ++i) many += "\"total_size\",";
    many += R"(0], "total_size": 1}, "weight_map": {"a": "1.h5"}})";
    BOOST_TEST(files_of_index(many, "") == (Names{"1.h5"}));
    std::string expected = many;
    expected.replace(expected.rfind("1}, \"weight_map"), 1, "23");
    BOOST_TEST(index_with_size(many, 23) == expected);
}

BOOST_AUTO_TEST_CASE(only_the_size_of_an_index_changes) {
    const std::string hugging_face =
        "{\n  \"metadata\": {\n    \"total_size\": 12,\n    \"\\u00e4\": [\n      1.5\n    ]\n  "
        "},\n  "
        "\"weight_map\": {\n    \"b\": \"1.h5\",\n    \"a\": \"1.h5\"\n  }\n}\n";
    std::string expected = hugging_face;
    expected.replace(expected.find("12"), 2, "345");
    BOOST_TEST(index_with_size(hugging_face, 345) == expected);
    // Keras: four spaces, a float, no line break at the end.
    BOOST_TEST(index_with_size("{\n    \"metadata\": {\n        \"total_size\": 12.0\n    },\n    "
                               "\"weight_map\": {\n        \"/vars\": \"1.h5\"\n    }\n}",
                               345) ==
               "{\n    \"metadata\": {\n        \"total_size\": 345.0\n    },\n    "
               "\"weight_map\": {\n        \"/vars\": \"1.h5\"\n    }\n}");
    BOOST_TEST(index_with_size(R"({"metadata":{"total_size":1},"x":"ä"})", 2) ==
               R"({"metadata":{"total_size":2},"x":"ä"})");
    // Tensors of that name before and after it, and all kinds of white space.
    BOOST_TEST(
        index_with_size("{\"weight_map\":{\"total_size\":\"1\"},\"metadata\":{\"a\":\"total_size\","
                        "\"total_size\" "
                        ":\n 7e2 } ,\"total_size\":7}",
                        5) ==
        "{\"weight_map\":{\"total_size\":\"1\"},\"metadata\":{\"a\":\"total_size\",\"total_size\" "
        ":\n 5.0 } ,\"total_size\":7}");
}

BOOST_AUTO_TEST_CASE(the_size_is_that_of_the_metadata) {
    for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
             {R"({"x":{"total_size":1},"metadata":{"y":{"total_size":2},"total_size":3}})",
              R"({"x":{"total_size":1},"metadata":{"y":{"total_size":2},"total_size":9}})"},
             {R"({"metadata":{"a\\":"}","\"b":"{","total_size" : 3}})",
              R"({"metadata":{"a\\":"}","\"b":"{","total_size" : 9}})"},
             {R"({"metadata":["total_size",{"total_size":3}]})",
              R"({"metadata":["total_size",{"total_size":3}]})"}}) {
        BOOST_TEST(index_with_size(text, 9) == expected);
    }
}

BOOST_AUTO_TEST_CASE(an_index_without_a_size_stays_as_it_is) {
    for (const char* text :
         {R"({ "weight_map":  {"a": "1.h5"} })", R"({"metadata": {}, "z": 1 })",
          R"({"metadata": 3 , "z": 1 })", R"({"metadata": {"total_size": "12"}, "z": 1 })"}) {
        BOOST_TEST(index_with_size(text, 5) == text);
    }
}

BOOST_AUTO_TEST_CASE(tensors_are_looked_for_in_the_file_that_the_map_says) {
    CheckpointInfo first;
    CheckpointInfo second;
    first.datasets.resize(2);
    first.datasets[0].path = "/a/weight";
    first.datasets[0].aliases = {"/tied/weight"};
    first.datasets[1].path = "/layers/dense/vars/0";
    second.datasets.resize(1);
    second.datasets[0].path = "/b.1.weight";
    const auto missing = [&](const std::string& map) {
        Names names;
        const auto all =
            R"({"metadata": {}, "weight_map": {)" + map + R"(, "b.1.weight": "2.h5"}})";
        for (const IndexedTensor& tensor : tensors_not_there(all, {&first, &second}))
            names.push_back(tensor.tensor + " of " + tensor.file);
        return names;
    };
    BOOST_TEST(missing(R"("a.weight": "1.h5", "/tied/weight": "1.h5", "tied.weight": "./1.h5")") ==
               Names{});
    // Keras names the group of the variables, or the root.
    BOOST_TEST(missing(R"("/layers/dense/vars": ["1.h5"], "/": "1.h5", "b/1/weight": "2.h5")") ==
               Names{});
    BOOST_TEST(missing(R"("a.bias": "1.h5", "a.weight": "1.h5", "a.weigh": "1.h5")") ==
               (Names{"a.bias of 1.h5", "a.weigh of 1.h5"}));
    BOOST_TEST(missing(R"("a.weight": ["1.h5", "2.h5"], "b.1": "1.h5")") ==
               (Names{"a.weight of 2.h5", "b.1 of 1.h5"}));
}

BOOST_AUTO_TEST_SUITE_END()
