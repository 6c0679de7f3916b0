#include "pipeline/report/inspection.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "io/files/foreign_json.hpp"
#include "pipeline/console/bytes_for_people.hpp"
#include "pipeline/console/json_path.hpp"
#include "pipeline/console/json_text.hpp"
#include "pipeline/console/printable.hpp"
#include "pipeline/record/shard_record.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

std::string_view layout_name(const CheckpointInfo& info) {
    return info.layout == Layout::kKeras ? "keras" : "torch";
}

}  // namespace

std::string inspection_json(const CheckpointInfo& info) {
    Json document{{"file", info.file},
                  {"bytes", info.file_bytes},
                  {"palettized", info.palettized},
                  {"shard", is_shard(info.results_json)},
                  {"layout", layout_name(info)},
                  {"layout_reason", info.layout_reason},
                  {"unsupported", info.unsupported}};
    document["tensors"] = Json::array();
    for (const PalettizedTensorInfo& tensor : info.tensors) {
        Json entry;
        put_path(entry, tensor.path);
        entry["shape"] = tensor.shape;
        entry["dtype"] = std::string(dtype_name(tensor.dtype));
        entry["spec"] = read_json(tensor.spec_json);
        entry["bytes"] = tensor.bytes_stored;
        document["tensors"].push_back(std::move(entry));
    }
    document["datasets"] = Json::array();
    for (const DatasetInfo& dataset : info.datasets) {
        Json entry;
        put_path(entry, dataset.path);
        entry["shape"] = dataset.shape;
        entry["type"] = dataset.stored_type;
        entry["storage"] = dataset.storage;
        entry["bytes"] = dataset.bytes;
        entry["aliases"] = Json::array();
        for (const std::string& alias : dataset.aliases)
            entry["aliases"].push_back(escaped_path(alias));
        entry["unreadable"] = dataset.unreadable;
        document["datasets"].push_back(std::move(entry));
    }
    return json_document(document);
}

std::string inspection_table(const CheckpointInfo& info) {
    std::string table = fmt::format("{}: {}, {}, layout {} ({})\n", printable(info.file),
                                    is_shard(info.results_json) ? "shard of a palettized checkpoint"
                                    : info.palettized           ? "palettized checkpoint"
                                                                : "checkpoint",
                                    bytes_for_people(info.file_bytes), layout_name(info),
                                    printable(info.layout_reason));
    if (!info.unsupported.empty()) {
        table += "cannot be palettized: " + printable(info.unsupported) + "\n";
    }
    if (info.external_link_count > 0) {
        table += fmt::format("{} external links, not followed, the first of {}\n",
                             info.external_link_count, printable(info.first_external_link));
    }
    for (const PalettizedTensorInfo& tensor : info.tensors) {
        table +=
            fmt::format("  palettized  {:<10} {:<18} {:>10}  {}  {}\n", dtype_name(tensor.dtype),
                        shape_to_string(tensor.shape), bytes_for_people(tensor.bytes_stored),
                        printable(tensor.path), printable(tensor.spec_json));
    }
    for (const DatasetInfo& dataset : info.datasets) {
        table +=
            fmt::format("  dataset     {:<10} {:<18} {:>10}  {}  {}{}\n",
                        printable(dataset.stored_type), shape_to_string(dataset.shape),
                        bytes_for_people(dataset.bytes), printable(dataset.path), dataset.storage,
                        dataset.unreadable.empty() ? "" : "; " + printable(dataset.unreadable));
    }
    return table;
}

}  // namespace pal
