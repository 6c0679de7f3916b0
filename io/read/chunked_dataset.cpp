#include "io/read/chunked_dataset.hpp"

#include <atomic>
#include <string>

#include "io/h5/byte_order.hpp"
#include "stages/parallel/parallel.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Most bytes that all threads together hold: beside the values in read_all(), beside the chunks in
/// read_chunk().
constexpr std::size_t kScratchBytes = std::size_t{64} << 20;
constexpr std::size_t kLaneBytes = std::size_t{16} << 20;

/// Most chunks to be listed. H5Dget_chunk_info walks from the first chunk to the wanted one, 20 to
/// 90 ns each: listing all of 512 costs 12 ms at most.
constexpr hsize_t kListedChunks = 512;

/// Values by which a chunk may be larger than its dataset.
constexpr std::size_t kMostChunkValues = std::size_t{1} << 20;

std::vector<hsize_t> as_offset(const Shape& first) { return {first.begin(), first.end()}; }

}  // namespace

std::unique_ptr<const ChunkedDataset> ChunkedDataset::open(const Checkpoint& reader,
                                                           h5::Dataset dataset,
                                                           const h5::StoredType& stored,
                                                           const Shape& shape) {
    const h5::Plist creation = h5::dataset_plist(dataset.get());
    const std::size_t value_count = element_count(shape).value();
    if (value_count == 0 || h5::layout_of(creation.get()) != H5D_CHUNKED) {
        return nullptr;
    }
    const Shape chunk = h5::plist_chunk(creation.get(), shape.size());
    const auto chunk_values = element_count(chunk);
    // The library reads only the part that counts of chunks much larger than the dataset.
    if (!chunk_values || *chunk_values > kMostChunkValues + value_count) return nullptr;

    std::unique_ptr<ChunkedDataset> result(new ChunkedDataset(
        std::move(dataset), reader.raw, ChunkLayout(shape, chunk), shape, chunk));
    result->element_bytes_ = dtype_bytes(stored.dtype.value());
    result->value_count_ = value_count;
    result->chunk_bytes_ = *chunk_values * result->element_bytes_;
    result->foreign_order_ = h5::foreign_order(stored);
    result->plain_edges_ =
        (h5::chunk_options(creation.get()) & H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS) != 0;
    if (auto filters = ChunkFilters::of(creation)) {
        result->filters_ = std::move(*filters);
        result->read_fill(creation);
        result->decodes_ = result->find_chunks(shape.size(), reader.info.user_block_bytes);
    }
    return result;
}

void ChunkedDataset::read_fill(const h5::Plist& creation) {
    const H5D_fill_value_t defined = h5::fill_defined(creation.get());
    const H5D_fill_time_t time = h5::fill_time(creation.get());
    // Zeros otherwise: H5Dread leaves the reader's buffer alone where nothing is to be filled in.
    if (defined != H5D_FILL_VALUE_USER_DEFINED || time == H5D_FILL_TIME_NEVER) return;
    const h5::Type type = h5::dataset_type(dataset_.get());
    fill_.resize(element_bytes_);
    h5::call("read a fill value",
             [&] { return H5Pget_fill_value(creation.get(), type.get(), fill_.data()); });
}

/// Lists the written chunks if they are few. Returns false if the library has to read the dataset.
/// H5Dread_chunk is not used for chunks without filters: 1.10.8 trusts the size in a damaged index
/// and writes past the buffer. Nor does it tell which of many chunks were never written: to it that
/// is an error like any other.
bool ChunkedDataset::find_chunks(std::size_t rank, std::uint64_t user_block_bytes) {
    const h5::Space space = h5::dataset_space(dataset_.get());
    hsize_t written = 0;
    h5::call("count chunks",
             [&] { return H5Dget_num_chunks(dataset_.get(), space.get(), &written); });
    // With a user block, the version of the library decides where addresses start.
    has_addresses_ = written <= kListedChunks && user_block_bytes == 0;
    if (!has_addresses_ && filters_.empty()) return false;
    if (written > kListedChunks) return written == layout_.count();
    listed_ = true;
    std::vector<hsize_t> offset(rank);
    for (hsize_t c = 0; c < written; ++c) {
        Stored stored;
        haddr_t address = HADDR_UNDEF;
        hsize_t bytes = 0;
        h5::call("find a chunk", [&] {
            return H5Dget_chunk_info(dataset_.get(), space.get(), c, offset.data(), &stored.mask,
                                     &address, &bytes);
        });
        const std::size_t number = layout_.number_of({offset.begin(), offset.end()});
        if (number == layout_.count() || address == HADDR_UNDEF) continue;
        stored.offset = address;
        stored.bytes = bytes;
        stored.written = true;
        chunks_[number] = stored;
    }
    return true;
}

