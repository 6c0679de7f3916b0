#include "io/compare/compare_datasets.hpp"

#include <utility>

#include "io/compare/compare_chunks.hpp"
#include "io/compare/compare_values.hpp"
#include "io/h5/datatypes.hpp"
#include "io/h5/foreign_storage.hpp"
#include "io/h5/raw_value.hpp"
#include "io/h5/storage.hpp"

namespace pal {

namespace {

/// Header of a dataset. Shape: as its own file has it.
struct DatasetHeader {
    explicit DatasetHeader(hid_t dataset)
        : stored(h5::dataset_type(dataset)),
          type(h5::copy_type(stored.get())),
          plist(h5::dataset_plist(dataset)),
          space(h5::own_space(dataset, plist.get())) {}
    h5::Type stored;
    h5::Type type;
    h5::Plist plist;
    h5::Space space;
};

/// Compares fill values that describe_storage() does not hold: references and variable lengths.
void compare_fills(Comparison& comparison, const DatasetHeader& a, const DatasetHeader& b,
                   const std::string& path) {
    const hid_t type = a.type.get();
    if (!h5::holds_references(type) && !h5::holds_variable_length(type)) return;
    auto left = h5::read_fill(a.plist.get(), type);
    auto right = h5::read_fill(b.plist.get(), type);
    if (left && right) {
        compare_values(comparison, std::move(*left), std::move(*right), path, "another fill value");
    }
}

/// Reads a block; errors name the file and the dataset.
h5::RawValue read_block(const h5::RowBlocks& blocks, std::uint64_t block, hid_t dataset,
                        const Checkpoint& checkpoint, const std::string& path) {
    try {
        return blocks.read(block, dataset);
    } catch (const h5::Failure& failure) {
        throw failure.in(checkpoint.path + ": " + path);
    }
}

bool have_same_chunks(const Comparison& comparison, hid_t a, hid_t b) {
    return h5::same_chunks(a, comparison.original.info.file_bytes, b,
                           comparison.derived.info.file_bytes);
}

/// Compares the stored chunks of filtered data whose decoded values differ. Damaged chunks may be
/// shorter than their values: the library then decodes what is in memory behind them, something
/// else each time.
bool stored_alike(const Comparison& comparison, hid_t a, hid_t b) {
    const h5::Plist plist = h5::dataset_plist(a);
    return !h5::filters_of(plist.get()).empty() && have_same_chunks(comparison, a, b);
}

void compare_data(Comparison& comparison, hid_t a, hid_t b, const std::string& path) {
    const h5::RowBlocks blocks(a);
    for (std::uint64_t block = 0; block < blocks.count(); ++block) {
        h5::RawValue ours = read_block(blocks, block, a, comparison.original, path);
        h5::RawValue theirs = read_block(blocks, block, b, comparison.derived, path);
        if (!h5::holds_references(ours.type())) {
            if (h5::equal(ours, theirs)) continue;
            if (!stored_alike(comparison, a, b)) comparison.differs(path, "other data");
            return;
        }
        compare_values(comparison, std::move(ours), std::move(theirs), path, "other data");
    }
}

}  // namespace

void compare_datasets(Comparison& comparison, hid_t a, hid_t b, const std::string& path) {
    const DatasetHeader left(a);
    const DatasetHeader right(b);
    if (!h5::equal_types(left.type.get(), right.type.get()))
        return comparison.differs(path, "another datatype");
    if (!h5::equal_spaces(left.space.get(), right.space.get()))
        return comparison.differs(path, "another shape");
    const std::string left_storage = h5::describe_storage(a);
    const std::string right_storage = h5::describe_storage(b);
    if (left_storage != right_storage) {
        comparison.differs(path,
                           "stored in another way: " + left_storage + ", now " + right_storage);
    }
    compare_fills(comparison, left, right, path);
    // A copy owes the same places in other files, not the data there.
    if (h5::describe_sources(left.plist.get()) != h5::describe_sources(right.plist.get()))
        return comparison.differs(path, "its data is in other places");
    if (!h5::foreign_storage(left.plist.get()).empty()) return;
    const bool implausible = comparison.original.implausible.contains(h5::object_info(a).addr);
    if (!implausible && h5::can_decode(left.plist.get())) {
        compare_data(comparison, a, b, path);
    } else if (!have_same_chunks(comparison, a, b)) {
        comparison.differs(path, "other chunks");
    }
}

}  // namespace pal
