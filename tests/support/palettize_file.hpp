// Palettizes and restores files without plan and graph: calls io/ in the order that the program
// does.
#pragma once

#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "io/compare/compare.hpp"
#include "io/files/check_target.hpp"
#include "io/read/checkpoint_reader.hpp"
#include "io/write/checkpoint_writer.hpp"
#include "stages/chain.hpp"
#include "stages/tensor/error.hpp"

namespace pal::test {

inline PalettizationSpec bits_spec(int n_bits) {
    PalettizationSpec spec;
    spec.n_bits = n_bits;
    return spec;
}

/// Returns the dataset at `path`. Throws if there is none.
inline const DatasetInfo& dataset_at(const CheckpointReader& reader, const std::string& path) {
    for (const DatasetInfo& dataset : reader.info().datasets) {
        if (dataset.path == path) return dataset;
    }
    throw std::runtime_error("no dataset " + path);
}

inline Packed palettize_dataset(const CheckpointReader& reader, const std::string& path,
                                const PalettizationSpec& spec) {
    const DatasetInfo& dataset = dataset_at(reader, path);
    TensorTask task;
    task.path = path;
    task.dtype = dataset.dtype.value();
    task.spec = spec;
    const AxisMap axes{0, dataset.shape.size() > 1 ? std::size_t{1} : std::size_t{0}};
    task.geometry = std::get<Geometry>(make_geometry(dataset.shape, axes, spec, false));
    return palettize(task, reader.open_weights(dataset));
}

/// Palettizes the datasets at `paths`. With 2 bits, four different values come back exactly.
inline void palettize_file(const std::string& source, const std::string& target,
                           const std::vector<std::string>& paths,
                           const PalettizationSpec& spec = bits_spec(2)) {
    const CheckpointReader reader(source);
    check_target(source, target, false);
    CheckpointWriter writer(reader, target, false, paths);
    for (const std::string& path : paths) {
        const Packed packed = palettize_dataset(reader, path, spec);
        writer.write_palettized(path, packed.tensor, spec_to_json(spec));
    }
    writer.commit("{}");
}

inline void restore_file(const std::string& source, const std::string& target) {
    const CheckpointReader reader(source);
    check_target(source, target, false);
    std::vector<std::string> paths;
    for (const PalettizedTensorInfo& tensor : reader.info().tensors) paths.push_back(tensor.path);
    CheckpointWriter writer(reader, target, false, paths);
    for (const std::string& path : paths) {
        const PalettizedTensor tensor = reader.read_palettized(path);
        decode(tensor, *writer.open_dense(path, tensor.dtype, tensor.geometry.weight_count));
    }
    writer.commit("");
}

/// Returns the findings of compare_untouched as one text. Empty if nothing differs.
inline std::string differences(const std::string& original, const std::string& derived) {
    const CheckpointReader first(original);
    const CheckpointReader second(derived);
    std::string text;
    for (const std::string& line : compare_untouched(first, second)) text += line + "\n";
    return text;
}

/// Returns the code of the Error that action() throws, or 0 if it throws none.
template <class Action>
int error_code_of(const Action& action) {
    try {
        action();
    } catch (const Error& error) {
        return static_cast<int>(error.code());
    }
    return 0;
}
inline constexpr int kInputError = static_cast<int>(ErrorCode::kInput);
inline constexpr int kOutputError = static_cast<int>(ErrorCode::kOutput);

}  // namespace pal::test
