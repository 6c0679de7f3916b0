#include "io/read/marks.hpp"

#include "io/files/foreign_json.hpp"
#include "io/h5/attributes.hpp"
#include "io/h5/foreign_storage.hpp"
#include "io/h5/raw_value.hpp"

namespace pal {

namespace {

/// Returns why the file cannot be palettized: an object or attribute has a name that palettized
/// files use, and would be lost on the way there and back. Empty if none has.
std::string reserved_name(const Checkpoint& checkpoint, hid_t root) {
    if (checkpoint.info.palettized) return "";
    if (checkpoint.has_format) {
        return "is an unfinished palettized file (h5palettize_format without h5palettize_complete "
               "= 1); palettize its original again";
    }
    for (const std::string_view name : h5::kRootAttributes) {
        if (h5::has_attribute(root, std::string(name))) {
            return "the root has an attribute '" + std::string(name) +
                   "', a name that palettized files need; rename it";
        }
    }
    for (const h5::Link& link : h5::list_links(root)) {
        if (link.name == h5::kDocumentGroup) {
            return "holds /" + link.name + ", a name that palettized files need; rename it";
        }
    }
    return "";
}

/// Reads the text of /h5palettize/config; empty if there is none.
std::string read_results(hid_t root) {
    for (const h5::Link& link : h5::list_links(root)) {
        if (link.name != h5::kDocumentGroup || link.type != H5L_TYPE_HARD) continue;
        const h5::Object documents = h5::open_object(root, link.name);
        if (!h5::is_group(documents.get())) continue;
        for (const h5::Link& member : h5::list_links(documents.get())) {
            if (member.name != h5::kConfigDataset || member.type != H5L_TYPE_HARD) continue;
            const h5::Object object = h5::open_object(documents.get(), member.name);
            if (!h5::is_dataset(object.get())) continue;
            const h5::Plist plist = h5::dataset_plist(object.get());
            if (!h5::foreign_storage(plist.get()).empty()) continue;
            // Then its text, and what is parsed of it, is in proportion to the file.
            if (h5::layout_of(plist.get()) == H5D_CHUNKED) {
                throw Error(ErrorCode::kInput,
                            "/h5palettize/config: is stored in chunks, which this program never "
                            "does; palettize the original again");
            }
            const h5::RowBlocks config(object.get());
            if (config.count() == 1) return h5::text_of(config.read(0, object.get())).value_or("");
        }
    }
    return "";
}

/// Throws unless all who parse the text again can do so. It may be damaged otherwise.
void require_json_bounds(const std::string& results) {
    try {
        (void)json_or_null(results);
    } catch (const Error& error) {
        throw error.in("/h5palettize/config");
    }
}

}  // namespace

void read_marks(Checkpoint& checkpoint, hid_t root) {
    checkpoint.has_format = h5::has_attribute(root, "h5palettize_format");
    if (checkpoint.has_format) {
        const auto format = h5::read_integers(root, "h5palettize_format");
        if (!format || format->size() != 1 || (format->front() != 1 && format->front() != 2)) {
            throw Error(
                ErrorCode::kInput,
                format && format->size() == 1
                    ? "h5palettize_format is " + std::to_string(format->front()) +
                          ", this program reads 1 and 2; use a newer h5palettize"
                    : "the root's attribute 'h5palettize_format' is not an integer; palettized "
                      "files need that name: rename it");
        }
        const auto complete = h5::read_integers(root, "h5palettize_complete");
        checkpoint.info.palettized = complete && *complete == std::vector<std::int64_t>{1};
        if (checkpoint.info.palettized) {
            checkpoint.info.results_json = read_results(root);
            require_json_bounds(checkpoint.info.results_json);
            checkpoint.info.version =
                h5::read_string_attribute(root, "h5palettize_version").value_or("");
        }
    }
    checkpoint.info.reserved = reserved_name(checkpoint, root);
}

}  // namespace pal
