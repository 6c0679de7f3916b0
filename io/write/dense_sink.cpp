#include "io/write/dense_sink.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <mutex>
#include <type_traits>

#include "io/guard/limits.hpp"
#include "io/h5/byte_order.hpp"
#include "io/h5/chunk_layout.hpp"
#include "io/h5/datatypes.hpp"
#include "io/write/writer_impl.hpp"

namespace pal {

namespace {

/// Returns the bits of a half. The float is finite, and a half can hold it exactly.
std::uint16_t exact_half(float value) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
    constexpr std::uint32_t kSmallestNormal = 113U << 23U;  // 2^-14
    if (magnitude < kSmallestNormal) return float_to_half(value);
    return static_cast<std::uint16_t>((bits >> 16U & 0x8000U) |
                                      ((magnitude - (112U << 23U)) >> 13U));
}

/// Writes values as the bytes of a stored type.
template <class Real>
void encode(std::span<const Real> values, DType dtype, bool swap, std::span<std::byte> target) {
    if (dtype_bytes(dtype) == sizeof(Real)) {
        std::memcpy(target.data(), values.data(), values.size_bytes());
    } else {
        PAL_ASSERT((std::is_same_v<Real, float>));
        const bool half = dtype == DType::kF16;
        for (std::size_t v = 0; v < values.size(); ++v) {
            const auto value = static_cast<float>(values[v]);
            const std::uint16_t word =
                half ? exact_half(value)
                     : static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16U);
            std::memcpy(target.data() + sizeof word * v, &word, sizeof word);
        }
    }
    if (swap) swap_byte_order(target, dtype_bytes(dtype));
}

/// A dataset to fill.
struct Target {
    CheckpointWriter::Impl& writer;
    std::string path;
    DType dtype;
    bool swap;  // the stored byte order is not that of this machine
    Shape shape;
    std::size_t count;  // of weights
};

/// Turns values of either type into stored bytes. Base of the sinks.
class DenseSink : public WeightSink {
  public:
    explicit DenseSink(Target target) : target_(std::move(target)) {}

    void write(std::size_t first, std::span<const float> values) final { put_in(first, values); }
    void write(std::size_t first, std::span<const double> values) final { put_in(first, values); }

  protected:
    /// Writes stored bytes, from weight `first` on.
    virtual void write_bytes(std::size_t first, std::span<const std::byte> bytes) = 0;
    [[nodiscard]] const Target& target() const noexcept { return target_; }

  private:
    template <class Real>
    void put_in(std::size_t first, std::span<const Real> values) {
        if (dtype_bytes(target_.dtype) == sizeof(Real) && !target_.swap) {
            return write_bytes(first, std::as_bytes(values));
        }
        Scratch<std::byte> scratch;
        const std::span<std::byte> bytes =
            scratch.first(values.size() * dtype_bytes(target_.dtype));
        encode(values, target_.dtype, target_.swap, bytes);
        write_bytes(first, bytes);
    }

    Target target_;
};

/// Fills a contiguous dataset: each block goes to its place in the file.
class FileSink : public DenseSink {
  public:
    FileSink(Target target, std::uint64_t offset) : DenseSink(std::move(target)), offset_(offset) {}

    [[nodiscard]] std::size_t portion(std::size_t) const override { return target().count; }
    void begin(std::size_t) override {}
    void end() override {}

  protected:
    void write_bytes(std::size_t first, std::span<const std::byte> bytes) override {
        const int error =
            target().writer.raw.write(offset_ + first * dtype_bytes(target().dtype), bytes);
        if (error == 0) return target().writer.partial.wrote(bytes.size());
        const std::lock_guard<std::mutex> lock(failing_);
        target().writer.fail(system_error(
            ErrorCode::kOutput,
            target().writer.target + " (" + target().path + "): cannot write the data", error));
    }

  private:
    std::uint64_t offset_;
    std::mutex failing_;
};

