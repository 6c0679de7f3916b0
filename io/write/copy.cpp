#include "io/write/copy.hpp"

#include <algorithm>
#include <array>

#include "io/h5/attributes.hpp"
#include "io/h5/foreign_storage.hpp"
#include "io/h5/hdf5_types.hpp"
#include "io/h5/raw_value.hpp"
#include "io/h5/storage.hpp"
#include "io/read/references.hpp"

namespace pal {

namespace {

class TreeCopier {
  public:
    TreeCopier(const CheckpointReader::Impl& source, hid_t target,
               const std::set<haddr_t>& replaced, const LinkedObjects& linked, bool drop_documents)
        : source_(source),
          target_(target),
          replaced_(replaced),
          linked_(linked),
          drop_documents_(drop_documents),
          base_version_(lowest_version(source.file.get())),
          current_version_(base_version_) {}

    std::map<haddr_t, haddr_t> run() {
        const h5::Group from = h5::open_group(source_.file.get(), "/");
        const h5::Group to = h5::open_group(target_, "/");
        copies_.emplace(h5::object_info(from.get()).addr, std::string("/"));
        copy_comment(from.get(), to.get());
        copy_attributes(from.get(), to.get(), "/");
        copy_members(from.get(), to.get(), "/", 1);
        use_version(base_version_);
        rewrite_references(source_, {target_, copies_, replaced_});
        return std::move(stand_ins_);
    }

    std::map<haddr_t, haddr_t> run_alone() {
        keeps_references_ = false;
        for (const DatasetInfo& dataset : source_.info.datasets) {
            const haddr_t address = source_.address_of(dataset.path);
            if (replaced_.count(address) == 0) continue;
            const std::size_t slash = dataset.path.rfind('/');
            const h5::Group parent = group_at(dataset.path.substr(0, slash));
            const auto object = h5::open_at<h5::Object>(source_.file.get(), address, dataset.path);
            use_version_of(object.get());
            stand_ins_[address] = stand_in(object.get(), H5O_TYPE_DATASET, parent.get(),
                                           dataset.path.substr(slash + 1), dataset.path,
                                           link_properties(H5T_CSET_UTF8));
        }
        return std::move(stand_ins_);
    }

  private:
    /// Made, with those above it, where it is not there yet.
    h5::Group group_at(const std::string& path) {
        if (path.empty()) return h5::open_group(target_, "/");
        if (const auto known = plain_groups_.find(path); known != plain_groups_.end())
            return h5::open_at<h5::Group>(target_, known->second, path);
        const std::size_t slash = path.rfind('/');
        const h5::Group parent = group_at(path.substr(0, slash));
        const h5::Plist plist = h5::create_plist(H5P_GROUP_CREATE);
        h5::Group group = make_group(parent.get(), path.substr(slash + 1),
                                     link_properties(H5T_CSET_UTF8), plist.get());
        plain_groups_[path] = h5::object_info(group.get()).addr;
        return group;
    }

    void copy_members(hid_t from, hid_t to, const std::string& path, std::size_t depth) {
        if (depth > kMaxDepth) {
            throw Error(ErrorCode::kInput, path + ": groups are nested too deep");
        }
        for (const h5::Link& link : h5::list_links(from)) {
            if (drop_documents_ && path == "/" && link.name == h5::kDocumentGroup) continue;
            const hid_t link_plist = link_properties(link.character_set);
            const std::string at = child_path(path, link.name);
            if (link.type == H5L_TYPE_HARD) {
                copy_object(from, to, link, at, link_plist, depth);
            } else if (const haddr_t tensor = source_.address_of(at); replaced_.contains(tensor)) {
                h5::Link followed = link;
                followed.address = tensor;
                copy_object(from, to, followed, at, link_plist, depth);
            } else {
                copy_link(from, to, link, link_plist);
            }
        }
    }

    hid_t link_properties(H5T_cset_t character_set) {
        h5::Plist& plist = link_plists_[character_set];
        if (!plist) {
            plist = h5::create_plist(H5P_LINK_CREATE);
            h5::call("set a name's character set",
                     [&] { return H5Pset_char_encoding(plist.get(), character_set); });
        }
        return plist.get();
    }

