#include "io/read/checkpoint_reader.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "io/guard/memory_fence.hpp"
#include "io/h5/byte_order.hpp"
#include "io/h5/hdf5_types.hpp"
#include "io/h5/plausible.hpp"
#include "io/read/chunk_cache.hpp"
#include "io/read/chunked_dataset.hpp"
#include "io/read/reader_impl.hpp"

namespace pal {

CheckpointReader::CheckpointReader(const std::string& path, const ReadOptions& options)
    : impl_(std::make_unique<Impl>()) {
    impl_->path = path;
    impl_->options = options;
    h5::allow_plugins(options.allow_plugins);
    impl_->suspect.emplace(path);
    std::error_code unknown;
    const auto bytes = std::filesystem::file_size(path, unknown);
    h5::watch_calls(unknown ? 0 : bytes);
    impl_->file = open_checkpoint(path, impl_->info);
    impl_->raw = RawFile(path);
    try {
        with_memory_fence(most_library_bytes(impl_->info.file_bytes),
                          [&] { scan_checkpoint(*impl_); });
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

void require_plausible(const DatasetInfo& info) {
    if (!info.unreadable.empty()) throw Error(ErrorCode::kInput, info.unreadable);
    if (info.element_count > std::uint64_t{1} << 48) {
        throw Error(ErrorCode::kInput, "impossible shape " + shape_to_string(info.shape));
    }
}

OpenDataset open_checked(const CheckpointReader::Impl& impl, const DatasetInfo& info) {
    require_plausible(info);
    OpenDataset open;
    open.dataset = h5::open_at<h5::Dataset>(impl.file.get(), impl.address_of(info.path), info.path);
    open.type = h5::dataset_type(open.dataset.get());
    open.stored = h5::classify_type(open.type.get(), open.dataset.get());
    if (!open.stored.dtype) {
        throw Error(ErrorCode::kInput,
                    "holds " + open.stored.name + ", not floating-point weights");
    }
    const h5::Space space = h5::dataset_space(open.dataset.get());
    const Shape shape = h5::space_shape(space.get());
    const auto count = element_count(shape);
    if (!count || shape != info.shape) {
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

/// Where a tensor's elements lie in the file, one after the other.
struct FilePlace {
    std::uint64_t offset = 0;
    std::size_t element_bytes = 0;
    bool foreign_order = false;
};

class FileSource : public WeightSource {
  public:
    FileSource(const RawFile& file, FilePlace place, std::string name)
        : file_(file), place_(place), name_(std::move(name)) {}

    [[nodiscard]] std::span<const std::byte> read(std::size_t begin, std::size_t count,
                                                  std::span<std::byte> scratch) const override {
        const std::uint64_t offset = place_.offset + begin * place_.element_bytes;
        const std::span<std::byte> bytes = scratch.first(count * place_.element_bytes);
        if (!place_.foreign_order && place_.offset % place_.element_bytes == 0) {
            if (const auto view = file_.view(offset, bytes.size())) return *view;
        }
        file_.read(offset, bytes, name_);
        if (place_.foreign_order) swap_byte_order(bytes, place_.element_bytes);
        return bytes;
    }

  private:
    const RawFile& file_;
    FilePlace place_;
    std::string name_;
};

/// Values in memory as they are stored, but in the byte order of this machine.
class ImageSource : public WeightSource {
  public:
    ImageSource(std::unique_ptr<std::byte[]> image, std::size_t element_bytes)
        : image_(std::move(image)), element_bytes_(element_bytes) {}

    [[nodiscard]] std::span<const std::byte> read(std::size_t begin, std::size_t count,
                                                  std::span<std::byte>) const override {
        return {image_.get() + begin * element_bytes_, count * element_bytes_};
    }

  private:
    std::unique_ptr<std::byte[]> image_;
    std::size_t element_bytes_;
};

/// Chunks that are decoded as they are read, the latest kept.
class ChunkedSource : public WeightSource {
  public:
    ChunkedSource(const CheckpointReader::Impl& impl, DatasetInfo info,
                  std::unique_ptr<const ChunkedDataset> dataset, std::uint64_t kept_bytes)
        : impl_(impl),
          info_(std::move(info)),
          dataset_(std::move(dataset)),
          cache_(dataset_->chunk_bytes(), kept_bytes,
                 [this](std::size_t number, std::span<std::byte> chunk) {
                     dataset_->read_chunk(number, chunk);
                     impl_.raw.require_whole();  // beyond its end the library reads zeros
                 }) {}

    [[nodiscard]] std::span<const std::byte> read(std::size_t begin, std::size_t count,
                                                  std::span<std::byte> scratch) const override {
        const std::size_t element_bytes = dataset_->element_bytes();
        const std::span<std::byte> bytes = scratch.first(count * element_bytes);
        const std::vector<std::size_t> numbers = touched(begin, count);
        const auto chunks = reading(impl_, info_, [&] { return cache_.get(numbers); });
        auto target = bytes.begin();
        dataset_->layout().for_each_piece(
            begin, count, [&](std::size_t number, std::size_t from, std::size_t length) {
                const auto place = std::ranges::lower_bound(numbers, number) - numbers.begin();
                const std::byte* chunk = chunks[static_cast<std::size_t>(place)]->bytes();
                target = std::copy_n(chunk + from * element_bytes, length * element_bytes, target);
            });
        return bytes;
    }

  private:
    /// Chunks that hold a part of the range, ascending.
    [[nodiscard]] std::vector<std::size_t> touched(std::size_t begin, std::size_t count) const {
        std::vector<std::size_t> numbers;
        dataset_->layout().for_each_piece(
            begin, count,
            [&](std::size_t number, std::size_t, std::size_t) { numbers.push_back(number); });
        std::ranges::sort(numbers);
        numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
        return numbers;
    }

    const CheckpointReader::Impl& impl_;
    DatasetInfo info_;
    std::unique_ptr<const ChunkedDataset> dataset_;
    mutable ChunkCache cache_;
};

}  // namespace

void CheckpointReader::require_whole(const std::string& path) const {
    try {
        impl_->raw.require_whole();
    } catch (const Error& error) {
        throw Error(error.code(), impl_->path + ": " + path + ": " + error.what());
    }
}

WeightValues CheckpointReader::read_weights(const DatasetInfo& info) const {
    return reading(*impl_, info, [&] {
        const OpenDataset open = open_checked(*impl_, info);
        WeightValues values =
            h5::read_values(open.dataset.get(), open.type.get(), open.stored, info.element_count);
        impl_->raw.require_whole();  // beyond its end the library reads zeros
        return values;
    });
}

Weights CheckpointReader::open_weights(const DatasetInfo& info,
                                       std::optional<std::uint64_t> kept_bytes) const {
    return reading(*impl_, info, [&]() -> Weights {
        const StoredWeights* const known = impl_->weights_at(info.path);
        if (known != nullptr && known->offset) {
            require_plausible(info);
            const DType storage = known->stored.dtype.value();
            const FilePlace place{*known->offset, dtype_bytes(storage),
                                  h5::foreign_order(known->stored)};
            return {std::make_shared<FileSource>(impl_->raw, place, impl_->path + ": " + info.path),
                    storage, info.element_count};
        }
        OpenDataset open = open_checked(*impl_, info);
        const DType storage = open.stored.dtype.value();
        auto chunked =
            ChunkedDataset::open(*impl_, std::move(open.dataset), open.stored, info.shape);
        if (chunked && kept_bytes) {
            return {std::make_shared<ChunkedSource>(*impl_, info, std::move(chunked), *kept_bytes),
                    storage, info.element_count};
        }
        if (chunked && chunked->decodes()) {
            auto image = std::make_shared<ImageSource>(chunked->read_all(), dtype_bytes(storage));
            impl_->raw.require_whole();
            return {std::move(image), storage, info.element_count};
        }
        return read_weights(info);
    });
}

}  // namespace pal
