#include "configs/text/yaml_limits.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

#include <map>
#include <sstream>

#include "configs/model/utf8.hpp"
#include "configs/text/yaml.hpp"

namespace pal::yaml {

namespace {

constexpr std::size_t kMostBytes = 4U << 20;
constexpr std::size_t kMostNodes = 100000;
constexpr int kMostDepth = 64;

/// Counts the events of the parser and stops it at a limit: it recurses, and nodes take memory.
class Limits : public YAML::EventHandler {
  public:
    explicit Limits(const std::string& source) : source_(source) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1) refuse(mark, "holds several documents, one is wanted");
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { add_node(mark); }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { add_node(mark); }
    void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  const std::string& value) override {
        add_node(mark);
        if (!is_utf8(value)) refuse(mark, "is not UTF-8 text; save the file as UTF-8");
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/,
                         YAML::anchor_t /*anchor*/, YAML::EmitterStyle::value /*style*/) override {
        descend(mark);
    }
    void OnSequenceEnd() override { --depth_; }
    void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                    YAML::EmitterStyle::value /*style*/) override {
        descend(mark);
    }
    void OnMapEnd() override { --depth_; }

  private:
    [[noreturn]] void refuse(const YAML::Mark& mark, const std::string& text) const {
        throw Error(ErrorCode::kUsage,
                    fmt::format("{}:{}:{}: {}", source_, mark.line + 1, mark.column + 1, text));
    }
    void add_node(const YAML::Mark& mark) {
        if (++nodes_ > kMostNodes) refuse(mark, fmt::format("more than {} nodes", kMostNodes));
    }
    void descend(const YAML::Mark& mark) {
        add_node(mark);
        if (++depth_ > kMostDepth) refuse(mark, fmt::format("nested deeper than {}", kMostDepth));
    }

    const std::string& source_;
    std::size_t nodes_ = 0;
    int depth_ = 0;
    int documents_ = 0;
};

/// The keys above a node. The path is built for an error only, since keys may be long and many.
struct Trail {
    const Trail* above = nullptr;
    const std::string* key = nullptr;

    [[nodiscard]] std::string path() const {
        if (key == nullptr) return above == nullptr ? "" : above->path();
        const std::string upper = above == nullptr ? "" : above->path();
        return upper.empty() ? *key : upper + "." + *key;
    }
};

class NodeCheck {
  public:
    explicit NodeCheck(const std::string& source) : source_(source) {}

    void check(const YAML::Node& node, const Trail& trail, int depth) {
        if (++nodes_ > kMostNodes) {
            refuse(node, trail,
                   fmt::format("more than {} nodes with aliases followed", kMostNodes));
        }
        if (depth > kMostDepth)
            refuse(node, trail, fmt::format("nested deeper than {}", kMostDepth));
        if (node.IsMap()) {
            check_map(node, trail, depth);
        } else if (node.IsSequence()) {
            for (const auto& item : node) check(item, trail, depth + 1);
        }
    }

  private:
    void check_map(const YAML::Node& map, const Trail& trail, int depth) {
        std::map<std::string, int> seen;
        for (const auto& entry : map) {
            const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "?";
            const auto [first, inserted] = seen.emplace(key, entry.first.Mark().line + 1);
            if (!inserted && key != "<<") {
                refuse(entry.first, trail,
                       fmt::format("key '{}' stands here again, first in line {}", key,
                                   first->second));
            }
            check(entry.second, {&trail, &key}, depth + 1);
        }
    }

    [[noreturn]] void refuse(const YAML::Node& node, const Trail& trail,
                             const std::string& text) const {
        fail({node, source_, trail.path(), {}}, text);
    }

    const std::string& source_;
    std::size_t nodes_ = 0;
};

}  // namespace

void check_text(std::string_view text, const std::string& source) {
    if (text.size() > kMostBytes) {
        throw Error(ErrorCode::kUsage, source + ": has " + std::to_string(text.size()) +
                                           " bytes, a config of more than 4 MiB is not read");
    }
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Limits limits(source);
    while (parser.HandleNextDocument(limits)) {
    }
}

void check_nodes(const YAML::Node& document, const std::string& source) {
    NodeCheck(source).check(document, {}, 0);
}

}  // namespace pal::yaml
