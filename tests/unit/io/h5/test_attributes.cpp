// Attributes stay unchanged on every kind of object, also on tensors that become groups.
#include <boost/test/unit_test.hpp>

#include "tests/support/derived_files.hpp"

using namespace pal::test;

namespace {

constexpr std::size_t kLargeBytes = 70000;  // beyond 64 KiB: dense storage only
const std::vector<std::string> kHolders = {"/", "/group", "/weight", "/other", "/type"};

void build_objects(hid_t file) {
    create_group(file, "group");
    write_dataset(file, "weight", H5T_IEEE_F32LE, {8}, kEightValues);
    write_dataset(file, "other", H5T_IEEE_F32LE, {8}, kEightValues);
    const Id type(H5Tcopy(H5T_IEEE_F32LE));
    ok(H5Tcommit2(file, "type", type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}

struct Pair {
    std::int32_t number;
    double value;
};
Id pair_type() {
    Id type(H5Tcreate(H5T_COMPOUND, sizeof(Pair)));
    ok(H5Tinsert(type, "number", offsetof(Pair, number), H5T_NATIVE_INT32));
    ok(H5Tinsert(type, "value", offsetof(Pair, value), H5T_IEEE_F64LE));
    return type;
}

Bytes large_value() {
    Bytes bytes(kLargeBytes);
    for (std::size_t b = 0; b < bytes.size(); ++b) bytes[b] = static_cast<unsigned char>(b * 7);
    return bytes;
}
void write_large(hid_t object) {
    write_attribute(object, "large", H5T_STD_U8LE, space_of({kLargeBytes}), large_value().data());
}
void check_large(hid_t file) {
    for (const std::string& holder : kHolders) {
        BOOST_TEST((raw_attribute(open(file, holder), "large") == large_value()), holder);
    }
}

void write_each_kind(hid_t object) {
    const Id scalar = space_of({});
    const Id null(H5Screate(H5S_NULL));
    const std::int16_t number = -5;
    const double grid[6] = {1, -2, 3.5, -0.0, 1e300, 6};
    const Pair pairs[2] = {{1, 2.5}, {-3, 4}};
    const char* words[3] = {"one", "", "gr\xC3\xB6\xC3\x9F"};
    write_attribute(object, "scalar", H5T_STD_I16LE, scalar, &number);
    write_attribute(object, "big_endian", H5T_IEEE_F64BE, space_of({2, 3}), grid);
    write_attribute(object, "null", H5T_IEEE_F32LE, null, nullptr);
    write_attribute(object, "zero_size", H5T_IEEE_F64LE, space_of({0, 3}), nullptr);
    write_attribute(object, "compound", pair_type(), space_of({2}), pairs);
    write_attribute(object, "fixed", fixed_string_type(4), space_of({2}), "ab\0\0cdef");
    write_attribute(object, "words", variable_string_type(), space_of({3}), words);
}

std::vector<std::string> read_words(hid_t object) {
    const Id attribute(H5Aopen(object, "words", H5P_DEFAULT));
    const Id type(H5Aget_type(attribute));
    const Id space(H5Aget_space(attribute));
    char* words[3] = {};
    ok(H5Aread(attribute, type, words));
    std::vector<std::string> found(std::begin(words), std::end(words));
    ok(H5Dvlen_reclaim(type, space, H5P_DEFAULT, words));
    return found;
}

/// Compares type and shape of an attribute of two objects.
void check_form(hid_t object, hid_t original, const std::string& name) {
    const Id ours(H5Aopen(object, name.c_str(), H5P_DEFAULT));
    const Id theirs(H5Aopen(original, name.c_str(), H5P_DEFAULT));
    BOOST_TEST(H5Tequal(Id(H5Aget_type(ours)), Id(H5Aget_type(theirs))) > 0, name);
    BOOST_TEST(H5Sextent_equal(Id(H5Aget_space(ours)), Id(H5Aget_space(theirs))) > 0, name);
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_kind_of_attribute_is_kept_on_each_kind_of_object) {
    const auto build = [](hid_t file) {
        build_objects(file);
        for (const std::string& holder : kHolders) write_each_kind(open(file, holder));
    };
    const Derived derived({}, build, {"/weight"});
    const std::vector<std::string> words = {"one", "", "gr\xC3\xB6\xC3\x9F"};
    const std::vector<std::string> fixed_size = {"scalar",    "big_endian", "null",
                                                 "zero_size", "compound",   "fixed"};
    derived.check_all([&](hid_t file) {
        const Id source = open_file(derived.source);
        for (const std::string& holder : kHolders) {
            const Id object = open(file, holder);
            const Id original = open(source, holder);
            for (const std::string& name : fixed_size) {
                check_form(object, original, name);
                BOOST_TEST((raw_attribute(object, name) == raw_attribute(original, name)), name);
            }
            check_form(object, original, "words");
            BOOST_TEST(read_words(object) == words, holder);
        }
    });
}

BOOST_AUTO_TEST_CASE(attributes_beyond_64_kib_are_kept_in_the_latest_format) {
    const auto build = [](hid_t file) {
        build_objects(file);
        for (const std::string& holder : kHolders) write_large(open(file, holder));
    };
    Derived({.latest = true}, build, {"/weight"}).check_all(check_large);
}

// The superblock says nothing about the objects. In an old file too, an object that a newer library
// made, or tracking, has a header that holds such attributes.
BOOST_AUTO_TEST_CASE(attributes_beyond_64_kib_are_kept_on_new_objects_in_an_old_file) {
    const auto build = [](hid_t file) {
        ok(H5Fset_libver_bounds(file, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST));
        build_objects(file);
        for (const std::string& holder : kHolders) write_large(open(file, holder));
    };
    const Derived derived({.creation_order = true}, build, {"/weight"});
    derived.check_all([](hid_t file) {
        H5F_info2_t info{};
        ok(H5Fget_info2(file, &info));
        BOOST_TEST(info.super.version < 2U);
        check_large(file);
    });
}

BOOST_AUTO_TEST_CASE(creation_order_of_attributes_is_kept) {
    const std::vector<std::string> order = {"zulu", "alpha", "mike"};
    const auto build = [&](hid_t file) {
        const Id groups(H5Pcreate(H5P_GROUP_CREATE));
        const Id datasets(H5Pcreate(H5P_DATASET_CREATE));
        for (const hid_t plist : {hid_t{groups}, hid_t{datasets}}) {
            ok(H5Pset_attr_creation_order(plist, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED));
        }
        create_group(file, "group", groups);
        write_dataset(file, "weight", H5T_IEEE_F32LE, {8}, kEightValues, datasets);
        write_dataset(file, "other", H5T_IEEE_F32LE, {8}, kEightValues, datasets);
        for (const char* holder : {"/", "/group", "/weight", "/other"}) {
            for (const std::string& name : order) write_string(open(file, holder), name, "x");
        }
    };
    Derived({.creation_order = true}, build, {"/weight"}).check_all([&](hid_t file) {
        for (const char* holder : {"/", "/group", "/weight", "/other"}) {
            auto names = attribute_names(open(file, holder), H5_INDEX_CRT_ORDER);
            names.resize(std::min(names.size(), order.size()));  // ours come after the file's own
            BOOST_TEST(names == order, holder);
        }
    });
}

BOOST_AUTO_TEST_CASE(a_restored_file_has_no_attribute_that_the_original_lacks) {
    const auto build = [](hid_t file) {
        build_objects(file);
        write_string(open(file, "weight"), "note", "kept");
    };
    const Derived derived({}, build, {"/weight"});
    const Id palettized = open_file(derived.palettized);
    BOOST_TEST(read_integer(palettized, "h5palettize_format") == 1);
    BOOST_TEST(read_integer(palettized, "h5palettize_complete") == 1);
    const Id restored = open_file(derived.restored);
    BOOST_TEST(attribute_names(restored, H5_INDEX_NAME).empty());
    BOOST_TEST(!exists(restored, "h5palettize"));
    const std::vector<std::string> note = {"note"};
    BOOST_TEST(attribute_names(open(restored, "weight"), H5_INDEX_NAME) == note);
}

BOOST_AUTO_TEST_CASE(a_tensor_with_an_attribute_of_a_name_of_the_format_is_refused) {
    const TemporaryFolder folder;
    {
        const Id file = create_file(folder.file("in.h5"));
        build_objects(file);
        write_string(open(file, "weight"), "group_size", "mine");
    }
    const auto palettize = [&](const char* target, const std::vector<std::string>& paths) {
        return error_code_of(
            [&] { palettize_file(folder.file("in.h5"), folder.file(target), paths); });
    };
    BOOST_TEST(palettize("out.h5", {"/weight"}) == kInputError);
    BOOST_TEST(folder.names() == "in.h5");
    BOOST_TEST(palettize("other.h5", {"/other"}) ==
               0);  // no trouble on an object that is only copied
}
