#include "io/compare/foreign_documents.hpp"

#include "io/h5/attributes.hpp"
#include "io/read/checkpoint.hpp"

namespace pal {

namespace {

using Lines = std::vector<std::string>;

void add_foreign_attributes(hid_t object, const std::string& path, Lines& lines) {
    for (const std::string& name : h5::list_attributes(object))
        lines.push_back(path + ": attribute '" + name + "' is not of this program");
    if (!h5::object_comment(object).empty())
        lines.push_back(path + ": the comment is not of this program");
}

void add_foreign_members(hid_t documents, const std::string& path, Lines& lines) {
    bool found = false;
    for (const h5::Link& link : h5::list_links(documents)) {
        const std::string at = child_path(path, link.name);
        if (link.name != h5::kConfigDataset || link.type != H5L_TYPE_HARD) {
            lines.push_back(at + ": is not of this program");
            continue;
        }
        found = true;
        const h5::Object config = h5::open_object(documents, link.name);
        if (!h5::is_dataset(config.get())) lines.push_back(at + ": is no dataset");
        add_foreign_attributes(config.get(), at, lines);
    }
    if (!found) lines.push_back(child_path(path, h5::kConfigDataset) + ": is missing");
}

}  // namespace

std::vector<std::string> foreign_documents(hid_t root) {
    Lines lines;
    const std::string path = child_path("/", h5::kDocumentGroup);
    for (const h5::Link& link : h5::list_links(root)) {
        if (link.name != h5::kDocumentGroup) continue;
        if (link.type != H5L_TYPE_HARD) return {path + ": is a link"};
        const h5::Object documents = h5::open_object(root, link.name);
        if (!h5::is_group(documents.get())) return {path + ": is no group"};
        add_foreign_attributes(documents.get(), path, lines);
        add_foreign_members(documents.get(), path, lines);
        return lines;
    }
    return {path + ": is missing"};
}

}  // namespace pal
