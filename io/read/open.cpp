#include "io/read/open.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <span>

#include "io/files/file_signature.hpp"
#include "io/files/paths.hpp"
#include "io/files/regular_file.hpp"
#include "io/filters/lzf.hpp"
#include "io/guard/limits.hpp"
#include "io/guard/memory_fence.hpp"
#include "io/read/plausible.hpp"

namespace pal {

namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& reason) {
    throw Error(ErrorCode::kInput, path + ": " + reason);
}

struct Signature {
    std::string_view bytes;
    std::string_view advice;
};
using std::string_view_literals::operator""sv;
constexpr Signature kSignatures[] = {
    {"PK\x03\x04"sv,
     "not an HDF5 file but a zip archive (a .keras or torch file?); unzip it and pass the .h5 "
     "inside, "
     "or export the weights to HDF5"},
    {"version https://git-lfs"sv,
     "not an HDF5 file but a Git-LFS pointer; fetch the file itself with 'git lfs pull'"},
    {"CDF\x01"sv, "not an HDF5 file but netCDF-3; convert it with 'nccopy -k netCDF-4'"},
    {"CDF\x02"sv, "not an HDF5 file but netCDF-3; convert it with 'nccopy -k netCDF-4'"},
    {"CDF\x05"sv, "not an HDF5 file but netCDF-3; convert it with 'nccopy -k netCDF-4'"},
    {"MATLAB 5.0"sv, "not an HDF5 file but MATLAB v5; save it with '-v7.3' in MATLAB"},
    {"\x80\x02"sv,
     "not an HDF5 file but a Python pickle (an old torch file?); export the weights to HDF5"},
    {"\x80\x04"sv, "not an HDF5 file but a Python pickle; export the weights to HDF5"},
    {"\x0e\x03\x13\x01"sv, "not an HDF5 file but HDF4; convert it with 'h4toh5'"},
    {"\x1f\x8b"sv, "not an HDF5 file but gzip; unpack it with 'gunzip'"},
    {"GGUF"sv, "not an HDF5 file but GGUF; pass an HDF5 checkpoint"},
};

void refuse_other_formats(const std::string& path, std::string_view head) {
    for (const Signature& signature : kSignatures) {
        if (head.starts_with(signature.bytes)) refuse(path, std::string(signature.advice));
    }
    if (head.size() > 9 && head.substr(8, 2) == "{\"") {
        refuse(path, "not an HDF5 file but safetensors; convert it to HDF5");
    }
    std::string found;
    for (const char c : head.substr(0, 8)) {
        found += fmt::format("{}{:02x}", found.empty() ? "" : " ", static_cast<unsigned char>(c));
    }
    refuse(path, "not an HDF5 file: no HDF5 signature, it begins with bytes " + found +
                     "; pass an HDF5 checkpoint (.h5, .hdf5)");
}

std::string read_head(const RawFile& raw, std::uint64_t file_bytes, const std::string& path) {
    std::string head(std::min<std::uint64_t>(file_bytes, 512), '\0');
    raw.read(0, std::as_writable_bytes(std::span(head)), path);
    return head;
}

/// Throws unless the library has opened the file that `raw` has open.
void require_same_file(hid_t file, const RawFile& raw, const std::string& path) {
    struct stat status {};
    if (::fstat(h5::descriptor_of(file), &status) == 0 &&
        same_inode(status, status_of(raw.descriptor(), path)))
        return;
    refuse(path, "was replaced while it was opened; start again");
}

}  // namespace

h5::File open_checkpoint(const std::string& path, const RawFile& raw, CheckpointInfo& info) {
    info.file = path;
    info.file_bytes = raw.size_bytes();
    if (info.file_bytes == 0)
        refuse(path, "the file is empty (0 bytes); was a download or a save interrupted?");
    const std::string head = read_head(raw, info.file_bytes, path);

    register_lzf();
    if (!begins_as_hdf5(raw.descriptor())) refuse_other_formats(path, head);
    const h5::Plist access = h5::file_access(h5::object_cache_bytes(0));
    try {
        h5::File file;
        with_memory_fence(most_library_bytes(info.file_bytes), [&] {
            file = h5::File(h5::call(
                "open", [&] { return H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()); }));
        });
        require_same_file(file.get(), raw, path);
        return file;
    } catch (const h5::Failure& failure) {
        if (failure.code() == ErrorCode::kLimit) throw failure.in(path);
        const std::string reason = failure.what();
        if (reason.find("truncated") != std::string::npos || head.size() < 512) {
            refuse(path,
                   fmt::format("the HDF5 file is truncated: it has {} bytes, less than it says; "
                               "copy or download it again",
                               info.file_bytes));
        }
        if (reason.find("already open for write") != std::string::npos) {
            refuse(path,
                   "the program that wrote it has not closed it; wait for that program, or clear "
                   "the mark with 'h5clear -s' (package hdf5-tools) if it is no longer running");
        }
        refuse(path, "the HDF5 file is damaged: " + reason + "; copy or download it again");
    }
}

}  // namespace pal
