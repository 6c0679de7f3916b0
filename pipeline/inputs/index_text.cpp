#include "pipeline/inputs/index_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "stages/tensor/error.hpp"

namespace pal {

namespace {

namespace fs = std::filesystem;
using SortedJson = nlohmann::json;  // ordered_json searches for keys linearly

constexpr int kDeepest = 64;  // levels of an index; deeper ones would exhaust the stack of dump()
constexpr const char* kWeightMap = "weight_map";
constexpr const char* kTotalSize = "total_size";

/// Parses an index. Refuses a tensor that the map names twice: JSON would keep the last file only.
SortedJson parsed(std::string_view text, const std::string& path) {
    bool in_map = false;
    std::set<std::string> tensors;
    try {
        return SortedJson::parse(
            text, [&](int depth, SortedJson::parse_event_t event, const SortedJson& value) {
                if (depth > kDeepest) {
                    throw Error(ErrorCode::kInput,
                                fmt::format("{}: no index: its JSON has more than {} levels", path,
                                            kDeepest));
                }
                if (event != SortedJson::parse_event_t::key) return true;
                if (depth == 1) in_map = value == kWeightMap;
                if (depth == 2 && in_map && !tensors.insert(value.get<std::string>()).second) {
                    throw Error(ErrorCode::kInput, fmt::format("{}: weight_map: names {} twice",
                                                               path, value.get<std::string>()));
                }
                return true;
            });
    } catch (const SortedJson::exception& error) {
        throw Error(ErrorCode::kInput, path + ": no index: " + error.what());
    }
}

/// Checks the name of a file in the map; returns its path below the folder of the index.
std::string file_of_index(const SortedJson& value, const std::string& path) {
    const auto refuse = [&](const std::string& why) {
        throw Error(ErrorCode::kInput,
                    path + ": weight_map: found " +
                        value.dump(-1, ' ', false, SortedJson::error_handler_t::replace) + ", " +
                        why);
    };
    if (!value.is_string()) refuse("wanted are names of files");
    const std::string name = value.get<std::string>();
    const fs::path file(name);
    if (name.empty() || name.find('\0') != std::string::npos || !file.has_filename() ||
        file.filename() == ".")
        refuse("which is no name of a file");
    if (file.is_absolute() || std::ranges::find(file, "..") != file.end())
        refuse("which leads out of the folder of the index; nothing outside it is read");
    if (name.find(".h5palettize-") != std::string::npos)
        refuse("a name that unfinished outputs have; rename the file");
    return file.lexically_normal().string();
}

/// Calls `call` with each pair of a tensor of the map and a file that it is in.
template <class Call>
void for_each_tensor(const SortedJson& index, const std::string& path, const Call& call) {
    for (const auto& [tensor, value] : index[kWeightMap].items()) {
        if (!value.is_array()) {
            call(tensor, file_of_index(value, path));
            continue;
        }
        for (const SortedJson& one : value) call(tensor, file_of_index(one, path));
    }
}

std::vector<std::string> files_in(const SortedJson& index, const std::string& path) {
    std::set<std::string> files;
    for_each_tensor(index, path,
                    [&](const std::string&, const std::string& file) { files.insert(file); });
    return {files.begin(), files.end()};
}

/// Returns one form for paths and for names with dots.
std::string plain_name(const std::string& name) {
    std::string plain = name.substr(std::min(name.find_first_not_of('/'), name.size()));
    std::ranges::replace(plain, '.', '/');
    return plain;
}

/// Returns the plain names of the datasets and of the groups above them.
std::set<std::string> names_in(const CheckpointInfo& info) {
    std::set<std::string> names{""};
    const auto add = [&](const std::string& path) {
        std::string name = plain_name(path);
        while (names.insert(name).second) name.resize(std::min(name.rfind('/'), name.size()));
    };
    for (const DatasetInfo& dataset : info.datasets) {
        add(dataset.path);
        std::ranges::for_each(dataset.aliases, add);
    }
    return names;
}

/// Finds the number that is the value of a name which ends at `at`. Returns where its text begins
/// and ends; an empty range if there is no number.
std::pair<std::size_t, std::size_t> value_behind(std::string_view text, std::size_t at) {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t colon = std::min(text.find_first_not_of(kSpace, at), text.size());
    if (!text.substr(colon).starts_with(':')) return {colon, colon};
    const std::size_t first = std::min(text.find_first_not_of(kSpace, colon + 1), text.size());
    return {first, std::min(text.find_first_not_of("0123456789.eE+-", first), text.size())};
}

}  // namespace

std::vector<std::string> files_of_index(std::string_view text, const std::string& path) {
    const SortedJson index = parsed(text, path);
    if (!index.is_object() || !index.contains(kWeightMap) || !index[kWeightMap].is_object() ||
        index[kWeightMap].empty()) {
        throw Error(ErrorCode::kInput,
                    path +
                        ": no index: wanted is an object with a weight_map, which says the file "
                        "of each tensor; name the files in place of the folder where it is of "
                        "something else");
    }
    std::vector<std::string> files = files_in(index, path);
    if (files.empty())
        throw Error(ErrorCode::kInput,
                    path + ": its weight_map names no file; all lists are empty");
    try {
        (void)index_with_size(text, 0);  // refuses the index before anything is done
    } catch (const Error& error) {
        throw error.in(path);
    }
    return files;
}

std::vector<IndexedTensor> tensors_not_there(std::string_view text,
                                             const std::vector<const CheckpointInfo*>& infos) {
    const SortedJson index = SortedJson::parse(text);
    const std::vector<std::string> files = files_in(index, "");
    PAL_ASSERT(files.size() == infos.size());
    std::map<std::string, std::set<std::string>> names;
    for (std::size_t f = 0; f < files.size(); ++f) names[files[f]] = names_in(*infos[f]);
    std::vector<IndexedTensor> missing;
    for_each_tensor(index, "", [&](const std::string& tensor, const std::string& file) {
        if (!names.at(file).contains(plain_name(tensor))) missing.push_back({tensor, file});
    });
    return missing;
}

std::string index_with_size(std::string_view text, std::uint64_t bytes) {
    SortedJson index = SortedJson::parse(text);
    const auto metadata = index.find("metadata");
    if (metadata == index.end() || !metadata->is_object() || !metadata->contains(kTotalSize) ||
        !metadata->at(kTotalSize).is_number())
        return std::string(text);
    SortedJson& size = metadata->at(kTotalSize);
    if (size.is_number_float()) {  // Keras
        size = static_cast<double>(bytes);
    } else {
        size = bytes;
    }
    // A tensor may have that name too: the change is right if the result parses to `index`.
    const std::string name = std::string("\"") + kTotalSize + '"';
    constexpr int kMostNames = 64;  // each try takes as long as reading the index
    int names = 0;
    for (std::size_t at = text.find(name); at != std::string_view::npos && names < kMostNames;
         at = text.find(name, at + 1), ++names) {
        const auto [first, end] = value_behind(text, at + name.size());
        std::string changed(text);
        changed.replace(first, end - first, size.dump());
        if (SortedJson::parse(changed, nullptr, false) == index) return changed;
    }
    throw Error(ErrorCode::kInput,
                names < kMostNames
                    ? "metadata: total_size is spelled with escapes; write the name as it is"
                    : "metadata: total_size is not found among many of that name");
}

}  // namespace pal
