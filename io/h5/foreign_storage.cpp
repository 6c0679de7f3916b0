#include "io/h5/foreign_storage.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <utility>

#include "io/files/places.hpp"

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

/// The library calls this with each external link that it follows, before it opens the file.
herr_t check_external_link(const char* own_path, const char*, const char* name, const char*,
                           unsigned*, hid_t, void* refused) {
    try {
        auto& pipe = *static_cast<std::string*>(refused);
        pipe = pipe_among(places_of(name, "HDF5_EXT_PREFIX", own_path));
        return pipe.empty() ? 0 : -1;
    } catch (const std::exception&) {  // nothing may be thrown through the library
        return -1;
    }
}

/// Calls open(properties) with properties of a class of link access.
template <class Open>
hid_t open_checked(hid_t plist_class, const std::string& path, const Open& open) {
    std::string refused;
    const Plist access = create_plist(plist_class);
    call("set link access properties",
         [&] { return H5Pset_elink_cb(access.get(), check_external_link, &refused); });
    try {
        return call("open " + path, [&] { return open(access.get()); });
    } catch (const Failure&) {
        if (!refused.empty()) refuse_pipe(refused);
        throw;
    }
}

hid_t access_class(bool of_dataset) {
    return call("find a class of properties",
                [&] { return of_dataset ? H5P_DATASET_ACCESS : H5P_LINK_ACCESS; });
}

hid_t open_followed_dataset(hid_t file, const std::string& path) {
    return open_checked(access_class(true), path,
                        [&](hid_t access) { return H5Dopen2(file, path.c_str(), access); });
}

std::string missing_part(hid_t plist, const std::string& path, std::uint64_t bytes) {
    for (std::size_t i = 0; bytes > 0 && i < external_count(plist); ++i) {
        const ExternalPart part = external_part(plist, i);
        const std::uint64_t here = std::min(bytes, part.bytes);
        const auto file = places_of(part.file, "HDF5_EXTFILE_PREFIX", path).front();
        require_no_pipe({file});
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

/// Opens a file as the library opens those of virtual datasets. With another degree of closing, the
/// second open of a file fails.
File open_source_file(const std::filesystem::path& path) {
    require_no_pipe({path});
    const Plist access = create_plist(H5P_FILE_ACCESS);
    call("set file access properties",
         [&] { return H5Pset_fclose_degree(access.get(), H5F_CLOSE_WEAK); });
    return File(
        call("open a source", [&] { return H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()); }));
}

/// Looks for all that a dataset reads, sources of its sources included.
class Sources {
  public:
    /// Returns the first that is missing; empty if none is.
    std::string missing(hid_t plist, const std::string& path, std::uint64_t bytes) {
        if (layout_of(plist) != H5D_VIRTUAL) return missing_part(plist, path, bytes);
        for (std::size_t m = 0; m < mapping_count(plist); ++m) {
            const std::string file = source_file(plist, m);
            const std::string name = source_dataset(plist, m);
            if (file.find('%') != std::string::npos || name.find('%') != std::string::npos)
                return "whether " + name + " of " + file + " are all there, a pattern does not say";
            const auto places = file == "." ? std::vector<std::filesystem::path>{path}
                                            : places_of(file, "HDF5_VDS_PREFIX", path);
            require_no_pipe(places);
            const bool found =
                std::ranges::any_of(places, [&](const auto& at) { return has(at, name); });
            if (!found) return name + " of " + file + " is missing";
        }
        return "";
    }

  private:
    bool has(const std::filesystem::path& path, const std::string& name) {
        const auto known = known_.emplace(std::pair(path.string(), name), false).first;
        if (!known->second) known->second = looked_up(path, name);
        return known->second;
    }

    /// A source that leads back to itself is missing.
    bool looked_up(const std::filesystem::path& path, const std::string& name) {
        if (depth_ == kMostDepth) return false;
        ++depth_;
        bool found = false;
        try {
            const File file = open_source_file(path);
            const Dataset dataset(open_followed_dataset(file.get(), name));
            const Plist plist = dataset_plist(dataset.get());
            found =
                foreign_storage(plist.get()).empty() ||
                missing(plist.get(), path.string(), bytes_of(dataset.get(), plist.get())).empty();
        } catch (const Failure&) {  // is not there
        }
        --depth_;
        return found;
    }

    static std::uint64_t bytes_of(hid_t dataset, hid_t plist) {
        const Space space = own_space(dataset, plist);
        Shape shape = space_shape(space.get());
        const Type type = dataset_type(dataset);
        shape.push_back(type_bytes(type.get()));
        return element_count(shape).value_or(std::numeric_limits<std::uint64_t>::max());
    }

    static constexpr std::size_t kMostDepth = 8;
    std::size_t depth_ = 0;
    std::map<std::pair<std::string, std::string>, bool>
        known_;  // false: looked for now, or missing
};

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
    return Sources().missing(plist, path, bytes);
}

std::vector<std::string> sources_in_own_file(hid_t plist) {
    std::vector<std::string> names;
    if (layout_of(plist) != H5D_VIRTUAL) return names;
    for (std::size_t m = 0; m < mapping_count(plist); ++m) {
        if (source_file(plist, m) == ".") names.push_back(source_dataset(plist, m));
    }
    return names;
}

hid_t open_followed(hid_t file, const std::string& path) {
    return open_checked(access_class(false), path,
                        [&](hid_t access) { return H5Oopen(file, path.c_str(), access); });
}

}  // namespace pal::h5
