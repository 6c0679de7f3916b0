// Fuzzes palettized checkpoints whose content lies, in files that the HDF5 library has written. The
// input is a list of edits to a valid one. The library has nothing to stumble over here, so that
// all that is found is in the reader. fuzz_checkpoint and mutate.py mutate the bytes of such files.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "io/compare/compare.hpp"
#include "io/read/checkpoint_reader.hpp"
#include "io/write/checkpoint_writer.hpp"
#include "pipeline/report/verify.hpp"
#include "stages/decode.hpp"
#include "stages/tensor/error.hpp"
#include "tests/fuzz/edits.hpp"
#include "tests/support/palettize_file.hpp"

namespace {

using namespace pal;

/// Valid files to edit, one for each kind of LUT, and their original.
class Originals {
  public:
    Originals() {
        test::write_checkpoint(original());
        const std::array<PalettizationSpec, kKinds> specs = test::specs_of_each_kind();
        for (std::size_t kind = 0; kind < kKinds; ++kind) {
            test::palettize_file(original(), palettized(kind), {"/a.weight", "/b.weight"},
                                 specs[kind]);
        }
    }
    static constexpr std::size_t kKinds = test::kSpecKinds;
    [[nodiscard]] std::string original() const { return folder_.file("in.h5"); }
    [[nodiscard]] std::string palettized(std::size_t kind) const {
        return folder_.file("kind" + std::to_string(kind) + ".h5");
    }
    [[nodiscard]] const test::TemporaryFolder& folder() const { return folder_; }

  private:
    test::TemporaryFolder folder_;
};

void restore(const CheckpointReader& reader, const std::string& target) {
    std::vector<std::string> paths;
    for (const PalettizedTensorInfo& tensor : reader.info().tensors) paths.push_back(tensor.path);
    CheckpointWriter writer(reader, target, true, paths);
    for (const std::string& path : paths) {
        const PalettizedTensor tensor = reader.read_palettized(path);
        decode(tensor, *writer.open_dense(path, tensor.dtype, tensor.geometry.weight_count));
    }
    writer.finish("");
}

void verify(const CheckpointReader& original, const CheckpointReader& palettized) {
    static_cast<void>(compare_untouched(original, palettized));
    for (const PalettizedTensorInfo& info : palettized.info().tensors) {
        for (const DatasetInfo& dataset : original.info().datasets) {
            if (dataset.path != info.path || dataset.shape != info.shape ||
                dataset.dtype != info.dtype) {
                continue;
            }
            static_cast<void>(check_tensor(original.open_weights(dataset),
                                           palettized.read_palettized(info.path),
                                           test::bits_spec(2), true));
        }
    }
}

template <class Action>
void may_fail(const Action& action) {
    try {
        action();
    } catch (const Error&) {
        // A clear error is a right result.
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Originals originals;
    static const test::OneThread one_thread;
    test::EditSource edits(data, size);
    const std::string path = originals.folder().file("edited.h5");
    test::copy_file(originals.palettized(edits.number(Originals::kKinds)), path);
    test::apply(edits, path);
    may_fail([&] {
        const CheckpointReader reader(path);
        may_fail([&] { restore(reader, originals.folder().file("back.h5")); });
        may_fail([&] { verify(CheckpointReader(originals.original()), reader); });
    });
    return 0;
}
