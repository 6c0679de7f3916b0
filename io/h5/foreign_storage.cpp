#include "io/h5/foreign_storage.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace pal::h5 {

namespace {

std::size_t external_count(hid_t plist) {
    return static_cast<std::size_t>(
        call("read external files", [&] { return H5Pget_external_count(plist); }));
}

std::size_t mapping_count(hid_t plist) {
    std::size_t count = 0;
    call("read virtual mappings", [&] { return H5Pget_virtual_count(plist, &count); });
    return count;
}

/// Returns the text that get(buffer, bytes) fills in.
template <class Get>
std::string text_of_mapping(const Get& get) {
    const auto length = call("read a virtual mapping", [&] { return get(nullptr, 0); });
    std::string text(static_cast<std::size_t>(length), '\0');
    call("read a virtual mapping", [&] { return get(text.data(), text.size() + 1); });
    return text;
}
std::string source_file(hid_t plist, std::size_t mapping) {
    return text_of_mapping([&](char* text, std::size_t bytes) {
        return H5Pget_virtual_filename(plist, mapping, text, bytes);
    });
}
std::string source_dataset(hid_t plist, std::size_t mapping) {
    return text_of_mapping([&](char* text, std::size_t bytes) {
        return H5Pget_virtual_dsetname(plist, mapping, text, bytes);
    });
}

Space mapped_space(hid_t plist, std::size_t mapping) {
    return Space(
        call("read a virtual mapping", [&] { return H5Pget_virtual_vspace(plist, mapping); }));
}

/// A part of a raw file.
struct ExternalPart {
    std::string file;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};
ExternalPart external_part(hid_t plist, std::size_t number) {
    std::string name(4096, '\0');
    off_t offset = 0;
    hsize_t bytes = 0;
    call("read external files", [&] {
        return H5Pget_external(plist, static_cast<unsigned>(number), name.size() - 1, name.data(),
                               &offset, &bytes);
    });
    return {name.c_str(), static_cast<std::uint64_t>(offset), bytes};
}

std::string describe_external(hid_t plist) {
    std::string text;
    for (std::size_t i = 0; i < external_count(plist); ++i) {
        const ExternalPart part = external_part(plist, i);
        text += fmt::format("{} from {}, {} bytes\n", part.file, part.offset, part.bytes);
    }
    return text;
}

/// Returns the places where the library looks for another file: below the prefix in `variable`, as
/// it is named, and beside the own file.
std::vector<std::filesystem::path> places_of(const std::string& name, const char* variable,
                                             const std::string& own_path) {
    const std::filesystem::path folder = std::filesystem::absolute(own_path).parent_path();
    if (std::filesystem::path(name).is_absolute()) return {name};
    std::vector<std::filesystem::path> places;
    if (const char* value = std::getenv(variable); value != nullptr && *value != '\0') {
        const std::string prefix = value;
        constexpr std::string_view origin = "${ORIGIN}";
        places.push_back((prefix.starts_with(origin)
                              ? std::filesystem::path(folder.string() + prefix.substr(9))
                              : std::filesystem::path(prefix)) /
                         name);
    }
    places.emplace_back(name);
    places.push_back(folder / name);
    return places;
}

std::string missing_part(hid_t plist, const std::string& path, std::uint64_t bytes) {
    for (std::size_t i = 0; bytes > 0 && i < external_count(plist); ++i) {
        const ExternalPart part = external_part(plist, i);
        const std::uint64_t here = std::min(bytes, part.bytes);
        const auto file = places_of(part.file, "HDF5_EXTFILE_PREFIX", path).front();
        struct stat status {};
        if (::stat(file.c_str(), &status) != 0) return part.file + " is missing";
        if (static_cast<std::uint64_t>(status.st_size) < part.offset + here) {
            return fmt::format("{} has {} bytes, {} are needed", part.file, status.st_size,
                               part.offset + here);
        }
        bytes -= here;
    }
    return "";
}

bool has_dataset(const std::filesystem::path& file, const std::string& name) {
    const Plist access = create_plist(H5P_FILE_ACCESS);
    // The library opens sources like this. With another degree the second open of a file fails.
    call("set file access properties",
         [&] { return H5Pset_fclose_degree(access.get(), H5F_CLOSE_WEAK); });
    hid_t id = H5I_INVALID_HID;
    succeeds([&] { return id = H5Fopen(file.c_str(), H5F_ACC_RDONLY, access.get()); });
    const File opened(id);
    if (!opened) return false;
    hid_t dataset = H5I_INVALID_HID;
    succeeds([&] { return dataset = H5Dopen2(opened.get(), name.c_str(), H5P_DEFAULT); });
    return static_cast<bool>(Dataset(dataset));
}

std::string missing_mapping(hid_t plist, const std::string& path) {
    for (std::size_t m = 0; m < mapping_count(plist); ++m) {
        const std::string file = source_file(plist, m);
        const std::string name = source_dataset(plist, m);
        if (file.find('%') != std::string::npos || name.find('%') != std::string::npos)
            return "whether " + name + " of " + file + " are all there, a pattern does not say";
        const auto places = file == "." ? std::vector<std::filesystem::path>{path}
                                        : places_of(file, "HDF5_VDS_PREFIX", path);
        const bool found = std::ranges::any_of(
            places, [&](const auto& place) { return has_dataset(place, name); });
        if (!found) return name + " of " + file + " is missing";
    }
    return "";
}

}  // namespace

std::string foreign_storage(hid_t plist) {
    const H5D_layout_t layout = layout_of(plist);
    if (layout == H5D_VIRTUAL) return "virtual";
    return layout == H5D_CONTIGUOUS && external_count(plist) > 0 ? "external" : "";
}

Space own_space(hid_t dataset, hid_t plist) {
    if (layout_of(plist) != H5D_VIRTUAL || mapping_count(plist) == 0) return dataset_space(dataset);
    Space space = mapped_space(plist, 0);
    call("select everything", [&] { return H5Sselect_all(space.get()); });
    return space;
}

std::string encoded(const Space& space) {
    std::size_t bytes = 0;
    call("read a selection", [&] { return H5Sencode(space.get(), nullptr, &bytes); });
    std::vector<unsigned char> code(bytes);
    call("read a selection", [&] { return H5Sencode(space.get(), code.data(), &bytes); });
    std::string text;
    for (const unsigned char byte : code) text += fmt::format("{:02x}", byte);
    return text;
}

std::string describe_sources(hid_t plist) {
    const H5D_layout_t layout = layout_of(plist);
    if (layout == H5D_CONTIGUOUS) return describe_external(plist);
    if (layout != H5D_VIRTUAL) return "";
    std::string text;
    for (std::size_t m = 0; m < mapping_count(plist); ++m) {
        const Space source(
            call("read a virtual mapping", [&] { return H5Pget_virtual_srcspace(plist, m); }));
        text += fmt::format("{} of {}, {} to {}\n", source_dataset(plist, m), source_file(plist, m),
                            encoded(source), encoded(mapped_space(plist, m)));
    }
    return text;
}

std::string missing_source(hid_t plist, const std::string& path, std::uint64_t bytes) {
    return layout_of(plist) == H5D_VIRTUAL ? missing_mapping(plist, path)
                                           : missing_part(plist, path, bytes);
}

std::vector<std::string> sources_in_own_file(hid_t plist) {
    std::vector<std::string> names;
    if (layout_of(plist) != H5D_VIRTUAL) return names;
    for (std::size_t m = 0; m < mapping_count(plist); ++m) {
        if (source_file(plist, m) == ".") names.push_back(source_dataset(plist, m));
    }
    return names;
}

}  // namespace pal::h5
