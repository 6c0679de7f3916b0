#include "io/h5/raw_value.hpp"

#include <algorithm>
#include <cstring>

#include "io/h5/datatypes.hpp"
#include "io/h5/foreign_storage.hpp"

namespace pal::h5 {

namespace {

constexpr std::uint64_t kBlockBytes = std::uint64_t{64} << 20;

/// Most chunks in a block: the library keeps some KB for each chunk that a block touches.
constexpr std::uint64_t kBlockChunks = 16384;

std::uint64_t most_block_bytes(hid_t dataset, std::size_t rank, std::uint64_t element_bytes) {
    const Plist plist = dataset_plist(dataset);
    if (layout_of(plist.get()) != H5D_CHUNKED) return kBlockBytes;
    const auto chunk_values = element_count(plist_chunk(plist.get(), rank));
    if (!chunk_values || *chunk_values > kBlockBytes) return kBlockBytes;
    return std::min(kBlockBytes, kBlockChunks * *chunk_values * element_bytes);
}

/// Compares values in the memory form of `type`; follows variable-length parts.
bool equal_value(hid_t type, const unsigned char* a, const unsigned char* b) {
    const H5T_class_t kind = type_class(type);
    const std::size_t bytes = type_bytes(type);
    if (!holds_variable_length(type)) return std::memcmp(a, b, bytes) == 0;
    if (kind == H5T_STRING) {
        const char* s = nullptr;
        const char* t = nullptr;
        std::memcpy(&s, a, sizeof s);
        std::memcpy(&t, b, sizeof t);
        return s == nullptr || t == nullptr ? s == t : std::strcmp(s, t) == 0;
    }
    if (kind == H5T_COMPOUND) {
        return !any_member(type, [&](hid_t member, std::size_t offset) {
            return !equal_value(member, a + offset, b + offset);
        });
    }
    const Type base = base_type(type);
    const std::size_t step = type_bytes(base.get());
    std::size_t count = bytes / step;
    if (kind == H5T_VLEN) {
        hvl_t s{};
        hvl_t t{};
        std::memcpy(&s, a, sizeof s);
        std::memcpy(&t, b, sizeof t);
        if (s.len != t.len) return false;
        count = s.len;
        a = static_cast<const unsigned char*>(s.p);
        b = static_cast<const unsigned char*>(t.p);
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (!equal_value(base.get(), a + i * step, b + i * step)) return false;
    }
    return true;
}

/// Adds up the variable-length parts of a value in the memory form of `type`.
void add_heap_bytes(hid_t type, const unsigned char* value, HeapBytes& sum) {
    if (!holds_variable_length(type)) return;
    const H5T_class_t kind = type_class(type);
    if (kind == H5T_STRING) {
        const char* text = nullptr;
        std::memcpy(&text, value, sizeof text);
        if (text != nullptr) sum.add(std::strlen(text));
        return;
    }
    if (kind == H5T_VLEN) {
        hvl_t sequence{};
        std::memcpy(&sequence, value, sizeof sequence);
        sum.add(sequence.len * type_bytes(base_type(type).get()));
    }
    for_each_inside(type, value,
                    [&](hid_t inner, const unsigned char* at) { add_heap_bytes(inner, at, sum); });
}

}  // namespace

HeapBytes heap_bytes(const RawValue& value) {
    HeapBytes sum;
    if (value.bytes().empty() || !holds_variable_length(value.type())) return sum;
    const std::size_t step = value.bytes().size() / value.count();
    for (std::size_t i = 0; i < value.count(); ++i)
        add_heap_bytes(value.type(), value.bytes().data() + i * step, sum);
    return sum;
}

HeapBytes heap_bytes(hid_t dataset) {
    constexpr std::uint64_t kEnough = 4096;
    const Space place = dataset_space(dataset);
    Shape shape = space_shape(place.get());
    const std::uint64_t count = element_count(shape).value_or(0);
    HeapBytes all;
    if (count == 0) return all;
    if (!shape.empty()) {
        const std::uint64_t rows =
            std::min(shape[0], std::max<std::uint64_t>(1, kEnough / (count / shape[0])));
        const std::vector<hsize_t> start(shape.size());
        std::vector<hsize_t> stride(shape.size(), 1);
        stride[0] = shape[0] / rows;
        shape[0] = rows;
        const std::vector<hsize_t> size(shape.begin(), shape.end());
        call("select rows", [&] {
            return H5Sselect_hyperslab(place.get(), H5S_SELECT_SET, start.data(), stride.data(),
                                       size.data(), nullptr);
        });
    }
    const Type type = dataset_type(dataset);
    RawValue value(copy_type(type.get()), create_space(shape));
    call("read the data", [&] {
        return H5Dread(dataset, value.type(), value.space(), place.get(), H5P_DEFAULT,
                       value.bytes().data());
    });
    value.read_done();
    all.add_row(heap_bytes(value), static_cast<double>(count) / static_cast<double>(value.count()));
    return all;
}

std::optional<std::string> text_of(const RawValue& value) {
    if (value.count() != 1) return std::nullopt;
    if (type_class(value.type()) != H5T_STRING) return std::nullopt;
    const auto& bytes = value.bytes();
    if (is_variable_string(value.type())) {
        const char* text = nullptr;
        std::memcpy(&text, bytes.data(), sizeof text);
        return text == nullptr ? std::string() : std::string(text);
    }
    const auto end = std::find(bytes.begin(), bytes.end(), '\0');
    return std::string(bytes.begin(), end);
}

std::optional<RawValue> read_fill(hid_t plist, hid_t type) {
    if (fill_defined(plist) != H5D_FILL_VALUE_USER_DEFINED) return std::nullopt;
    RawValue value(copy_type(type), create_space({}));
    call("read a fill value",
         [&] { return H5Pget_fill_value(plist, value.type(), value.bytes().data()); });
    value.read_done();
    return value;
}

bool equal(const RawValue& a, const RawValue& b) {
    if (a.bytes().size() != b.bytes().size() || a.count() != b.count()) return false;
    if (a.bytes().empty()) return true;
    if (!holds_variable_length(a.type())) return a.bytes() == b.bytes();
    const std::size_t step = a.bytes().size() / a.count();
    for (std::size_t i = 0; i < a.count(); ++i) {
        if (!equal_value(a.type(), a.bytes().data() + i * step, b.bytes().data() + i * step))
            return false;
    }
    return true;
}

RawValue::RawValue(Type type, Space space) : type_(std::move(type)), space_(std::move(space)) {
    const auto points =
        call("read a dataspace", [&] { return H5Sget_simple_extent_npoints(space_.get()); });
    const std::size_t bytes = type_bytes(type_.get());
    std::size_t total = 0;
    if (__builtin_mul_overflow(static_cast<std::size_t>(points), bytes, &total) ||
        total > (std::size_t{1} << 48)) {
        throw Failure("a value of " + std::to_string(points) + " elements is too large");
    }
    count_ = static_cast<std::size_t>(points);
    bytes_.resize(total);
    variable_length_ = holds_variable_length(type_.get());
}

RawValue::~RawValue() {
    if (!owns_variable_length_ || bytes_.empty()) return;
    succeeds(
        [&] { return H5Dvlen_reclaim(type_.get(), space_.get(), H5P_DEFAULT, bytes_.data()); });
}

RowBlocks::RowBlocks(hid_t dataset) {
    const Type stored = dataset_type(dataset);
    type_ = copy_type(stored.get());
    const Plist plist = dataset_plist(dataset);
    if (!foreign_storage(plist.get()).empty()) throw Failure("the data is in other files");
    const Space space = dataset_space(dataset);
    const auto points =
        call("read a shape", [&] { return H5Sget_simple_extent_npoints(space.get()); });
    if (points == 0) return;
    shape_ = space_shape(space.get());
    count_ = step_ = 1;
    if (shape_.empty()) return;
    // Bytes of one step along the dimension that is cut.
    std::uint64_t bytes = type_bytes(type_.get());
    const std::uint64_t most = most_block_bytes(dataset, shape_.size(), bytes);
    cut_ = shape_.size() - 1;
    while (cut_ > 0 && shape_[cut_] <= most / std::max<std::uint64_t>(1, bytes)) {
        bytes *= shape_[cut_--];
    }
    step_ = std::clamp<std::uint64_t>(most / std::max<std::uint64_t>(1, bytes), 1, shape_[cut_]);
    count_ = (shape_[cut_] + step_ - 1) / step_;
    for (std::size_t d = 0; d < cut_; ++d) count_ *= shape_[d];
}

RowBlocks::Part RowBlocks::part(std::uint64_t block) const {
    Part part{std::vector<hsize_t>(shape_.size(), 0), shape_};
    if (shape_.empty()) return part;
    const std::uint64_t steps = (shape_[cut_] + step_ - 1) / step_;
    part.start[cut_] = block % steps * step_;
    part.shape[cut_] = std::min<std::uint64_t>(step_, shape_[cut_] - part.start[cut_]);
    std::uint64_t number = block / steps;
    for (std::size_t d = cut_; d-- > 0; number /= shape_[d]) {
        part.start[d] = number % shape_[d];
        part.shape[d] = 1;
    }
    return part;
}

Space RowBlocks::selected(hid_t dataset, const Part& part) {
    Space space = dataset_space(dataset);
    if (part.shape.empty()) return space;
    const std::vector<hsize_t> count(part.shape.begin(), part.shape.end());
    call("select rows", [&] {
        return H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, part.start.data(), nullptr,
                                   count.data(), nullptr);
    });
    return space;
}

RawValue RowBlocks::read(std::uint64_t block, hid_t dataset) const {
    const Part own = part(block);
    RawValue value(copy_type(type_.get()), create_space(own.shape));
    const Space file_space = selected(dataset, own);
    call("read the data", [&] {
        return H5Dread(dataset, value.type(), value.space(), file_space.get(), H5P_DEFAULT,
                       value.bytes().data());
    });
    value.read_done();
    return value;
}

void RowBlocks::write(std::uint64_t block, const RawValue& value, hid_t dataset) const {
    const Space file_space = selected(dataset, part(block));
    call("write the data", [&] {
        return H5Dwrite(dataset, value.type(), value.space(), file_space.get(), H5P_DEFAULT,
                        value.bytes().data());
    });
}

}  // namespace pal::h5