ChunkedDataset::Stored ChunkedDataset::find(std::size_t number, const Shape& first) const {
    if (listed_) {
        const auto found = chunks_.find(number);
        return found == chunks_.end() ? Stored{} : found->second;
    }
    hsize_t bytes = 0;
    const std::vector<hsize_t> offset = as_offset(first);
    h5::call("find a chunk",
             [&] { return H5Dget_chunk_storage_size(dataset_.get(), offset.data(), &bytes); });
    return {0, bytes, 0, bytes > 0};
}

void ChunkedDataset::read_stored(Stored& stored, const Shape& first,
                                 std::span<std::byte> bytes) const {
    if (has_addresses_) return file_.read(stored.offset, bytes, "its data");
    const std::vector<hsize_t> offset = as_offset(first);
    h5::call("read the data", [&] {
        return H5Dread_chunk(dataset_.get(), H5P_DEFAULT, offset.data(), &stored.mask,
                             bytes.data());
    });
}

void ChunkedDataset::fill(std::span<std::byte> values) const {
    if (fill_.empty()) {
        std::fill(values.begin(), values.end(), std::byte{0});
        return;
    }
    for (std::size_t at = 0; at < values.size(); at += element_bytes_) {
        std::copy(fill_.begin(), fill_.end(), values.begin() + static_cast<std::ptrdiff_t>(at));
    }
}

void ChunkedDataset::undo_filters(std::size_t number, const Shape& first, Lane& lane,
                                  std::span<std::byte> chunk) const {
    Stored stored = find(number, first);
    if (!stored.written) return fill(chunk);
    if (stored.bytes == 0 || stored.bytes > filters_.most_stored_bytes(chunk.size())) {
        throw Error(ErrorCode::kInput, "is said to take " + std::to_string(stored.bytes) +
                                           " bytes of the file for " +
                                           std::to_string(chunk.size()) + " bytes of values");
    }
    const bool plain = plain_edges_ && layout_.sticks_out(first);
    if ((filters_.empty() || plain) && stored.bytes == chunk.size()) {
        return read_stored(stored, first, chunk);
    }
    const std::span<std::byte> bytes = lane.stored.first(stored.bytes);
    read_stored(stored, first, bytes);
    constexpr std::uint32_t kAll = 0xFFFFFFFFU;
    lane.decoder.decode(bytes, plain ? kAll : stored.mask, chunk);
}

void ChunkedDataset::decode(std::size_t number, const Shape& first, Lane& lane,
                            std::span<std::byte> chunk) const {
    undo_filters(number, first, lane, chunk);
    if (foreign_order_) swap_byte_order(chunk, element_bytes_);
}

void ChunkedDataset::read_by_library(const Shape& first, std::span<std::byte> chunk) const {
    const std::vector<hsize_t> start = as_offset(first);
    const std::vector<hsize_t> origin(first.size(), 0);
    std::vector<hsize_t> count(first.size());
    for (std::size_t d = 0; d < first.size(); ++d) {
        count[d] = std::min(chunk_shape_[d], shape_[d] - first[d]);
    }
    const h5::Type type = h5::dataset_type(dataset_.get());
    const h5::Space in_file = h5::dataset_space(dataset_.get());
    const h5::Space in_memory = h5::create_space(chunk_shape_);
    const auto select = [&](const h5::Space& space, const std::vector<hsize_t>& from) {
        h5::call("select a chunk", [&] {
            return H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, from.data(), nullptr,
                                       count.data(), nullptr);
        });
    };
    select(in_file, start);
    select(in_memory, origin);
    h5::call("read the data", [&] {
        return H5Dread(dataset_.get(), type.get(), in_memory.get(), in_file.get(), H5P_DEFAULT,
                       chunk.data());
    });
    if (foreign_order_) swap_byte_order(chunk, element_bytes_);
}

