// Objects that are not palettized are copied as they are: every kind of dataset, chunks without
// recompression, the user block.
#include <boost/test/unit_test.hpp>

#include "tests/support/derived_files.hpp"

using namespace pal::test;

namespace {

void write_weight(hid_t file) { write_dataset(file, "weight", H5T_IEEE_F32LE, {8}, kEightValues); }

Id chunked(const Dims& chunk) {
    Id plist(H5Pcreate(H5P_DATASET_CREATE));
    ok(H5Pset_chunk(plist, static_cast<int>(chunk.size()), chunk.data()));
    return plist;
}

/// Compares type, extent, creation properties and size; data only of fixed-size types.
void check_same(hid_t first, hid_t second, const std::string& name) {
    const Id one = open(first, name);
    const Id other = open(second, name);
    BOOST_TEST(H5Tequal(Id(H5Dget_type(one)), Id(H5Dget_type(other))) > 0, name);
    BOOST_TEST(H5Sextent_equal(Id(H5Dget_space(one)), Id(H5Dget_space(other))) > 0, name);
    BOOST_TEST(H5Pequal(Id(H5Dget_create_plist(one)), Id(H5Dget_create_plist(other))) > 0, name);
    BOOST_TEST(H5Dget_storage_size(one) == H5Dget_storage_size(other), name);
    if (H5Tdetect_class(Id(H5Dget_type(one)), H5T_VLEN) > 0) return;
    if (H5Tis_variable_str(Id(H5Dget_type(one))) > 0) return;
    BOOST_TEST((raw_data(one) == raw_data(other)), name);
}

struct Chunk {
    Dims offset;
    unsigned mask = 0;
    Bytes bytes;
    bool operator==(const Chunk&) const = default;
};
std::vector<Chunk> chunks_of(hid_t dataset) {
    hsize_t count = 0;
    const Id space(H5Dget_space(dataset));  // 1.10.8 takes no H5S_ALL here
    ok(H5Dget_num_chunks(dataset, space, &count));
    std::vector<Chunk> chunks(count);
    for (hsize_t c = 0; c < count; ++c) {
        Chunk& chunk = chunks[c];
        chunk.offset.resize(2);
        haddr_t address = 0;
        hsize_t bytes = 0;
        ok(H5Dget_chunk_info(dataset, space, c, chunk.offset.data(), &chunk.mask, &address,
                             &bytes));
        chunk.bytes.resize(bytes);
        std::uint32_t mask = 0;
        ok(H5Dread_chunk(dataset, H5P_DEFAULT, chunk.offset.data(), &mask, chunk.bytes.data()));
    }
    return chunks;
}

void write_ragged(hid_t file) {
    const Id type(H5Tvlen_create(H5T_STD_I32LE));
    std::int32_t numbers[5] = {1, 2, 3, 4, 5};
    const hvl_t lists[3] = {{3, numbers}, {0, nullptr}, {2, numbers + 3}};
    const Id dataset = create_dataset(file, "ragged", type, {3});
    ok(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, lists));
}
void check_ragged(hid_t file) {
    const Id dataset = open(file, "ragged");
    const Id type(H5Dget_type(dataset));
    const Id space(H5Dget_space(dataset));
    hvl_t lists[3] = {};
    ok(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, lists));
    BOOST_TEST(lists[0].len == 3U);
    BOOST_TEST(lists[1].len == 0U);
    BOOST_REQUIRE(lists[2].len == 2U);
    BOOST_TEST(static_cast<const std::int32_t*>(lists[2].p)[1] == 5);
    ok(H5Dvlen_reclaim(type, space, H5P_DEFAULT, lists));
}

