#include "io/checkpoint_reader.hpp"

#include <bit>
#include <optional>

#include "io/hdf5_types.hpp"
#include "io/reader_impl.hpp"

namespace pal {

CheckpointReader::CheckpointReader(const std::string& path) : impl_(std::make_unique<Impl>()) {
    impl_->path = path;
    impl_->file = open_checkpoint(path, impl_->info);
    impl_->raw = RawFile(path);
    try {
        scan_checkpoint(*impl_);
    } catch (const Error& error) {
        throw Error(ErrorCode::kInput, path + ": " + error.what());
    }
}

CheckpointReader::~CheckpointReader() = default;

const CheckpointInfo& CheckpointReader::info() const noexcept { return impl_->info; }

namespace {

/// A dataset of weights, open, its type and shape checked.
struct OpenDataset {
    h5::Dataset dataset;
    h5::Type type;
    h5::StoredType stored;
};

OpenDataset open_checked(const CheckpointReader::Impl& impl, const DatasetInfo& info) {
    if (!info.unreadable.empty()) throw Error(ErrorCode::kInput, info.unreadable);
    OpenDataset open;
    open.dataset = h5::open_dataset(impl.file.get(), info.path);
    open.type = h5::dataset_type(open.dataset.get());
    open.stored = h5::classify_type(open.type.get(), open.dataset.get());
    if (!open.stored.dtype) {
        throw Error(ErrorCode::kInput,
                    "holds " + open.stored.name + ", not floating-point weights");
    }
    const h5::Space space = h5::dataset_space(open.dataset.get());
    const Shape shape = h5::space_shape(space.get());
    const auto count = element_count(shape);
    if (!count || shape != info.shape || *count > (std::uint64_t{1} << 48)) {
        throw Error(ErrorCode::kInput, "impossible shape " + shape_to_string(shape));
    }
    return open;
}

/// Runs read(), and says of what file and dataset it was when it fails.
template <class Read>
auto reading(const CheckpointReader::Impl& impl, const DatasetInfo& info, const Read& read) {
    try {
        return read();
    } catch (const std::bad_alloc&) {
        throw Error(ErrorCode::kInput, impl.path + ": " + info.path + ": not enough memory for " +
                                           std::to_string(info.bytes) + " bytes of shape " +
                                           shape_to_string(info.shape));
    } catch (const Error& error) {
        throw Error(error.code(), impl.path + ": " + info.path + ": " + error.what());
    }
}

/// Where the values of a contiguous dataset lie in the file; nothing where they were never written,
/// or are stored in another way, or in the other byte order.
std::optional<std::uint64_t> file_offset(const OpenDataset& open) {
    if (open.stored.big_endian != (std::endian::native == std::endian::big)) return std::nullopt;
    const h5::Plist plist = h5::dataset_plist(open.dataset.get());
    if (h5::call("read a layout", [&] { return H5Pget_layout(plist.get()); }) != H5D_CONTIGUOUS)
        return std::nullopt;
    haddr_t offset = HADDR_UNDEF;
    h5::succeeds([&] {
        offset = H5Dget_offset(open.dataset.get());
        return 0;
    });
    if (offset == HADDR_UNDEF) return std::nullopt;
    return offset;
}

class FileSource : public WeightSource {
  public:
    FileSource(const RawFile& file, std::uint64_t offset, std::size_t element_bytes,
               std::string name)
        : file_(file), offset_(offset), element_bytes_(element_bytes), name_(std::move(name)) {}

    [[nodiscard]] std::span<const std::byte> read(std::size_t begin, std::size_t count,
                                                  std::span<std::byte> scratch) const override {
        const std::span<std::byte> bytes = scratch.first(count * element_bytes_);
        file_.read(offset_ + begin * element_bytes_, bytes, name_);
        return bytes;
    }

  private:
    const RawFile& file_;
    std::uint64_t offset_;
    std::size_t element_bytes_;
    std::string name_;
};

}  // namespace

WeightValues CheckpointReader::read_weights(const DatasetInfo& info) const {
    return reading(*impl_, info, [&] {
        const OpenDataset open = open_checked(*impl_, info);
        return h5::read_values(open.dataset.get(), open.type.get(), open.stored,
                               info.element_count);
    });
}

Weights CheckpointReader::open_weights(const DatasetInfo& info) const {
    return reading(*impl_, info, [&]() -> Weights {
        const OpenDataset open = open_checked(*impl_, info);
        if (const auto offset = file_offset(open)) {
            const DType storage = *open.stored.dtype;
            return {std::make_shared<FileSource>(impl_->raw, *offset, dtype_bytes(storage),
                                                 impl_->path + ": " + info.path),
                    storage, info.element_count};
        }
        return h5::read_values(open.dataset.get(), open.type.get(), open.stored,
                               info.element_count);
    });
}

}  // namespace pal