    static void copy_link(hid_t from, hid_t to, const h5::Link& link, hid_t link_plist) {
        const std::string value = h5::link_value(from, link);
        const bool soft = link.type == H5L_TYPE_SOFT;
        const ExternalTarget target =
            soft ? ExternalTarget{} : h5::external_target(value, link.name);
        if (!soft) return make_external_link(target, to, link.name, link_plist);
        h5::call("create link " + link.name, [&] {
            return H5Lcreate_soft(value.c_str(), to, link.name.c_str(), link_plist, H5P_DEFAULT);
        });
    }

    static void make_external_link(const ExternalTarget& target, hid_t to, const std::string& name,
                                   hid_t link_plist) {
        h5::call("create link " + name, [&] {
            return H5Lcreate_external(target.file.c_str(), target.object.c_str(), to, name.c_str(),
                                      link_plist, H5P_DEFAULT);
        });
    }

    void copy_object(hid_t from, hid_t to, const h5::Link& link, const std::string& path,
                     hid_t link_plist, std::size_t depth) {
        if (const auto elsewhere = linked_.find(link.address); elsewhere != linked_.end())
            return make_external_link(elsewhere->second, to, link.name, link_plist);
        const auto known = copies_.emplace(link.address, path);
        if (!known.second) {
            const std::string& first = known.first->second;
            h5::call("create hard link " + path, [&] {
                return H5Lcreate_hard(target_, first.c_str(), to, link.name.c_str(), link_plist,
                                      H5P_DEFAULT);
            });
            return;
        }
        const auto object = source_.open_at<h5::Object>(link.address, path);
        const H5O_info_t info = h5::object_info(object.get());
        use_version_of(object.get());
        if (replaced_.count(link.address) != 0) {
            stand_ins_[link.address] =
                stand_in(object.get(), info.type, to, link.name, path, link_plist);
        } else if (info.type == H5O_TYPE_GROUP) {
            const h5::Group copy =
                make_group(to, link.name, link_plist, group_properties(object.get()));
            copy_comment(object.get(), copy.get());
            copy_attributes(object.get(), copy.get(), path);
            copy_members(object.get(), copy.get(), path, depth + 1);
        } else {
            if (info.type == H5O_TYPE_DATASET) require_readable(object.get(), path);
            if (source_.delicate_fills.contains(link.address))
                return remake(object.get(), to, link.name, path, link_plist);
            const bool apart = info.hdr.version >= 2 && has_variable_length_attribute(object.get());
            copy_whole(from, to, link, path, link_plist, apart);
            if (!apart) return;
            const h5::Object copy = h5::open_object(to, link.name);
            copy_attributes(object.get(), copy.get(), path);
        }
    }

    /// For a dataset with a delicate fill value. Data with references comes with all of those.
    void remake(hid_t dataset, hid_t to, const std::string& name, const std::string& path,
                hid_t link_plist) const {
        const h5::Type stored = h5::dataset_type(dataset);
        const h5::Type type = h5::copy_type(stored.get());
        const h5::Space space = h5::dataset_space(dataset);
        const h5::Plist plist = h5::dataset_plist(dataset);
        std::optional<h5::RawValue> fill = h5::read_fill(plist.get(), type.get());
        translate_references(fill.value(), source_, {target_, copies_, replaced_},
                             "the fill value of " + path);
        h5::call("set a fill value", [&] {
            return std::min(H5Pset_fill_value(plist.get(), type.get(), fill->bytes().data()),
                            H5Pset_obj_track_times(plist.get(), false));  // as in make_group()
        });
        const h5::Dataset copy(h5::call("create dataset " + path, [&] {
            return H5Dcreate2(to, name.c_str(), type.get(), space.get(), link_plist, plist.get(),
                              H5P_DEFAULT);
        }));
        copy_comment(dataset, copy.get());
        copy_attributes(dataset, copy.get(), path);
        if (h5::holds_references(type.get()) || h5::storage_bytes(dataset) == 0) return;
        const h5::RowBlocks blocks(dataset);
        for (std::uint64_t b = 0; b < blocks.count(); ++b)
            blocks.write(b, blocks.read(b), copy.get());
    }

    /// H5Ocopy of 1.10.8 crashes in some of those where the attributes lie in a heap of their own,
    /// as version 2 of the header has them from the ninth on or where one is large.
    static bool has_variable_length_attribute(hid_t object) {
        const std::vector<std::string> names = h5::list_attributes(object);
        return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
            const h5::Attribute attribute = h5::open_attribute(object, name);
            return h5::holds_variable_length(h5::attribute_type(attribute.get()).get());
        });
    }

