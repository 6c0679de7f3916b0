#include "configs/layers/tables.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

namespace pal {

namespace {

constexpr std::string_view kEmbeddings[] = {"embed", "embeds", "embedding", "embeddings",
                                            "emb",   "wte",    "wpe"};
constexpr std::string_view kTables[] = {"token", "tokens",    "position", "positions", "positional",
                                        "pe",    "quantizer", "codebook", "codebooks"};
/// Words of layers that take a table or make one.
constexpr std::string_view kLayers[] = {"proj", "projection", "dense", "linear", "conv",
                                        "mlp",  "mixing",     "mixer", "ffn"};

/// Splits "embed_tokens" at '_', in small letters.
std::vector<std::string> words_of(const std::string& component) {
    std::vector<std::string> words(1);
    for (const char c : component) {
        if (c == '_') {
            words.emplace_back();
        } else {
            words.back() += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        }
    }
    return words;
}

bool has_word(const std::string& component, std::span<const std::string_view> wanted) {
    return std::ranges::any_of(words_of(component), [&](const std::string& word) {
        return std::ranges::find(wanted, word) != wanted.end();
    });
}

/// True for a variable of one dimension behind a kernel, as long as the kernel's last dimension.
bool has_bias(const Module& module, const Member& kernel) {
    return std::ranges::any_of(module.members, [&](const Member& member) {
        return member.number && kernel.number && *member.number == *kernel.number + 1 &&
               member.rank() == 1 && member.shape->front() == kernel.shape->back();
    });
}

bool is_called_attention(const std::string& component) {
    return component.find("attn") != std::string::npos ||
           component.find("attention") != std::string::npos;
}

/// True where the first dimension counts one sample: (1, positions, size). Pointwise convolutions
/// of images are (1, 1, in, out).
bool is_one_sample(const Module& module, const Shape& shape) {
    const bool is_vector =
        std::all_of(shape.begin(), shape.end() - 1, [](std::uint64_t size) { return size == 1; });
    return is_vector || (module.holds_layers && (shape.size() == 3 || shape[1] > 1));
}

}  // namespace

bool is_called_embedding(const Module& module) {
    const std::vector<std::string> components = module_components(module.name);
    const std::string& last = components.back();
    const bool below =
        components.size() > 1 && (components[components.size() - 2] == "embeddings" ||
                                  components[components.size() - 2] == "embedding");
    // T5 and BART of Hugging Face name tables so.
    static constexpr std::string_view kShared[] = {"shared", "model.shared", "transformer.shared"};
    const bool is_table = std::ranges::find(kShared, module.name) != std::end(kShared) ||
                          last == "relative_attention_bias";
    return (below || is_table || has_word(last, kEmbeddings)) &&
           std::ranges::none_of(module.members, [](const Member& member) {
               return member.state == "bias" ||
                      (member.number > std::size_t{0} && member.rank() == 1);
           });
}

std::string evidence_of_table(const Module& module, const Member& member, bool is_called_head) {
    const Shape& shape = *member.shape;
    const std::string last = module.last_component();
    const bool is_matrix = shape.size() == 2;
    if (has_bias(module, member)) return {};
    if (is_matrix && is_called_embedding(module)) return "the name of its module";
    const bool is_called = has_word(last, kTables) || (!is_matrix && has_word(last, kEmbeddings));
    if (is_called && !has_word(last, kLayers) && (is_matrix || shape[0] == 1))
        return "the name of its module";
    if (is_matrix) {
        const bool is_beside_kernels = module.holds_layers && is_called_attention(last) &&
                                       last.find("linear") == std::string::npos;
        return is_beside_kernels ? "a matrix beside the layers of an attention" : "";
    }
    if (is_called_head || shape[0] != 1 || !is_one_sample(module, shape)) return {};
    return "its first dimension is 1, and it has no bias";
}

bool is_bias_of_query(const Module& module, const Member& member) {
    if (module.query == nullptr || member.rank() > 3) return false;
    const Shape& shape = *member.shape;
    return std::equal(shape.end() - 2, shape.end(), module.query->end() - 2);
}

}  // namespace pal
