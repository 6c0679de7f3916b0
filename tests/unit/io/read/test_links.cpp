// Links keep their kind, value, order and object.
#include <boost/test/unit_test.hpp>

#include "tests/support/derived_files.hpp"

using namespace pal::test;

namespace {

void hard_link(hid_t file, const std::string& from, const std::string& to) {
    ok(H5Lcreate_hard(file, from.c_str(), file, to.c_str(), H5P_DEFAULT, H5P_DEFAULT));
}
void soft_link(hid_t file, const std::string& name, const std::string& to) {
    ok(H5Lcreate_soft(to.c_str(), file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT));
}

/// Returns the kind and the target of a soft or external link.
std::string link_text(hid_t file, const std::string& name) {
    H5L_info_t info{};
    ok(H5Lget_info(file, name.c_str(), &info, H5P_DEFAULT));
    if (info.type == H5L_TYPE_HARD) return "hard";
    std::vector<char> value(info.u.val_size);
    ok(H5Lget_val(file, name.c_str(), value.data(), value.size(), H5P_DEFAULT));
    if (info.type == H5L_TYPE_SOFT) return std::string("soft ") + value.data();
    const char* target = nullptr;
    const char* object = nullptr;
    ok(H5Lunpack_elink_val(value.data(), value.size(), nullptr, &target, &object));
    return std::string("external ") + target + " " + object;
}

}  // namespace

BOOST_AUTO_TEST_CASE(soft_external_and_dangling_links_are_kept_as_they_are) {
    const auto build = [](hid_t file) {
        write_dataset(file, "weight", H5T_IEEE_F32LE, {8}, kEightValues);
        create_group(file, "links");
        soft_link(file, "links/absolute", "/weight");
        soft_link(file, "links/relative", "../no/such/./way");
        soft_link(file, "links/dangling", "/nowhere");
        soft_link(file, "links/loop", "/links/loop");
        ok(H5Lcreate_external("other.h5", "/a/b", file, "links/external", H5P_DEFAULT,
                              H5P_DEFAULT));
    };
    Derived({}, build, {"/weight"}).check_all([](hid_t file) {
        BOOST_TEST(link_text(file, "links/absolute") == "soft /weight");
        BOOST_TEST(link_text(file, "links/relative") == "soft ../no/such/./way");
        BOOST_TEST(link_text(file, "links/dangling") == "soft /nowhere");
        BOOST_TEST(link_text(file, "links/loop") == "soft /links/loop");
        BOOST_TEST(link_text(file, "links/external") == "external other.h5 /a/b");
    });
}

BOOST_AUTO_TEST_CASE(a_tensor_with_several_names_is_one_object_still) {
    const auto build = [](hid_t file) {
        create_group(file, "z");
        create_group(file, "a");
        write_dataset(file, "z/weight", H5T_IEEE_F32LE, {8}, kEightValues);
        write_dataset(file, "z/bias", H5T_IEEE_F32LE, {8}, kEightValues);
        hard_link(file, "z/weight", "a/tied");
        hard_link(file, "z/weight", "z/again");
        hard_link(file, "z/bias", "a/bias");
    };
    // The first name in the file is not the first one in the alphabet.
    const Derived derived({.creation_order = true}, build, {"/a/tied"});
    const pal::CheckpointReader reader(derived.source);
    BOOST_TEST(reader.info().datasets.size() == 2U);
    const std::vector<std::string> aliases = {"/z/again", "/z/weight"};
    BOOST_TEST(dataset_at(reader, "/a/tied").aliases == aliases);
    BOOST_TEST(pal::CheckpointReader(derived.palettized).info().tensors.size() == 1U);
    derived.check_all([](hid_t file) {
        BOOST_TEST(address_of(file, "a/tied") == address_of(file, "z/weight"));
        BOOST_TEST(address_of(file, "a/tied") == address_of(file, "z/again"));
        BOOST_TEST(address_of(file, "a/bias") == address_of(file, "z/bias"));
        BOOST_TEST(address_of(file, "a/bias") != address_of(file, "z/weight"));
    });
    BOOST_TEST(exists(open_file(derived.palettized), "z/weight/indices"));
    BOOST_TEST((raw_data(open(open_file(derived.restored), "z/again")) ==
                raw_data(open(open_file(derived.source), "z/again"))));
}