void write_words(hid_t file) {
    const char* words[3] = {"one", "", "three"};
    const Id type = variable_string_type();
    const Id dataset = create_dataset(file, "words", type, {3}, chunked({2}));
    ok(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, words));
}
void check_words(hid_t file) {
    const Id dataset = open(file, "words");
    const Id type(H5Dget_type(dataset));
    const Id space(H5Dget_space(dataset));
    char* words[3] = {};
    ok(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, words));
    const std::vector<std::string> found(std::begin(words), std::end(words));
    const std::vector<std::string> expected = {"one", "", "three"};
    BOOST_TEST(found == expected);
    ok(H5Dvlen_reclaim(type, space, H5P_DEFAULT, words));
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_kind_of_dataset_is_copied) {
    const auto build = [](hid_t file) {
        write_weight(file);
        write_dataset(file, "scalar", H5T_IEEE_F64BE, {}, {2.5});
        write_dataset(file, "integers", H5T_STD_I16BE, {2, 4}, kEightValues);
        create_dataset(file, "zero_size", H5T_IEEE_F32LE, {0, 4});
        Id(H5Dcreate2(file, "null", H5T_IEEE_F32LE, Id(H5Screate(H5S_NULL)), H5P_DEFAULT,
                      H5P_DEFAULT, H5P_DEFAULT));
        const Id fixed = fixed_string_type(3);
        ok(H5Dwrite(create_dataset(file, "fixed", fixed, {2}), fixed, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                    "abcde"));
        const Id opaque(H5Tcreate(H5T_OPAQUE, 4));
        ok(H5Tset_tag(opaque, "four bytes"));
        ok(H5Dwrite(create_dataset(file, "opaque", opaque, {2}), opaque, H5S_ALL, H5S_ALL,
                    H5P_DEFAULT, "\x01\x02\x03\x04\x05\x06\x07\x08"));
        const Id compound(H5Tcreate(H5T_COMPOUND, 12));
        ok(H5Tinsert(compound, "number", 0, H5T_STD_I32LE));
        ok(H5Tinsert(compound, "value", 4, H5T_IEEE_F64BE));
        ok(H5Dwrite(create_dataset(file, "compound", compound, {1}), compound, H5S_ALL, H5S_ALL,
                    H5P_DEFAULT, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"));
        const Id filled(H5Pcreate(H5P_DATASET_CREATE));
        const float fill = -1.5F;
        ok(H5Pset_fill_value(filled, H5T_NATIVE_FLOAT, &fill));
        create_dataset(file, "never_written", H5T_IEEE_F32BE, {3, 5}, filled);
        write_ragged(file);
        write_words(file);
    };
    const Derived derived({}, build, {"/weight"});
    derived.check_all([&](hid_t file) {
        const Id source = open_file(derived.source);
        for (const char* name : {"scalar", "integers", "zero_size", "null", "fixed", "opaque",
                                 "compound", "never_written", "ragged", "words"}) {
            check_same(source, file, name);
        }
        check_ragged(file);
        check_words(file);
    });
}

BOOST_AUTO_TEST_CASE(chunks_are_copied_without_recompression) {
    const auto build = [](hid_t file) {
        write_weight(file);
        const Id plist = chunked({4, 5});
        ok(H5Pset_shuffle(plist));
        ok(H5Pset_deflate(plist, 1));
        std::vector<double> values(9 * 11);
        for (std::size_t v = 0; v < values.size(); ++v) values[v] = static_cast<double>(v % 7);
        const Id dataset = write_dataset(file, "packed", H5T_IEEE_F32LE, {9, 11}, values, plist);
        // A chunk that skips its filters, with bytes that no compressor would make.
        const Bytes raw(4 * 5 * 4, 0x3F);
        const Dims offset = {4, 5};
        ok(H5Dwrite_chunk(dataset, H5P_DEFAULT, 3, offset.data(), raw.size(), raw.data()));
    };
    const Derived derived({}, build, {"/weight"});
    const auto expected = chunks_of(open(open_file(derived.source), "packed"));
    BOOST_TEST(expected.size() == 9U);
    derived.check_all([&](hid_t file) {
        check_same(open_file(derived.source), file, "packed");
        BOOST_TEST((chunks_of(open(file, "packed")) == expected));
    });
}

// Number 32099 belongs to no filter. It is optional, as the dataset could not be made otherwise.
BOOST_AUTO_TEST_CASE(chunks_of_an_unknown_filter_are_copied_and_compared) {
    const auto build = [](hid_t file, unsigned char byte) {
        write_weight(file);
        const Id plist = chunked({4, 5});
        ok(H5Pset_filter(plist, 32099, H5Z_FLAG_OPTIONAL, 0, nullptr));
        const Id dataset = create_dataset(file, "odd", H5T_IEEE_F32LE, {4, 5}, plist);
        const Bytes raw(17, byte);
        const Dims offset = {0, 0};
        ok(H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, offset.data(), raw.size(), raw.data()));
    };
    const Derived derived({}, [&](hid_t file) { build(file, 1); }, {"/weight"});
    derived.check_all([](hid_t file) {
        const auto chunks = chunks_of(open(file, "odd"));
        BOOST_REQUIRE(chunks.size() == 1U);
        BOOST_TEST((chunks[0].bytes == Bytes(17, 1)));
    });
    const pal::CheckpointReader reader(derived.source);
    const auto& odd = dataset_at(reader, "/odd");
    BOOST_TEST(odd.unreadable.find("32099") != std::string::npos);
    BOOST_TEST(error_code_of([&] { static_cast<void>(reader.open_weights(odd)); }) == kInputError);
    build(create_file(derived.folder.file("changed.h5")), 2);
    BOOST_TEST(differences(derived.source, derived.folder.file("changed.h5")) ==
               "/odd: other chunks\n");
}

BOOST_AUTO_TEST_CASE(the_user_block_is_kept_byte_for_byte) {
    const TemporaryFolder folder;
    write_weight(create_file(folder.file("in.h5"), {.user_block_bytes = 1024}));
    std::string block(1024, '\x07');
    block.replace(0, 10, "MATLAB 7.3");
    const std::string rest = file_bytes(folder.file("in.h5")).substr(1024);
    write_file(folder.file("in.h5"), block + rest);
    palettize_file(folder.file("in.h5"), folder.file("out.h5"), {"/weight"});
    restore_file(folder.file("out.h5"), folder.file("back.h5"));
    for (const char* name : {"out.h5", "back.h5"}) {
        BOOST_TEST((file_bytes(folder.file(name)).substr(0, 1024) == block), name);
        BOOST_TEST(pal::CheckpointReader(folder.file(name)).info().user_block_bytes == 1024U);
    }
    BOOST_TEST((raw_data(open(open_file(folder.file("back.h5")), "weight")) ==
                raw_data(open(open_file(folder.file("in.h5")), "weight"))));
}

BOOST_AUTO_TEST_CASE(comments_of_objects_are_kept) {
    const auto build = [](hid_t file) {
        write_weight(file);
        write_dataset(file, "other", H5T_IEEE_F32LE, {8}, kEightValues);
        create_group(file, "group");
        for (const char* name : {"/", "/group", "/weight", "/other"}) {
            ok(H5Oset_comment(open(file, name), name));
        }
    };
    Derived({}, build, {"/weight"}).check_all([](hid_t file) {
        for (const char* name : {"/", "/group", "/weight", "/other"}) {
            char comment[16] = {};
            H5Oget_comment(open(file, name), comment, sizeof comment);
            BOOST_TEST(std::string(comment) == name);
        }
    });
}

// As MATLAB writes cell arrays: the fill value refers to an object whose name comes later.
BOOST_AUTO_TEST_CASE(fill_values_may_refer_to_objects_in_any_order) {
    const auto refer = [](hid_t file, const std::string& name, const std::string& target) {
        hobj_ref_t reference = 0;
        ok(H5Rcreate(&reference, file, target.c_str(), H5R_OBJECT, -1));
        const Id plist(H5Pcreate(H5P_DATASET_CREATE));
        ok(H5Pset_fill_value(plist, H5T_STD_REF_OBJ, &reference));
        const Id dataset = create_dataset(file, name, H5T_STD_REF_OBJ, {2}, plist);
        const hobj_ref_t both[2] = {reference, reference};
        ok(H5Dwrite(dataset, H5T_STD_REF_OBJ, H5S_ALL, H5S_ALL, H5P_DEFAULT, both));
    };
    const auto path_of_fill = [](hid_t file, const std::string& name) {
        const Id plist(H5Dget_create_plist(open(file, name)));
        hobj_ref_t reference = 0;
        ok(H5Pget_fill_value(plist, H5T_STD_REF_OBJ, &reference));
        char path[64] = {};
        BOOST_TEST(H5Rget_name(file, H5R_OBJECT, &reference, path, sizeof path) > 0);
        return std::string(path);
    };
    const Derived derived(
        {},
        [&](hid_t file) {
            write_weight(file);
            write_dataset(file, "z", H5T_IEEE_F32LE, {8}, kEightValues);
            refer(file, "A", "z");
            refer(file, "B", "weight");
            create_group(file, "group");
            refer(file, "group/C", "B");
            ok(H5Lcreate_hard(file, "A", file, "group/again", H5P_DEFAULT, H5P_DEFAULT));
        },
        {"/weight"});
    derived.check_all([&](hid_t file) {
        BOOST_TEST(path_of_fill(file, "A") == "/z");
        BOOST_TEST(path_of_fill(file, "B") == "/weight");
        BOOST_TEST(path_of_fill(file, "group/C") == "/B");
        BOOST_TEST(path_of_fill(file, "group/again") == "/z");
    });
}
