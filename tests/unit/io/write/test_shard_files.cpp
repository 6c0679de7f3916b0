// The file of a shard holds some of the palettized tensors and nothing else.
#include <boost/test/unit_test.hpp>

#include "tests/support/hdf5_files.hpp"
#include "tests/support/palettize_file.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace pal::test;

namespace {

struct Fixture {
    Fixture() {
        const Id file = create_file(source);
        const Id layers = create_group(file, "layers");
        const Id deep = create_group(layers, "deep");
        const Id weight = create_dataset(deep, "weight", H5T_IEEE_F32LE, {64, 64});
        write_string(weight, "kept", "as it is");
        const Id space(H5Screate(H5S_SCALAR));
        const Id reference(
            H5Acreate2(weight, "refers", H5T_STD_REF_OBJ, space, H5P_DEFAULT, H5P_DEFAULT));
        create_dataset(deep, "bias", H5T_IEEE_F32LE, {64});
        create_dataset(layers, "weight", H5T_IEEE_F32LE, {32, 32});
        create_dataset(file, "other", H5T_STD_I32LE, {10});
    }
    TemporaryFolder folder;
    std::string source = folder.file("in.h5");
};

}  // namespace

BOOST_AUTO_TEST_SUITE(shard_files)

BOOST_FIXTURE_TEST_CASE(only_the_tensors_and_the_groups_that_lead_there_are_made, Fixture) {
    const pal::CheckpointReader reader(source);
    const auto packed = palettize_dataset(reader, "/layers/deep/weight", bits_spec(2));
    {
        pal::CheckpointWriter writer(reader, folder.file("shard.h5"), false,
                                     {"/layers/deep/weight"}, {}, pal::Copies::kNothing);
        writer.write_palettized("/layers/deep/weight", packed.tensor,
                                pal::spec_to_json(bits_spec(2)));
        writer.commit("{}");
    }

    const pal::CheckpointReader shard(folder.file("shard.h5"));
    BOOST_TEST(shard.info().palettized);
    BOOST_TEST(shard.info().datasets.empty());
    BOOST_REQUIRE(shard.info().tensors.size() == 1U);
    const pal::PalettizedTensor tensor = shard.read_palettized("/layers/deep/weight");
    BOOST_TEST((tensor.lut == packed.tensor.lut));
    BOOST_TEST((pal::unpack_indices(tensor) == pal::unpack_indices(packed.tensor)));
    const Id file = open_file(folder.file("shard.h5"));
    BOOST_TEST(!exists(file, "layers/weight"));
    BOOST_TEST(!exists(file, "layers/deep/bias"));
    const Id group = open(file, "layers/deep/weight");
    BOOST_TEST(H5Aexists(group, "kept") > 0);
    BOOST_TEST(H5Aexists(group, "refers") == 0);
}

BOOST_FIXTURE_TEST_CASE(a_shard_may_be_empty, Fixture) {
    const pal::CheckpointReader reader(source);
    pal::CheckpointWriter(reader, folder.file("shard.h5"), false, {}, {}, pal::Copies::kNothing)
        .commit("{}");
    BOOST_TEST(pal::CheckpointReader(folder.file("shard.h5")).info().tensors.empty());
}

BOOST_AUTO_TEST_SUITE_END()
