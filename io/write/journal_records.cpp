#include "io/write/journal_records.hpp"

#include <libdeflate.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <utility>

#include "io/files/content_stamp.hpp"
#include "io/files/foreign_json.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

using Json = nlohmann::json;
using Bytes = std::vector<std::uint8_t>;

constexpr int kJournalFormat = 4;
constexpr std::uint32_t kMostRecordBytes = std::uint32_t{1} << 31;

struct RecordHead {
    std::uint32_t bytes = 0;
    std::uint32_t checksum = 0;
};

std::uint32_t crc32_of(const void* bytes, std::size_t count) {
    return libdeflate_crc32(0, bytes, count);
}

template <class Value>
Json blob(const std::vector<Value>& values) {
    Bytes bytes(values.size() * sizeof(Value));
    if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    return Json::binary(std::move(bytes));
}

template <class Value>
std::vector<Value> unblob(const Json& json) {
    const Bytes& bytes = json.get_binary();
    std::vector<Value> values(bytes.size() / sizeof(Value));
    if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(Value));
    return values;
}

Json chunks_json(const std::vector<ChunkPlace>& chunks) {
    std::vector<std::uint64_t> offsets;
    std::vector<std::uint32_t> bytes;
    std::vector<std::uint32_t> checksums;
    Bytes kept;
    for (const ChunkPlace& chunk : chunks) {
        offsets.push_back(chunk.offset.value_or(ChunkPlace::kHere));
        bytes.push_back(chunk.bytes);
        checksums.push_back(chunk.checksum);
        kept.insert(kept.end(), chunk.kept.begin(), chunk.kept.end());
    }
    return {{"offsets", blob(offsets)},
            {"bytes", blob(bytes)},
            {"checksums", blob(checksums)},
            {"kept", Json::binary(std::move(kept))}};
}

std::vector<ChunkPlace> chunks_from(const Json& json) {
    const auto offsets = unblob<std::uint64_t>(json.at("offsets"));
    const auto bytes = unblob<std::uint32_t>(json.at("bytes"));
    const auto checksums = unblob<std::uint32_t>(json.at("checksums"));
    const Bytes& kept = json.at("kept").get_binary();
    std::vector<ChunkPlace> chunks(offsets.size());
    auto next = kept.begin();
    for (std::size_t c = 0; c < chunks.size(); ++c) {
        chunks[c].bytes = bytes.at(c);
        chunks[c].checksum = checksums.at(c);
        if (offsets[c] == ChunkPlace::kHere) {
            if (kept.end() - next < std::ptrdiff_t{bytes[c]}) throw std::out_of_range("kept");
            chunks[c].kept.assign(next, next + bytes[c]);
            next += bytes[c];
        } else {
            chunks[c].offset = offsets[c];
        }
    }
    return chunks;
}

/// Reads chunks from a partial file, or from the record that has kept them.
class KeptChunks : public ChunkSource {
  public:
    KeptChunks(std::shared_ptr<const RawFile> partial, std::vector<ChunkPlace> places)
        : partial_(std::move(partial)), places_(std::move(places)) {}

    [[nodiscard]] std::span<const std::uint8_t> read(std::size_t number,
                                                     ChunkBytes& scratch) const override {
        const ChunkPlace& place = places_.at(number);
        if (!place.offset) return place.kept;
        scratch.resize(place.bytes);
        partial_->read(*place.offset, std::as_writable_bytes(std::span(scratch)),
                       "the output that was begun");
        return scratch;
    }

    /// Reads every chunk and checks its checksum.
    [[nodiscard]] bool are_whole() const {
        ChunkBytes scratch;
        try {
            for (std::size_t c = 0; c < places_.size(); ++c) {
                const auto bytes = read(c, scratch);
                if (crc32_of(bytes.data(), bytes.size()) != places_[c].checksum) return false;
            }
        } catch (const Error&) {  // cut or unreadable is as bad as damaged
            return false;
        }
        return true;
    }

  private:
    std::shared_ptr<const RawFile> partial_;
    std::vector<ChunkPlace> places_;
};

Json identity_json(const RunIdentity& identity) {
    return {{"journal", kJournalFormat},
            {"input", identity.input},
            {"config", identity.config},
            {"version", identity.version},
            {"inodes", identity.inodes}};
}

/// Returns the bytes of a record: head and CBOR.
std::string record_of(const Json& json) {
    const Bytes cbor = Json::to_cbor(json);
    const RecordHead head{static_cast<std::uint32_t>(cbor.size()),
                          crc32_of(cbor.data(), cbor.size())};
    std::string record(sizeof head, '\0');
    std::memcpy(record.data(), &head, sizeof head);
    record.append(cbor.begin(), cbor.end());
    return record;
}

}  // namespace

