#include "pipeline/inputs/index_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "io/files/foreign_json.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

namespace fs = std::filesystem;
constexpr const char* kWeightMap = "weight_map";
constexpr const char* kMetadata = "metadata";
constexpr const char* kTotalSize = "total_size";

ForeignJson parsed_index(std::string_view text, const std::string& path) {
    try {
        return read_json(text);
    } catch (const Error& error) {
        throw error.in(path + ": no index");
    }
}

/// Checks the name of a file in the map; returns its path below the folder of the index.
std::string file_of_index(const ForeignJson& value, const std::string& path) {
    const auto refuse = [&](const std::string& why) {
        throw Error(ErrorCode::kInput,
                    path + ": weight_map: found " +
                        value.dump(-1, ' ', false, ForeignJson::error_handler_t::replace) + ", " +
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
void for_each_tensor(const ForeignJson& index, const std::string& path, const Call& call) {
    for (const auto& [tensor, value] : index[kWeightMap].items()) {
        if (!value.is_array()) {
            call(tensor, file_of_index(value, path));
            continue;
        }
        for (const ForeignJson& one : value) call(tensor, file_of_index(one, path));
    }
}

std::vector<std::string> files_in(const ForeignJson& index, const std::string& path) {
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

constexpr std::string_view kSpace = " \t\r\n";

/// A part of a text.
struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;  // empty: there is none
};

/// Finds the number that is the value of the name which ends at `at`. Empty where it is none.
Range number_behind(std::string_view text, std::size_t at) {
    const std::size_t colon = text.find(':', at);
    const std::size_t first = std::min(text.find_first_not_of(kSpace, colon + 1), text.size());
    return {first, std::min(text.find_first_not_of("0123456789.eE+-", first), text.size())};
}

/// Finds the number of metadata's total_size in a JSON text, where names are spelled without
/// escapes. One pass.
Range size_in(std::string_view text) {
    std::size_t depth = 0;
    bool in_metadata = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '{' || text[at] == '[') ++depth;
        if (text[at] == '}' || text[at] == ']') --depth;
        if (text[at] != '"') continue;
        const std::size_t begin = ++at;
        while (text[at] != '"') at += text[at] == '\\' ? 2 : 1;
        const std::string_view word = text.substr(begin, at - begin);
        const std::size_t next = text.find_first_not_of(kSpace, at + 1);
        if (next == std::string_view::npos || text[next] != ':') continue;  // no name
        if (depth == 1) in_metadata = word == kMetadata;
        if (depth == 2 && in_metadata && word == kTotalSize) return number_behind(text, at);
    }
    return {};
}

/// Throws if an index has a size that size_in() does not find.
void require_findable_size(const ForeignJson& index, std::string_view text,
                           const std::string& path) {
    const auto metadata = index.find(kMetadata);
    if (metadata == index.end() || !metadata->is_object() || !metadata->contains(kTotalSize) ||
        !metadata->at(kTotalSize).is_number())
        return;
    const Range found = size_in(text);
    if (found.begin == found.end) {
        throw Error(ErrorCode::kInput, path +
                                           ": metadata: total_size is spelled with escapes; "
                                           "write the name as it is");
    }
}

}  // namespace

std::vector<std::string> files_of_index(std::string_view text, const std::string& path) {
    const ForeignJson index = parsed_index(text, path);
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
    require_findable_size(index, text, path);
    return files;
}

std::vector<IndexedTensor> tensors_not_there(std::string_view text,
                                             const std::vector<const CheckpointInfo*>& infos) {
    const ForeignJson index = read_json(text);
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
    const Range size = size_in(text);
    const std::string_view number = text.substr(size.begin, size.end - size.begin);
    const bool is_float = number.find_first_of(".eE") != std::string_view::npos;  // Keras
    std::string changed(text);
    if (number.empty()) return changed;
    return changed.replace(
        size.begin, number.size(),
        (is_float ? ForeignJson(static_cast<double>(bytes)) : ForeignJson(bytes)).dump());
}

}  // namespace pal