/// Fills a dataset through the library, some rows of the leading dimension at a time.
class LibrarySink : public DenseSink {
  public:
    /// rows: number of rows that are written together, as a chunk is compressed only once; 0: all.
    LibrarySink(Target target, h5::Dataset dataset, h5::Type type, std::size_t rows)
        : DenseSink(std::move(target)),
          dataset_(std::move(dataset)),
          type_(std::move(type)),
          row_weights_(this->target().count / std::max<std::size_t>(1, this->target().shape[0])),
          rows_(rows) {}

    [[nodiscard]] std::size_t portion(std::size_t unit) const override {
        const std::size_t count = target().count;
        if (rows_ == 0 || rows_ >= target().shape[0]) return count;
        const std::size_t together = rows_ * row_weights_;
        std::size_t least = together;
        while (least < count && least % unit != 0) least += together;
        const std::size_t wanted = kPortionBytes / width();
        return std::min(count, least * std::max<std::size_t>(1, wanted / least));
    }

    void begin(std::size_t count) override { buffer_.resize(count * width()); }

    void end() override {
        target().writer.guarded(" (" + target().path + ")", [&] { write_buffer(); });
        first_ += buffer_.size() / width();
    }

  protected:
    void write_bytes(std::size_t first, std::span<const std::byte> bytes) override {
        std::copy(bytes.begin(), bytes.end(),
                  buffer_.begin() + static_cast<std::ptrdiff_t>((first - first_) * width()));
    }

    [[nodiscard]] hid_t dataset() const noexcept { return dataset_.get(); }
    [[nodiscard]] std::size_t width() const noexcept { return dtype_bytes(target().dtype); }
    /// First weight of the current portion, and its stored bytes.
    [[nodiscard]] std::size_t first() const noexcept { return first_; }
    [[nodiscard]] const std::vector<std::byte>& buffer() const noexcept { return buffer_; }

  private:
    static constexpr std::size_t kPortionBytes = std::size_t{16} << 20;

    virtual void write_buffer() {
        const std::size_t rows = buffer_.size() / width() / row_weights_;
        const std::size_t rank = target().shape.size();
        std::vector<hsize_t> start(rank, 0);
        std::vector<hsize_t> size(target().shape.begin(), target().shape.end());
        start[0] = first_ / row_weights_;
        size[0] = rows;
        const h5::Space place = h5::create_space(target().shape);
        const h5::Space memory = h5::create_space({rows * row_weights_});
        h5::call("select rows", [&] {
            return H5Sselect_hyperslab(place.get(), H5S_SELECT_SET, start.data(), nullptr,
                                       size.data(), nullptr);
        });
        h5::call("write the data", [&] {
            return H5Dwrite(dataset_.get(), type_.get(), memory.get(), place.get(), H5P_DEFAULT,
                            buffer_.data());
        });
    }

    h5::Dataset dataset_;
    h5::Type type_;
    std::size_t row_weights_;
    std::size_t rows_;
    std::size_t first_ = 0;  // weight that the current portion begins with
    std::vector<std::byte> buffer_;
};

/// Fills a chunked dataset without its filters, where one of these may round the entries of the
/// LUT.
class UnfilteredSink : public LibrarySink {
  public:
    UnfilteredSink(Target target, h5::Dataset dataset, h5::Type type, const Shape& chunk)
        : LibrarySink(std::move(target), std::move(dataset), std::move(type), chunk[0]),
          layout_(this->target().shape, chunk),
          chunk_bytes_(element_count(chunk).value() * width()) {}