std::string identity_record(const RunIdentity& identity) {
    return record_of(identity_json(identity));
}

std::string tensor_record(const std::string& name, const PalettizedTensor& tensor,
                          const std::vector<ChunkPlace>& chunks, const std::string& note) {
    return record_of({{"name", name},
                      {"note", note},
                      {"lut", blob(tensor.lut)},
                      {"per_channel_scale", blob(tensor.per_channel_scale)},
                      {"quantized_lut", blob(tensor.quantized_lut)},
                      {"lut_scale", blob(tensor.lut_scale)},
                      {"lut_zero_point", blob(tensor.lut_zero_point)},
                      {"chunks", chunks_json(chunks)}});
}

std::optional<Json> read_record(const Descriptor& journal, std::uint64_t& position) {
    RecordHead head;
    const auto read = [&](void* bytes, std::size_t count, std::uint64_t at) {
        return ::pread(journal.get(), bytes, count, static_cast<off_t>(at)) ==
               static_cast<ssize_t>(count);
    };
    if (!read(&head, sizeof head, position) || head.bytes > kMostRecordBytes) return {};
    struct stat status {};
    if (::fstat(journal.get(), &status) != 0 ||
        position + sizeof head + head.bytes > static_cast<std::uint64_t>(status.st_size))
        return {};
    Bytes bytes(head.bytes);
    if (!read(bytes.data(), bytes.size(), position + sizeof head) ||
        crc32_of(bytes.data(), bytes.size()) != head.checksum)
        return {};
    try {
        Json record(
            read_cbor({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));  // NOLINT
        position += sizeof head + head.bytes;
        return record;
    } catch (const Error&) {  // another program wrote it
        return {};
    }
}

std::string publishing_record(const Publishing& publishing) {
    Json files = Json::array();
    for (const PublishedFile& file : publishing.files) files.push_back({file.path, file.stamp});
    return record_of(
        {{"asked", publishing.asked}, {"files", files}, {"output", publishing.output}});
}

std::optional<Publishing> publishing_of_record(const Json& record) {
    Publishing publishing;
    try {
        publishing.asked = record.at("asked").get<std::vector<std::string>>();
        publishing.output = record.at("output").get<std::string>();
        for (const Json& file : record.at("files")) {
            publishing.files.push_back(
                {file.at(0).get<std::string>(), file.at(1).get<std::string>()});
        }
    } catch (const Json::exception&) {
        return {};
    }
    return publishing;
}

std::optional<RunIdentity> identity_of_record(const Json& first_record) {
    try {
        return RunIdentity{first_record.at("input"), first_record.at("config"),
                           first_record.at("version"), first_record.at("inodes")};
    } catch (const Json::exception&) {
        return {};
    }
}

bool is_same_work(const RunIdentity& before, const RunIdentity& now) {
    return before.input == now.input && before.config == now.config &&
           before.version == now.version && no_inode_changed(before.inodes, now.inodes);
}

std::string differing_fact(const Json& first_record, const RunIdentity& identity) {
    const Json ours = identity_json(identity);
    for (const auto& [key, what] :
         {std::pair{"journal", "version"}, std::pair{"version", "version"},
          std::pair{"input", "input"}, std::pair{"config", "config"}}) {
        if (!first_record.contains(key) || first_record[key] != ours[key]) return what;
    }
    const auto before = identity_of_record(first_record);
    return before && no_inode_changed(before->inodes, identity.inodes) ? "" : "input";
}

std::optional<FinishedTensor> tensor_of_record(const Json& record,
                                               std::shared_ptr<const RawFile> partial) {
    FinishedTensor finished;
    try {
        finished.name = record.at("name").get<std::string>();
        finished.note = record.at("note").get<std::string>();
        PalettizedTensor& tensor = finished.tensor;
        tensor.lut = unblob<double>(record.at("lut"));
        tensor.per_channel_scale = unblob<double>(record.at("per_channel_scale"));
        tensor.quantized_lut = unblob<std::uint8_t>(record.at("quantized_lut"));
        tensor.lut_scale = unblob<double>(record.at("lut_scale"));
        tensor.lut_zero_point = unblob<std::uint8_t>(record.at("lut_zero_point"));
        auto places = chunks_from(record.at("chunks"));
        const std::size_t count = places.size();
        auto chunks = std::make_shared<KeptChunks>(std::move(partial), std::move(places));
        if (!chunks->are_whole()) return {};
        tensor.chunks = PackedChunks(std::move(chunks), count);
    } catch (const Json::exception&) {  // checksum right, contents not: another program wrote it
        return {};
    } catch (const std::out_of_range&) {
        return {};
    }
    return finished;
}

}  // namespace pal
