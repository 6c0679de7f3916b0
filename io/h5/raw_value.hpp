// Private to io/: values of any type as they are in memory, to copy and to compare.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/h5/hdf5.hpp"

namespace pal::h5 {

/// The raw value of an attribute or dataset in its own type; frees variable-length parts.
class RawValue {
  public:
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
    void read_done() noexcept { owns_variable_length_ = variable_length_; }

  private:
    Type type_;
    Space space_;
    std::vector<unsigned char> bytes_;
    std::size_t count_ = 0;
    bool variable_length_ = false;
    bool owns_variable_length_ = false;
};
/// A scalar string of fixed or variable length; none where it is something else.
[[nodiscard]] std::optional<std::string> text_of(const RawValue& value);

/// The fill value that a dataset of `type` was given; none where it was given none.
[[nodiscard]] std::optional<RawValue> read_fill(hid_t plist, hid_t type);

/// Equal bytes; variable-length parts are followed.
[[nodiscard]] bool equal(const RawValue& a, const RawValue& b);

/// The data of a dataset in blocks of at most some 64 MiB, decoded, in its own type: whole rows, or
/// parts of a row that is larger. Two datasets of one type and shape have the same blocks.
class RowBlocks {
  public:
    /// Throws Failure where the data is in other files.
    explicit RowBlocks(hid_t dataset);
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] RawValue read(std::uint64_t block) const;
    /// Writes the block into another dataset of the same type and shape.
    void write(std::uint64_t block, const RawValue& value, hid_t dataset) const;

  private:
    struct Part {
        std::vector<hsize_t> start;
        Shape shape;
    };
    [[nodiscard]] Part part(std::uint64_t block) const;
    /// A dataset's space, the part selected.
    [[nodiscard]] static Space selected(hid_t dataset, const Part& part);

    hid_t dataset_;
    Type type_;
    Shape shape_;
    std::size_t cut_ = 0;     // a block has one step of the dimensions before, all of those behind
    std::uint64_t step_ = 0;  // steps of this one in a block
    std::uint64_t count_ = 0;
};

}  // namespace pal::h5
