// The comparison finds and names every difference outside palettized tensors.
#include <boost/test/unit_test.hpp>
#include <functional>

#include "tests/support/hdf5_files.hpp"
#include "tests/support/palettize_file.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace pal::test;

namespace {

using Edit = std::function<void(hid_t file, hid_t plist)>;

/// Makes a file with one dataset `d`. `edit` may set its creation properties (file < 0) or change
/// it afterwards (file >= 0).
void build(const std::string& path, const Edit& edit) {
    const Id file = create_file(path);
    const Id plist(H5Pcreate(H5P_DATASET_CREATE));
    const Dims chunk = {3};
    ok(H5Pset_chunk(plist, 1, chunk.data()));
    edit(-1, plist);
    write_dataset(file, "d", H5T_IEEE_F32LE, {8}, kEightValues, plist);
    create_group(file, "g");
    edit(file, plist);
}

Edit on_plist(const std::function<void(hid_t)>& set) {
    return [set](hid_t file, hid_t plist) {
        if (file < 0) set(plist);
    };
}
Edit on_file(const std::function<void(hid_t)>& set) {
    return [set](hid_t file, hid_t) {
        if (file >= 0) set(file);
    };
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_difference_is_found) {
    const float seven = 7;
    const std::vector<std::pair<std::string, Edit>> edits = {
        {"chunk_options",
         on_plist([](hid_t p) { ok(H5Pset_chunk_opts(p, H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS)); })},
        {"\"flags\":1", on_plist([](hid_t p) {
             ok(H5Pset_filter(p, H5Z_FILTER_SHUFFLE, H5Z_FLAG_OPTIONAL, 0, nullptr));
         })},
        {"\"fill\":\"0000e040\"",
         on_plist([&](hid_t p) { ok(H5Pset_fill_value(p, H5T_NATIVE_FLOAT, &seven)); })},
        {"\"layout\":\"contiguous\"",
         on_plist([](hid_t p) { ok(H5Pset_layout(p, H5D_CONTIGUOUS)); })},
        {"\"alloc_time\":1",
         on_plist([](hid_t p) { ok(H5Pset_alloc_time(p, H5D_ALLOC_TIME_EARLY)); })},
        {"/d: another comment",
         on_file([](hid_t file) { ok(H5Oset_comment(open(file, "d"), "hello")); })},
        {"/g: another comment",
         on_file([](hid_t file) { ok(H5Oset_comment(open(file, "g"), "hello")); })},
        {"/: another comment", on_file([](hid_t file) { ok(H5Oset_comment(file, "hello")); })},
        {"/more: not in the original", on_file([](hid_t file) { create_group(file, "more"); })},
        {"/g: missing", on_file([](hid_t file) { ok(H5Ldelete(file, "g", H5P_DEFAULT)); })},
    };
    const TemporaryFolder folder;
    const std::string plain = folder.file("plain.h5");
    build(plain, [](hid_t, hid_t) {});
    BOOST_TEST(differences(plain, plain) == "");
    for (std::size_t e = 0; e < edits.size(); ++e) {
        const std::string other = folder.file(std::to_string(e) + ".h5");
        build(other, edits[e].second);
        const std::string found = differences(plain, other);
        BOOST_TEST(found.find(edits[e].first) != std::string::npos,
                   edits[e].first << ": " << found);
        BOOST_TEST(differences(other, plain) != "", edits[e].first);
    }
}

// One value in a chunk makes blocks of 16,384 values; a contiguous dataset has one block of all.
BOOST_AUTO_TEST_CASE(equal_data_in_other_chunks_differs_in_storage_only) {
    const TemporaryFolder folder;
    const Dims shape = {20'000};
    const std::vector<double> values(20'000, 1.5);
    const std::string whole = folder.file("whole.h5");
    const std::string chunked = folder.file("chunked.h5");
    {
        const Id plist(H5Pcreate(H5P_DATASET_CREATE));
        const Dims one = {1};
        ok(H5Pset_chunk(plist, 1, one.data()));
        write_dataset(create_file(chunked), "d", H5T_IEEE_F32LE, shape, values, plist);
        write_dataset(create_file(whole), "d", H5T_IEEE_F32LE, shape, values);
    }
    for (const std::string& found : {differences(whole, chunked), differences(chunked, whole)}) {
        BOOST_TEST(found.starts_with("/d: stored in another way"), found);
        BOOST_TEST(found.find("other data") == std::string::npos, found);
    }
}
