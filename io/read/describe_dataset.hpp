// Describes a dataset by its header: shape, type, storage, filters, damage. Reads no values.
#pragma once

#include <map>
#include <string>

#include "io/read/checkpoint.hpp"

namespace pal {

/// Virtual datasets that read datasets of their own file: path of the source -> path of the reader.
using VirtualReaders = std::map<std::string, std::string>;

struct FoundDataset {
    hid_t id = H5I_INVALID_HID;
    std::string path;
    haddr_t address = HADDR_UNDEF;
};

/// Describes a dataset: fills all of DatasetInfo but path, aliases, virtual_reader and
/// reserved_attribute. Adds its sources to `readers`. Notes in `checkpoint` how its weights are
/// stored, its references, and why it cannot be decoded or copied. Throws Error(kInput) for a shape
/// that cannot be, h5::Failure where its header is damaged.
[[nodiscard]] DatasetInfo describe_dataset(Checkpoint& checkpoint, const FoundDataset& dataset,
                                           VirtualReaders& readers);

/// Notes in `checkpoint` that the library cannot copy a damaged type. where: for the message.
void note_damaged_type(Checkpoint& checkpoint, hid_t type, const std::string& where);

}  // namespace pal
