// Bad inputs and outputs give the right kind of error and leave no file behind.
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "tests/support/hdf5_files.hpp"
#include "tests/support/palettize_file.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace pal::test;
namespace fs = std::filesystem;

namespace {

struct TargetFixture {
    TargetFixture() {
        write_dataset(create_file(source), "weight", H5T_IEEE_F32LE, {8}, kEightValues);
    }
    [[nodiscard]] int open_code(const std::string& name) const {
        return error_code_of([&] { const pal::CheckpointReader reader(folder.file(name)); });
    }
    [[nodiscard]] int target_code(const std::string& target, bool force = false) const {
        return error_code_of([&] { pal::check_target(source, target, force); });
    }
    TemporaryFolder folder;
    std::string source = folder.file("in.h5");
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(what_cannot_be_read_is_an_input_error, TargetFixture) {
    fs::create_directory(folder.file("folder.h5"));
    write_file(folder.file("empty.h5"), "");
    write_file(folder.file("text.h5"), std::string(4096, 'x'));
    for (const char* name : {"absent.h5", "folder.h5", "empty.h5", "text.h5", "in.h5/deeper.h5"}) {
        BOOST_TEST(open_code(name) == kInputError, name);
    }
    BOOST_TEST(open_code("in.h5") == 0);
}

BOOST_FIXTURE_TEST_CASE(a_file_cut_anywhere_is_an_input_error, TargetFixture) {
    const std::string whole = file_bytes(source);
    for (std::size_t length = 1; length < whole.size(); length += 97) {
        write_file(folder.file("cut.h5"), whole.substr(0, length));
        BOOST_TEST(open_code("cut.h5") == kInputError, length << " bytes");
    }
    write_file(folder.file("cut.h5"), whole.substr(0, whole.size() - 1));
    BOOST_TEST(open_code("cut.h5") == kInputError);
}

BOOST_FIXTURE_TEST_CASE(the_input_by_any_spelling_is_no_output, TargetFixture) {
    fs::create_symlink("in.h5", folder.file("symbolic.h5"));
    fs::create_hard_link(source, folder.file("second.h5"));
    fs::create_directory(folder.file("sub"));
    const fs::path before = fs::current_path();
    fs::current_path(folder.file(""));
    for (const std::string& target :
         {source, std::string("in.h5"), std::string("./in.h5"), std::string("sub/../in.h5"),
          folder.file("symbolic.h5"), folder.file("second.h5")}) {
        for (const bool force : {false, true}) {
            BOOST_TEST(target_code(target, force) == kOutputError, target << " " << force);
        }
    }
    fs::current_path(before);
    BOOST_TEST(folder.names() == "in.h5 second.h5 sub symbolic.h5");
}

BOOST_FIXTURE_TEST_CASE(a_name_as_long_as_names_may_be_is_a_target, TargetFixture) {
    const std::string name = std::string(252, 'n') + ".h5";
    palettize_file(source, folder.file(name), {"/weight"});
    BOOST_TEST(folder.names() == "in.h5 " + name);
    const std::string too_long = folder.file(std::string(253, 'n') + ".h5");
    BOOST_TEST(error_code_of([&] { palettize_file(source, too_long, {"/weight"}); }) ==
               kOutputError);
    BOOST_TEST(folder.names() == "in.h5 " + name);
}

BOOST_FIXTURE_TEST_CASE(data_that_cannot_be_copied_is_an_input_error, TargetFixture) {
    // The header of the heap of the variable-length values is overwritten, and the copy must read
    // them.
    const std::string words = folder.file("words.h5");
    {
        const Id file = create_file(words);
        write_dataset(file, "weight", H5T_IEEE_F32LE, {8}, kEightValues);
        const Id type = variable_string_type();
        const char* text = "a string of some length";
        ok(H5Dwrite(create_dataset(file, "text", type, {1}), type, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                    &text));
    }
    std::string bytes = file_bytes(words);
    const std::size_t heap = bytes.find("GCOL");
    BOOST_REQUIRE(heap != std::string::npos);
    bytes.replace(heap, 4, "XXXX");
    write_file(words, bytes);
    BOOST_TEST(error_code_of([&] { palettize_file(words, folder.file("out.h5"), {"/weight"}); }) ==
               kInputError);
    BOOST_TEST(folder.names() == "in.h5 words.h5");
}

BOOST_FIXTURE_TEST_CASE(an_output_that_cannot_be_is_an_output_error, TargetFixture) {
    fs::create_directory(folder.file("folder"));
    write_file(folder.file("taken"), "precious");
    fs::create_symlink("nowhere", folder.file("dangling"));
    BOOST_TEST(target_code(folder.file("absent/out.h5")) == kOutputError);
    BOOST_TEST(target_code(folder.file("taken/out.h5")) == kOutputError);
    BOOST_TEST(target_code(folder.file("folder")) == kOutputError);
    BOOST_TEST(target_code(folder.file("folder"), true) == kOutputError);
    BOOST_TEST(target_code("") == kOutputError);
    BOOST_TEST(target_code(folder.file("dangling")) == kOutputError);
    BOOST_TEST(target_code(folder.file("taken")) == kOutputError);
    BOOST_TEST(target_code(folder.file("taken"), true) == 0);
    BOOST_TEST(target_code(folder.file("new.h5")) == 0);
    const pal::CheckpointReader reader(source);
    BOOST_TEST(error_code_of([&] {
                   const pal::CheckpointWriter writer(reader, folder.file("absent/out.h5"), false,
                                                      {"/weight"});
               }) == kOutputError);
    BOOST_TEST(folder.names() == "dangling folder in.h5 taken");
    BOOST_TEST(file_bytes(folder.file("taken")) == "precious");
}

BOOST_FIXTURE_TEST_CASE(a_writer_without_commit_leaves_nothing, TargetFixture) {
    const pal::CheckpointReader reader(source);
    try {
        pal::CheckpointWriter writer(reader, folder.file("out.h5"), false, {"/weight"});
        BOOST_TEST(folder.names() != "in.h5");  // the partial file beside the target
        BOOST_TEST(!fs::exists(folder.file("out.h5")));
        const auto packed = palettize_dataset(reader, "/weight", bits_spec(2));
        writer.write_palettized("/weight", packed.tensor, pal::spec_to_json(bits_spec(2)));
        throw std::runtime_error("a stage failed");
    } catch (const std::runtime_error&) {
        BOOST_TEST(folder.names() == "in.h5");
    }
}

BOOST_FIXTURE_TEST_CASE(a_write_that_fails_leaves_nothing, TargetFixture) {
    const pal::CheckpointReader reader(source);
    const int wrong_path = error_code_of([&] {
        const pal::CheckpointWriter writer(reader, folder.file("out.h5"), false, {"/absent"});
    });
    BOOST_TEST(wrong_path == kInputError);
    BOOST_TEST(folder.names() == "in.h5");
    auto packed = palettize_dataset(reader, "/weight", bits_spec(2));
    packed.tensor.geometry.indices_shape[0] = 0;  // no place for the chunk
    const int wrong_chunk = error_code_of([&] {
        pal::CheckpointWriter writer(reader, folder.file("out.h5"), false, {"/weight"});
        writer.write_palettized("/weight", packed.tensor, pal::spec_to_json(bits_spec(2)));
    });
    BOOST_TEST(wrong_chunk == kOutputError);
    BOOST_TEST(folder.names() == "in.h5");
}

BOOST_FIXTURE_TEST_CASE(a_target_that_appears_meanwhile_is_not_replaced, TargetFixture) {
    const pal::CheckpointReader reader(source);
    for (const bool force : {false, true}) {
        const int code = error_code_of([&] {
            pal::CheckpointWriter writer(reader, folder.file("out.h5"), force, {});
            write_file(folder.file("out.h5"), "precious");
            writer.commit("{}");
        });
        BOOST_TEST(code == (force ? 0 : kOutputError));
        BOOST_TEST((file_bytes(folder.file("out.h5")) == "precious") == !force);
        BOOST_TEST(folder.names() == "in.h5 out.h5");
    }
}

BOOST_FIXTURE_TEST_CASE(user_defined_links_are_refused_before_anything_is_made, TargetFixture) {
    {
        const Id file = open_file(source, H5F_ACC_RDWR);
        const auto follow = [](const char*, hid_t, const void*, std::size_t, hid_t,
                               hid_t) -> hid_t {
            throw std::logic_error("a user-defined link was followed");
        };
        H5L_class_t link{};
        link.version = H5L_LINK_CLASS_T_VERS;
        link.id = static_cast<H5L_type_t>(200);
        link.trav_func = follow;
        ok(H5Lregister(&link));
        ok(H5Lcreate_ud(file, "odd", link.id, "x", 1, H5P_DEFAULT, H5P_DEFAULT));
        ok(H5Lunregister(link.id));
    }
    const pal::CheckpointReader reader(source);
    BOOST_TEST(reader.info().unsupported == "a user-defined link at /odd");
    const int code = error_code_of([&] {
        const pal::CheckpointWriter writer(reader, folder.file("out.h5"), false, {"/weight"});
    });
    BOOST_TEST(code == kInputError);
    BOOST_TEST(folder.names() == "in.h5");
}

BOOST_FIXTURE_TEST_CASE(what_another_put_in_the_place_of_the_partial_file_is_not_published,
                        TargetFixture) {
    const std::string partial = folder.file("partial");
    for (const bool removed : {false, true}) {
        const pal::CheckpointReader reader(source);
        pal::CheckpointWriter writer(reader, folder.file("out.h5"), true, {}, partial);
        writer.finish("");
        fs::remove(partial);
        if (!removed) write_file(partial, "half of another output");
        BOOST_TEST(error_code_of([&] { writer.publish(); }) == kOutputError);
        BOOST_TEST(!fs::exists(folder.file("out.h5")));
        fs::remove(partial);
    }
}