    /// H5Ocopy of 1.10.8 crashes where variable-length values lie in a damaged heap; H5Dread says
    /// so.
    static void require_readable(hid_t dataset, const std::string& path) {
        const h5::Type type = h5::dataset_type(dataset);
        if (!h5::holds_variable_length(type.get())) return;
        const h5::Plist plist = h5::dataset_plist(dataset);
        if (!h5::foreign_storage(plist.get()).empty()) return;  // H5Ocopy does not read it either
        try {
            const h5::RowBlocks blocks(dataset);
            for (std::uint64_t b = 0; b < blocks.count(); ++b) static_cast<void>(blocks.read(b));
        } catch (const h5::Failure& failure) {
            throw Error(ErrorCode::kInput, path + ": " + failure.what());
        }
    }

    /// The settings of a group, one by one: the list that H5Gget_create_plist returns also carries
    /// where the group's links lie in its own file, and a group made from it would look for them
    /// there.
    hid_t group_properties(hid_t group) {
        const h5::Plist own(
            h5::call("read group properties", [&] { return H5Gget_create_plist(group); }));
        // Link and attribute creation order; for links and attributes, most compact and least
        // dense.
        std::array<unsigned, 6> settings{};
        h5::call("read group properties", [&] {
            return std::min({H5Pget_link_creation_order(own.get(), &settings[0]),
                             H5Pget_attr_creation_order(own.get(), &settings[1]),
                             H5Pget_link_phase_change(own.get(), &settings[2], &settings[3]),
                             H5Pget_attr_phase_change(own.get(), &settings[4], &settings[5])});
        });
        h5::Plist& plist = group_plists_[settings];
        if (plist) return plist.get();
        plist = h5::create_plist(H5P_GROUP_CREATE);
        h5::call("copy group properties", [&, id = plist.get()] {
            return std::min({H5Pset_link_creation_order(id, settings[0]),
                             H5Pset_attr_creation_order(id, settings[1]),
                             H5Pset_link_phase_change(id, settings[2], settings[3]),
                             H5Pset_attr_phase_change(id, settings[4], settings[5])});
        });
        return plist.get();
    }

    static void copy_whole(hid_t from, hid_t to, const h5::Link& link, const std::string& path,
                           hid_t link_plist, bool without_attributes) {
        const h5::Plist plist = h5::create_plist(H5P_OBJECT_COPY);
        if (without_attributes) {
            h5::call("set copy properties",
                     [&] { return H5Pset_copy_object(plist.get(), H5O_COPY_WITHOUT_ATTR_FLAG); });
        }
        // A committed datatype becomes one of the copy alone: H5O_COPY_MERGE_COMMITTED_DTYPE_FLAG,
        // which would share it, crashes 1.10.8 where the search meets the half-made target.
        h5::call("copy " + path, [&] {
            return H5Ocopy(from, link.name.c_str(), to, link.name.c_str(), plist.get(), link_plist);
        });
    }

    h5::Dataset restored_dataset(hid_t group, hid_t to, const std::string& name,
                                 const std::string& path, hid_t link_plist) const {
        try {
            return h5::create_from_storage(group, to, name, link_plist);
        } catch (const Error& error) {
            throw Error(ErrorCode::kInput, source_.path + ": " + path + ": " + error.what());
        }
    }

    static bool holds_references(hid_t object, const std::string& name) {
        const h5::Attribute attribute = h5::open_attribute(object, name);
        return h5::holds_references(h5::attribute_type(attribute.get()).get());
    }

    /// Returns its address.
    haddr_t stand_in(hid_t object, H5O_type_t type, hid_t to, const std::string& name,
                     const std::string& path, hid_t link_plist) {
        if (type == H5O_TYPE_GROUP) {
            const h5::Dataset dataset = restored_dataset(object, to, name, path, link_plist);
            copy_comment(object, dataset.get());
            for (const std::string& attribute : h5::list_attributes(object)) {
                if (!h5::is_group_attribute(attribute)) {
                    h5::copy_attribute(object, dataset.get(), attribute);
                }
            }
            return h5::object_info(dataset.get()).addr;
        }
        const h5::Plist from = h5::dataset_plist(object);
        const h5::Group group = make_group(to, name, link_plist, stand_in_properties(from.get()));
        copy_comment(object, group.get());
        for (const std::string& attribute : h5::list_attributes(object)) {
            if (h5::is_group_attribute(attribute)) {
                throw Error(ErrorCode::kInput,
                            path + " has an attribute '" + attribute +
                                "', a name that palettized tensors need; rename it or "
                                "exclude the dataset");
            }
            if (keeps_references_ || !holds_references(object, attribute))
                h5::copy_attribute(object, group.get(), attribute);
        }
        h5::write_storage(object, from.get(), group.get());
        return h5::object_info(group.get()).addr;
    }