BOOST_AUTO_TEST_CASE(groups_that_contain_themselves_are_kept) {
    const auto build = [](hid_t file) {
        create_group(file, "outer");
        create_group(file, "outer/inner");
        hard_link(file, "outer", "outer/inner/up");
        hard_link(file, "/", "outer/root");
        write_dataset(file, "outer/weight", H5T_IEEE_F32LE, {8}, kEightValues);
    };
    Derived({}, build, {"/outer/weight"}).check_all([](hid_t file) {
        BOOST_TEST(address_of(file, "outer/inner/up") == address_of(file, "outer"));
        BOOST_TEST(address_of(file, "outer/root") == address_of(file, "/"));
    });
}

BOOST_AUTO_TEST_CASE(creation_order_of_links_is_kept) {
    const auto build = [](hid_t file) {
        const Id plist(H5Pcreate(H5P_GROUP_CREATE));
        ok(H5Pset_link_creation_order(plist, H5P_CRT_ORDER_TRACKED));
        for (const char* parent : {"", "inside/"}) {
            if (*parent != '\0') create_group(file, "inside", plist);
            const std::string at = parent;
            write_dataset(file, at + "second", H5T_IEEE_F32LE, {8}, kEightValues);
            soft_link(file, at + "link", "/nowhere");
            write_dataset(file, at + "first", H5T_IEEE_F32LE, {8}, kEightValues);
            create_group(file, at + "a_group");
        }
    };
    const std::vector<std::string> inside = {"second", "link", "first", "a_group"};
    const std::vector<std::string> by_name = {"a_group", "first", "link", "second"};
    std::vector<std::string> root = inside;
    root.emplace_back("inside");
    const Derived derived({.creation_order = true}, build, {"/second", "/inside/first"});
    derived.check_all([&](hid_t file) {
        const Id group = open(file, "inside");
        BOOST_TEST(link_names(group, H5_INDEX_CRT_ORDER) == inside);
        BOOST_TEST(link_names(group, H5_INDEX_NAME) == by_name);
        auto found = link_names(file, H5_INDEX_CRT_ORDER);
        std::erase(found, "h5palettize");
        BOOST_TEST(found == root);
        H5G_info_t info{};
        ok(H5Gget_info(open(file, "inside/a_group"), &info));
        BOOST_TEST((info.storage_type == H5G_STORAGE_TYPE_SYMBOL_TABLE));
    });
}

BOOST_AUTO_TEST_CASE(names_keep_their_character_set) {
    const std::string name =
        "gr\xC3\xB6\xC3\x9F"
        "e";
    const auto build = [&](hid_t file) {
        const Id plist(H5Pcreate(H5P_LINK_CREATE));
        ok(H5Pset_char_encoding(plist, H5T_CSET_UTF8));
        ok(H5Lcreate_soft("/nowhere", file, name.c_str(), plist, H5P_DEFAULT));
        const Id weight(H5Dcreate2(file, ("w_" + name).c_str(), H5T_IEEE_F32LE, space_of({8}),
                                   plist, H5P_DEFAULT, H5P_DEFAULT));
        ok(H5Dwrite(weight, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, kEightValues.data()));
    };
    Derived({}, build, {"/w_" + name}).check_all([&](hid_t file) {
        for (const std::string& link : {name, "w_" + name}) {
            H5L_info_t info{};
            ok(H5Lget_info(file, link.c_str(), &info, H5P_DEFAULT));
            BOOST_TEST((info.cset == H5T_CSET_UTF8), link);
        }
    });
}

// Beyond 8 links the newer format keeps the links of a group in a heap of their own.
BOOST_AUTO_TEST_CASE(a_group_with_dense_links_is_kept) {
    const auto build = [](hid_t file) {
        create_group(file, "many");
        for (int d = 0; d < 30; ++d) {
            write_dataset(file, "many/d" + std::to_string(d), H5T_IEEE_F32LE, {8}, kEightValues);
        }
    };
    Derived({.latest = true}, build, {"/many/d3", "/many/d17"}).check_all([](hid_t file) {
        const Id group = open(file, "many");
        H5G_info_t info{};
        ok(H5Gget_info(group, &info));
        BOOST_TEST((info.storage_type == H5G_STORAGE_TYPE_DENSE));
        BOOST_TEST(info.nlinks == 30U);
        for (int d = 0; d < 30; ++d) {
            const Id member = open(group, "d" + std::to_string(d));
            const bool is_dataset = H5Iget_type(member) == H5I_DATASET;
            if (!is_dataset) BOOST_TEST((d == 3 || d == 17));
            if (is_dataset) BOOST_TEST(raw_data(member).size() == 32U);
        }
    });
}
