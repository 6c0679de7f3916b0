// Names of a tensor as rules see it: module path and state name, from the path of its dataset.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pal {

/// Module path and state name of a dataset path.
struct TensorName {
    /// Spellings that rules see: the full dotted path first, then without Keras' repeated layer
    /// name, and without "model_weights" or "vars".
    std::vector<std::string> module_names;
    std::string state_name;
};

/// Splits a dataset path ("/conv2d_1/conv2d_1/kernel:0") at '/', '.' and a backslash; the last
/// component is the state. Drops a suffix such as ":0".
[[nodiscard]] TensorName tensor_name(const std::string& path);

/// Dotted spellings of a dataset path: as it stands in the file, then as rules see it.
[[nodiscard]] std::vector<std::string> dotted_paths(const std::string& path,
                                                    const TensorName& name);

/// True for one or more digits and nothing else.
[[nodiscard]] bool all_digits(std::string_view text);

}  // namespace pal