void ChunkedDataset::read_chunk(std::size_t number, std::span<std::byte> chunk) const {
    const Shape first = layout_.first(number);
    try {
        if (!decodes_) return read_by_library(first, chunk);
        std::unique_ptr<Lane> lane = take_lane();
        try {
            decode(number, first, *lane, chunk);
        } catch (...) {
            give_back(std::move(lane));
            throw;
        }
        give_back(std::move(lane));
    } catch (const Error& error) {
        throw error.in("chunk at " + shape_to_string(first));
    }
}

std::unique_ptr<ChunkedDataset::Lane> ChunkedDataset::take_lane() const {
    std::unique_lock<std::mutex> guard(lock_);
    lane_is_free_.wait(guard, [&] { return lanes_in_use_ < lane_count(kLaneBytes); });
    if (free_lanes_.empty()) {
        // Others wait for lanes that are counted: count none that could not be made, and leave room
        // for giving it back.
        auto lane = std::make_unique<Lane>(filters_);
        free_lanes_.reserve(lanes_in_use_ + 1);
        ++lanes_in_use_;
        return lane;
    }
    ++lanes_in_use_;
    std::unique_ptr<Lane> lane = std::move(free_lanes_.back());
    free_lanes_.pop_back();
    return lane;
}

void ChunkedDataset::give_back(std::unique_ptr<Lane> lane) const {
    const std::lock_guard<std::mutex> guard(lock_);
    --lanes_in_use_;
    free_lanes_.push_back(std::move(lane));
    lane_is_free_.notify_one();
}

void ChunkedDataset::place(std::size_t number, Lane& lane, std::span<std::byte> values) const {
    const Shape first = layout_.first(number);
    try {
        std::size_t runs = 0;
        std::span<std::byte> together;
        layout_.for_each_run(first, [&](std::size_t at, std::size_t, std::size_t length) {
            ++runs;
            together = values.subspan(at * element_bytes_, length * element_bytes_);
        });
        const bool direct = runs == 1 && together.size() == chunk_bytes_;
        const std::span<std::byte> chunk = direct ? together : lane.chunk.first(chunk_bytes_);
        decode(number, first, lane, chunk);
        if (direct) return;
        layout_.for_each_run(first, [&](std::size_t at, std::size_t from, std::size_t length) {
            const auto run = chunk.subspan(from * element_bytes_, length * element_bytes_);
            std::copy(run.begin(), run.end(),
                      values.begin() + static_cast<std::ptrdiff_t>(at * element_bytes_));
        });
    } catch (const Error& error) {
        throw error.in("chunk at " + shape_to_string(first));
    }
}

std::size_t ChunkedDataset::lane_count(std::size_t scratch_bytes) const noexcept {
    return std::clamp<std::size_t>(scratch_bytes / (3 * chunk_bytes_ + 1), 1, layout_.count());
}

std::unique_ptr<std::byte[]> ChunkedDataset::read_all() const {
    auto image = std::make_unique_for_overwrite<std::byte[]>(value_count_ * element_bytes_);
    const std::span values(image.get(), value_count_ * element_bytes_);
    std::atomic<std::size_t> next = 0;
    for_each_task(lane_count(kScratchBytes), [&](std::size_t) {
        std::size_t number = next++;
        if (number >= layout_.count()) return;
        Lane lane(filters_);
        for (; number < layout_.count(); number = next++) place(number, lane, values);
    });
    return image;
}

}  // namespace pal
