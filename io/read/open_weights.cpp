#include "io/read/open_weights.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "io/filters/chunk_cache.hpp"
#include "io/guard/limits.hpp"
#include "io/h5/byte_order.hpp"
#include "io/h5/datatypes.hpp"
#include "io/read/chunked_dataset.hpp"

namespace pal {

namespace {

/// An open dataset of weights; its type and shape have been checked.
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

OpenDataset open_checked(const Checkpoint& checkpoint, const DatasetInfo& info) {
    require_plausible(info);
    OpenDataset open;
    open.dataset = h5::open_at<h5::Dataset>(checkpoint.file.get(), checkpoint.address_of(info.path),
                                            info.path);
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

/// Returns read(); errors name the file and the dataset.
template <class Read>
auto reading(const Checkpoint& checkpoint, const DatasetInfo& info, const Read& read) {
    try {
        return read();
    } catch (const std::bad_alloc&) {
        throw Error(ErrorCode::kLimit, checkpoint.path + ": " + info.path +
                                           ": not enough memory for " + std::to_string(info.bytes) +
                                           " bytes of shape " + shape_to_string(info.shape) +
                                           limit_advice(ENOMEM));
    } catch (const Error& error) {
        throw Error(error.code(), checkpoint.path + ": " + info.path + ": " + error.what());
    }
}

/// Place of a tensor's elements in the file, one after the other.
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

/// Stored values in memory, in the byte order of this machine.
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

/// Chunks decoded on demand; those used last are kept.
class ChunkedSource : public WeightSource {
  public:
    ChunkedSource(const Checkpoint& checkpoint, DatasetInfo info,
                  std::unique_ptr<const ChunkedDataset> dataset, std::uint64_t kept_bytes)
        : checkpoint_(checkpoint),
          info_(std::move(info)),
          dataset_(std::move(dataset)),
          cache_(dataset_->chunk_bytes(), kept_bytes,
                 [this](std::size_t number, std::span<std::byte> chunk) {
                     dataset_->read_chunk(number, chunk);
                     checkpoint_.raw.require_whole();  // beyond its end the library reads zeros
                 }) {}

    [[nodiscard]] std::span<const std::byte> read(std::size_t begin, std::size_t count,
                                                  std::span<std::byte> scratch) const override {
        const std::size_t element_bytes = dataset_->element_bytes();
        const std::span<std::byte> bytes = scratch.first(count * element_bytes);
        const std::vector<std::size_t> numbers = touched(begin, count);
        const auto chunks = reading(checkpoint_, info_, [&] { return cache_.get(numbers); });
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
    /// Numbers of the chunks that hold a part of the range, ascending.
    [[nodiscard]] std::vector<std::size_t> touched(std::size_t begin, std::size_t count) const {
        std::vector<std::size_t> numbers;
        dataset_->layout().for_each_piece(
            begin, count,
            [&](std::size_t number, std::size_t, std::size_t) { numbers.push_back(number); });
        std::ranges::sort(numbers);
        numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
        return numbers;
    }

    const Checkpoint& checkpoint_;
    DatasetInfo info_;
    std::unique_ptr<const ChunkedDataset> dataset_;
    mutable ChunkCache cache_;
};

}  // namespace

WeightValues read_weights(const Checkpoint& checkpoint, const DatasetInfo& dataset) {
    return reading(checkpoint, dataset, [&] {
        const OpenDataset open = open_checked(checkpoint, dataset);
        WeightValues values = h5::read_values(open.dataset.get(), open.type.get(), open.stored,
                                              dataset.element_count);
        checkpoint.raw.require_whole();  // beyond its end the library reads zeros
        return values;
    });
}

Weights open_weights(const Checkpoint& checkpoint, const DatasetInfo& dataset,
                     std::optional<std::uint64_t> kept_bytes) {
    const std::size_t count = dataset.element_count;
    return reading(checkpoint, dataset, [&]() -> Weights {
        const StoredWeights* const known = checkpoint.weights_at(dataset.path);
        if (known != nullptr && known->offset) {
            require_plausible(dataset);
            const DType storage = known->stored.dtype.value();
            const FilePlace place{*known->offset, dtype_bytes(storage),
                                  h5::foreign_order(known->stored)};
            return {std::make_shared<FileSource>(checkpoint.raw, place,
                                                 checkpoint.path + ": " + dataset.path),
                    storage, count};
        }
        OpenDataset open = open_checked(checkpoint, dataset);
        const DType storage = open.stored.dtype.value();
        auto chunked =
            ChunkedDataset::open(checkpoint, std::move(open.dataset), open.stored, dataset.shape);
        if (chunked && kept_bytes) {
            return {std::make_shared<ChunkedSource>(checkpoint, dataset, std::move(chunked),
                                                    *kept_bytes),
                    storage, count};
        }
        if (chunked && chunked->decodes()) {
            auto image = std::make_shared<ImageSource>(chunked->read_all(), dtype_bytes(storage));
            checkpoint.raw.require_whole();
            return {std::move(image), storage, count};
        }
        return read_weights(checkpoint, dataset);
    });
}

}  // namespace pal