  private:
    /// Writes the portion as whole chunks. At the edges zeros fill them.
    void write_buffer() override {
        std::map<std::size_t, std::vector<std::byte>> chunks;
        auto source = buffer().begin();
        layout_.for_each_piece(first(), buffer().size() / width(),
                               [&](std::size_t number, std::size_t at, std::size_t length) {
                                   auto& chunk = chunks[number];
                                   chunk.resize(chunk_bytes_);
                                   const auto end =
                                       source + static_cast<std::ptrdiff_t>(length * width());
                                   std::copy(source, end, chunk.data() + at * width());
                                   source = end;
                               });
        constexpr std::uint32_t kNoFilter = ~std::uint32_t{0};
        for (const auto& [number, chunk] : chunks) {
            const Shape place = layout_.first(number);
            const std::vector<hsize_t> offset(place.begin(), place.end());
            h5::call("write a chunk", [&, &bytes = chunk] {
                return H5Dwrite_chunk(dataset(), H5P_DEFAULT, kNoFilter, offset.data(),
                                      bytes.size(), bytes.data());
            });
        }
    }

    ChunkLayout layout_;
    std::size_t chunk_bytes_;
};

bool may_round(hid_t plist) {
    return !std::ranges::all_of(h5::filters_of(plist), h5::keeps_every_bit, &h5::Filter::id);
}

/// Makes the library allocate a contiguous dataset, by writing its first value. Returns the offset
/// of the dataset in the file.
std::uint64_t allocated(hid_t dataset, hid_t type, const Shape& shape) {
    const std::vector<hsize_t> first(shape.size());
    const h5::Space place = h5::create_space(shape);
    const h5::Space memory = h5::create_space({1});
    const std::uint64_t zero = 0;
    h5::call("select a value",
             [&] { return H5Sselect_elements(place.get(), H5S_SELECT_SET, 1, first.data()); });
    h5::call("write the data", [&] {
        return H5Dwrite(dataset, type, memory.get(), place.get(), H5P_DEFAULT, &zero);
    });
    const std::optional<std::uint64_t> offset = h5::file_offset(dataset);
    if (!offset) throw h5::Failure("cannot find the data", true);
    return *offset;
}

}  // namespace

std::unique_ptr<WeightSink> make_dense_sink(CheckpointWriter::Impl& writer, const std::string& path,
                                            DType dtype, std::size_t count) {
    auto dataset = writer.open_stand_in<h5::Dataset>(path);
    h5::Type type = h5::dataset_type(dataset.get());
    const h5::StoredType stored = h5::classify_type(type.get(), dataset.get());
    const h5::Space space = h5::dataset_space(dataset.get());
    const Shape shape = h5::space_shape(space.get());
    if (stored.dtype != dtype || element_count(shape) != count || shape.empty()) {
        throw Error(ErrorCode::kInput, writer.source.path + ": " + path +
                                           ": the remembered datatype or shape is not the "
                                           "tensor's; the file is damaged");
    }
    Target target{writer, path, dtype, h5::foreign_order(stored), shape, count};
    const h5::Plist plist = h5::dataset_plist(dataset.get());
    const H5D_layout_t layout =
        h5::call("read a layout", [&] { return H5Pget_layout(plist.get()); });
    // The library is as fast with data that fits its buffer.
    constexpr std::size_t kSmallBytes = std::size_t{64} << 10;
    if (layout == H5D_CONTIGUOUS && count * dtype_bytes(dtype) > kSmallBytes) {
        const std::uint64_t offset = allocated(dataset.get(), type.get(), shape);
        // An open dataset keeps a buffer, which the library may write later, over the weights.
        dataset.close_checked("close a dataset");
        if (!writer.raw.is_open()) writer.raw = RawOutput(writer.partial.path());
        return std::make_unique<FileSink>(std::move(target), offset);
    }
    const Shape chunk =
        layout == H5D_CHUNKED ? h5::plist_chunk(plist.get(), shape.size()) : Shape{0};
    if (may_round(plist.get())) {
        return std::make_unique<UnfilteredSink>(std::move(target), std::move(dataset),
                                                std::move(type), chunk);
    }
    return std::make_unique<LibrarySink>(std::move(target), std::move(dataset), std::move(type),
                                         chunk.front());
}

}  // namespace pal
