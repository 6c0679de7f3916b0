// Values of any type as bytes in memory, for copying and comparing. All functions throw Failure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/h5/hdf5.hpp"
#include "io/h5/heap_bytes.hpp"

namespace pal::h5 {

/// Value of an attribute or dataset in its own type. Owns and frees variable-length parts.
class RawValue {
  public:
    /// Allocates zeroed bytes for the value; the caller reads into them.
    RawValue(Type type, Space space);
    RawValue(RawValue&&) = default;
    RawValue(const RawValue&) = delete;
    RawValue& operator=(const RawValue&) = delete;
    RawValue& operator=(RawValue&&) = delete;
    ~RawValue();
    [[nodiscard]] hid_t type() const noexcept { return type_.get(); }
    [[nodiscard]] hid_t space() const noexcept { return space_.get(); }
    [[nodiscard]] std::vector<unsigned char>& bytes() noexcept { return bytes_; }
    [[nodiscard]] const std::vector<unsigned char>& bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    /// Call it once the library has filled bytes(): variable-length parts are owned from then on.
    void read_done() noexcept { owns_variable_length_ = variable_length_; }

  private:
    Type type_;
    Space space_;
    std::vector<unsigned char> bytes_;
    std::size_t count_ = 0;
    bool variable_length_ = false;
    bool owns_variable_length_ = false;
};
/// Returns a scalar string of fixed or variable length; none if the value is something else.
[[nodiscard]] std::optional<std::string> text_of(const RawValue& value);

/// Returns the fill value that a dataset of `type` was given; none if it was given none.
[[nodiscard]] std::optional<RawValue> read_fill(hid_t plist, hid_t type);

/// Returns what the variable-length parts of a value take in a file.
[[nodiscard]] HeapBytes heap_bytes(const RawValue& value);
/// The same for all values of a dataset, from a few thousand of its rows.
[[nodiscard]] HeapBytes heap_bytes(hid_t dataset);

/// Compares bytes; follows variable-length parts.
[[nodiscard]] bool equal(const RawValue& a, const RawValue& b);

/// Reads and writes the data of a dataset in blocks, decoded, in its own type. A block has at most
/// some 64 MiB: whole rows, or a part of a larger row. The chunks of one dataset set the size of
/// the blocks; other datasets of its type and shape are read and written in the same ones.
class RowBlocks {
  public:
    /// Throws Failure if the data is in other files.
    explicit RowBlocks(hid_t dataset);
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    /// dataset: this one, or another of the same type and shape.
    [[nodiscard]] RawValue read(std::uint64_t block, hid_t dataset) const;
    void write(std::uint64_t block, const RawValue& value, hid_t dataset) const;

  private:
    struct Part {
        std::vector<hsize_t> start;
        Shape shape;
    };
    [[nodiscard]] Part part(std::uint64_t block) const;
    /// Returns the dataset's space with the part selected.
    [[nodiscard]] static Space selected(hid_t dataset, const Part& part);

    Type type_;
    Shape shape_;
    std::size_t cut_ = 0;     // dimension that blocks cut; one step of those before, all behind
    std::uint64_t step_ = 0;  // steps of a block along cut_
    std::uint64_t count_ = 0;
};

}  // namespace pal::h5