    /// One list for each order of attributes: making one costs as much as making a group.
    hid_t stand_in_properties(hid_t dataset_plist) {
        unsigned order = 0;
        h5::call("read the attribute order",
                 [&] { return H5Pget_attr_creation_order(dataset_plist, &order); });
        h5::Plist& plist = stand_in_plists_[order];
        if (plist) return plist.get();
        plist = h5::create_plist(H5P_GROUP_CREATE);
        // With a creation order the few links lie in the group's own header, with room for the
        // attributes beside them, instead of in three further blocks: half the time and 1 KiB less.
        constexpr unsigned kMembers = 8;
        constexpr unsigned kNameBytes = 64;
        h5::call("set group properties", [&] {
            return std::min({H5Pset_attr_creation_order(plist.get(), order),
                             H5Pset_link_creation_order(plist.get(), H5P_CRT_ORDER_TRACKED),
                             H5Pset_est_link_info(plist.get(), kMembers, kNameBytes)});
        });
        return plist.get();
    }

    static h5::Group make_group(hid_t to, const std::string& name, hid_t link_plist, hid_t plist) {
        // Times would make the bytes of the file depend on when it was written.
        h5::call("set time tracking", [&] { return H5Pset_obj_track_times(plist, false); });
        return h5::Group(h5::call("create group " + name, [&] {
            return H5Gcreate2(to, name.c_str(), link_plist, plist, H5P_DEFAULT);
        }));
    }

    /// H5Ocopy does this for what it copies.
    static void copy_comment(hid_t from, hid_t to) {
        const std::string text = h5::object_comment(from);
        if (text.empty()) return;
        h5::call("write a comment", [&] { return H5Oset_comment(to, text.c_str()); });
    }

    void copy_attributes(hid_t from, hid_t to, const std::string& path) const {
        for (const std::string& name : h5::list_attributes(from)) {
            if (drop_documents_ && path == "/" && h5::is_root_attribute(name)) continue;
            h5::copy_attribute(from, to, name);
        }
    }

    /// An object keeps the version of its header: attributes beyond 64 KiB need version 2 even in
    /// old files.
    void use_version_of(hid_t object) {
        use_version(h5::object_info(object).hdr.version >= 2
                        ? std::max(base_version_, H5F_LIBVER_V18)
                        : base_version_);
    }

    void use_version(H5F_libver_t version) {
        if (version == current_version_) return;
        h5::call("set the format version",
                 [&] { return H5Fset_libver_bounds(target_, version, H5F_LIBVER_LATEST); });
        current_version_ = version;
    }

    const CheckpointReader::Impl& source_;
    hid_t target_;
    const std::set<haddr_t>& replaced_;
    const LinkedObjects& linked_;
    bool drop_documents_;
    H5F_libver_t base_version_;
    H5F_libver_t current_version_;
    std::map<H5T_cset_t, h5::Plist> link_plists_;
    std::map<std::array<unsigned, 6>, h5::Plist> group_plists_;  // by the settings they hold
    std::map<unsigned, h5::Plist> stand_in_plists_;              // by the order of attributes
    std::map<haddr_t, haddr_t> stand_ins_;   // address in the source -> in the copy
    std::map<haddr_t, std::string> copies_;  // address in the source -> first path in the copy
    std::map<std::string, haddr_t> plain_groups_;  // of run_alone(), by path
    bool keeps_references_ = true;
};

}  // namespace

std::map<haddr_t, haddr_t> copy_tree(const CheckpointReader::Impl& source, hid_t target,
                                     const std::set<haddr_t>& replaced, const LinkedObjects& linked,
                                     bool drop_documents) {
    return TreeCopier(source, target, replaced, linked, drop_documents).run();
}

std::map<haddr_t, haddr_t> make_stand_ins(const CheckpointReader::Impl& source, hid_t target,
                                          const std::set<haddr_t>& replaced) {
    return TreeCopier(source, target, replaced, {}, false).run_alone();
}

}  // namespace pal
