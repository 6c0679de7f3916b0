#include "configs/layers/module_roles.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "configs/layers/bias_finder.hpp"
#include "configs/layers/equations.hpp"
#include "configs/layers/layer_classes.hpp"
#include "configs/layers/optimizer_names.hpp"
#include "configs/layers/tables.hpp"

namespace pal {

namespace {

using Kind = LayerKind;
using Role = TensorRole;

/// True for as many values as a kernel has outputs, and for a row of them for each kernel of a
/// stack.
bool may_be_bias(const Shape& bias, const Shape& kernel) {
    const bool is_stack = bias.size() == 2 && kernel.size() == 3 && bias[0] == kernel[0];
    if (bias.size() != 1 && !is_stack) return false;
    return bias.back() == kernel[is_stack ? 1 : 0] || bias.back() == kernel.back();
}

/// Decides the roles of a module's tensors, and its kind where no type told it.
class Roles {
  public:
    explicit Roles(Module& module) : module_(module) {}

    void decide() {
        for (Member& member : module_.members) {
            member.state = member.path->name.state_name;
            member.meaning = meaning_of_state(member.state);
            member.number = variable_number(member.state);
        }
        std::ranges::stable_sort(module_.members, {},
                                 [](const Member& member) { return member.number.value_or(0); });
        for (Member& member : module_.members) {
            decide(member);
            if (is_kernel(member.layer())) kernels_.push_back(&member);
        }
        if (module_.told_by_user) obey_user();
        decide_partners();
        find_biases();
        decide_kind();
        for (const Member& member : module_.members) name_numbered(member);
    }

  private:
    void set(const Member& member, Role role, const std::string& evidence) {
        member.layer().role = role;
        member.layer().evidence = {fmt::format("{}: {}", role_name(role), evidence)};
    }

    void decide(Member& member) {
        if (lies_in_optimizer(member.path->name))
            return set(member, Role::kOptimizerSlot, "it lies below the optimizer");
        if (member.number) return decide_numbered(member);
        if (member.state == "weight") return decide_weight(member);
        if (!member.meaning) return set(member, Role::kOther, "its name does not tell");
        Role role = member.meaning->role;
        const bool is_vector = member.rank() < 2;
        const bool wants_matrix = role == Role::kKernel || role == Role::kRecurrentKernel;
        if (wants_matrix && is_vector) role = Role::kOther;
        set(member, role, fmt::format("the name '{}'", member.state));
    }

    /// Gives tensors the roles that a layer of the user's type has: no kernel in an embedding, a
    /// normalization or an activation, and at least one elsewhere.
    void obey_user() {
        static constexpr const char* kEvidence = "the type that --types tells";
        const auto is_kernel_here = [](const Member& member) { return is_kernel(member.layer()); };
        const bool is_table = module_.kind == Kind::kEmbedding;
        if (is_table || module_.kind == Kind::kNormalization || module_.kind == Kind::kActivation) {
            for (const Member& member : module_.members) {
                if (is_kernel_here(member))
                    set(member, is_table ? Role::kEmbedding : Role::kGain, kEvidence);
            }
            return;
        }
        const bool has_matrices =
            std::ranges::any_of(kernels_, [](const Member* kernel) { return kernel->rank() == 2; });
        if (module_.kind == Kind::kConvolution && has_matrices) {
            module_.kind = Kind::kLinear;  // Hugging Face calls such a layer Conv1D
            module_.kind_evidence += ", and linear, for its kernel has two dimensions";
        }
        if (!kernels_.empty() || module_.quantized != nullptr) return;
        for (const Member& member : module_.members) {
            const Role role = member.layer().role;
            const bool may_be_one =
                role == Role::kEmbedding || role == Role::kOther || role == Role::kGain;
            if (member.rank() >= 2 && may_be_one) set(member, Role::kKernel, kEvidence);
        }
    }

    [[nodiscard]] const Member* named(const std::string& state) const {
        const auto found = std::ranges::find(module_.members, state, &Member::state);
        return found == module_.members.end() ? nullptr : &*found;
    }

    /// torch's `weight` is all kinds of things.
    void decide_weight(const Member& member) {
        const Member* const bias = named("bias");
        if (member.rank() >= 2 && bias != nullptr && *bias->shape == *member.shape)
            return set(member, Role::kGain, "its bias has the same shape");
        if (member.rank() < 2) return set(member, Role::kGain, "a weight of one dimension");
        if (module_.kind == Kind::kNormalization)
            return set(member, Role::kGain, "the weight of a normalization");
        if (module_.kind == Kind::kActivation)
            return set(member, Role::kOther, "the weight of an activation");
        const bool embeds =
            (module_.kind == Kind::kEmbedding && (module_.told_by_user || bias == nullptr)) ||
            (module_.kind == Kind::kUnknown && member.rank() == 2 && is_called_embedding(module_));
        if (embeds) return set(member, Role::kEmbedding, "the weight of an embedding");
        set(member, Role::kKernel, fmt::format("a weight of {} dimensions", member.rank()));
    }

    /// Keras stores a quantized layer as integers, bias and scales.
    void decide_beside_integers(Member& member) {
        const bool may_be_bias = *member.number == 1 && module_.kind != Kind::kEmbedding &&
                                 member.rank() > 0 && member.shape->front() != 1;
        member.meaning = StateMeaning{may_be_bias ? Role::kBias : Role::kOther, module_.kind, {}};
        if (may_be_bias) return set(member, Role::kBias, "it follows a kernel of integers");
        set(member, Role::kOther, "it scales the integers of variable 0");
    }

    void decide_numbered(Member& member) {
        if (module_.quantized != nullptr) return decide_beside_integers(member);
        const std::vector<StateMeaning> known = variables_of(module_.kind);
        if (!known.empty()) {
            const bool listed = *member.number < known.size();
            member.meaning = listed ? known[*member.number] : StateMeaning{};
            Role role = member.meaning->role;
            const bool wants_matrix = role == Role::kKernel || role == Role::kRecurrentKernel;
            if (wants_matrix && member.rank() < 2) role = Role::kOther;
            return set(member, role,
                       fmt::format("variable {} of {}", *member.number, module_.type));
        }
        decide_by_shape(member);
    }

    /// The variables of an unknown layer come in the order kernel, recurrent kernel, bias.
    void decide_by_shape(const Member& member) {
        const Shape& shape = *member.shape;
        if (member.rank() < 2) {
            return kernels_.empty() ? set(member, Role::kGain, "a first variable of one dimension")
                                    : set(member, Role::kBias, "one dimension, behind a kernel");
        }
        for (const Member* kernel : kernels_) {
            const Shape& all = *kernel->shape;
            if (shape.size() < all.size() && std::equal(shape.rbegin(), shape.rend(), all.rbegin()))
                return set(member, Role::kBias, "the last dimensions of the kernel before it");
            if (shape.size() == 2 && all.size() == 3 && shape[0] == all[0] && shape[1] == all[2])
                return set(member, Role::kBias, "a row for each kernel of the stack before it");
        }
        if (kernels_.size() >= 2 && shape.size() == 2 && shape[0] == 2 &&
            shape[1] == kernels_[0]->shape->back()) {
            return set(member, Role::kBias, "two biases of a recurrent layer");
        }
        if (kernels_.size() == 1 && shape.size() == 2 && is_recurrent(*kernels_[0]->shape, shape)) {
            module_.kind = Kind::kRecurrent;
            module_.kind_evidence = "recurrent: 3 or 4 gates of one size";
            return set(member, Role::kRecurrentKernel, "gates by units, behind a kernel");
        }
        if (module_.kind == Kind::kUnknown && is_of_linear_attention(member)) {
            module_.kind = Kind::kDepthwiseConvolution;
            module_.kind_evidence = "depthwise: the first variable of a linear attention";
            return set(member, Role::kKernel, "channels by taps");
        }
        if (module_.kind == Kind::kUnknown) {
            const std::string table = evidence_of_table(module_, member, is_called_head());
            if (!table.empty()) return set(member, Role::kEmbedding, table);
            if (is_bias_of_query(module_, member))
                return set(member, Role::kBias, "the last dimensions of the query below");
        }
        if (shape.size() == 2 && module_.members.size() == 1 && member.state.starts_with("param_"))
            return set(member, Role::kEmbedding, "Keras 0 has no other layer of a single matrix");
        if (shape.size() == 2 && shape[0] == 1 &&
            module_.last_component().starts_with("spectral_normalization"))
            return set(member, Role::kStatistic, "the vector of a spectral normalization");
        set(member, Role::kKernel, fmt::format("a variable of {} dimensions", shape.size()));
    }

    /// True for the convolution that KerasHub's Qwen keeps beside the layers of its attention.
    [[nodiscard]] bool is_of_linear_attention(const Member& member) const {
        return module_.holds_layers && member.number == std::size_t{0} && member.rank() == 2 &&
               module_.last_component().ends_with("linear_attn");
    }

    [[nodiscard]] static bool is_recurrent(const Shape& kernel, const Shape& second) {
        return kernel.size() == 2 && kernel[1] == second[1] &&
               (second[1] == 3 * second[0] || second[1] == 4 * second[0]);
    }

    /// A tensor whose name says nothing is a kernel if another one is named as its bias.
    void decide_partners() {
        BiasFinder biases(module_);
        for (const Member& member : module_.members) {
            if (member.layer().role != Role::kOther || member.rank() < 2 || member.meaning)
                continue;
            const Member* const bias = biases.bias_of(member);
            if (bias == nullptr || !may_be_bias(*bias->shape, *member.shape)) continue;
            const bool was_bias = bias->layer().role == Role::kBias;
            set(member, Role::kKernel, fmt::format("'{}' is its bias", bias->state));
            set(*bias, Role::kBias, fmt::format("'{}' is its kernel", member.state));
            biases.count(member);
            if (!was_bias) biases.count(*bias);
        }
    }

    void find_biases() {
        const BiasFinder biases(module_);
        for (Member& member : module_.members)
            member.bias = is_kernel(member.layer()) ? biases.bias_of(member) : nullptr;
    }

    /// True where a default name lies: no embedding, normalization or activation has a kernel.
    [[nodiscard]] bool is_type_refuted() const {
        const bool has_none = module_.kind == Kind::kEmbedding ||
                              module_.kind == Kind::kNormalization ||
                              module_.kind == Kind::kActivation;
        return has_none && !module_.told_by_user && has_kernel();
    }

    [[nodiscard]] bool has_kernel() const {
        return std::ranges::any_of(module_.members,
                                   [](const Member& member) { return is_kernel(member.layer()); });
    }

    void decide_kind() {
        if (is_type_refuted()) {
            module_.kind = Kind::kUnknown;
            module_.type.clear();
        }
        if (module_.kind != Kind::kUnknown) return;
        if (has_both_kernels())
            return set_kind(Kind::kSeparableConvolution,
                            "it has a depthwise and a pointwise kernel");
        const bool any_kernel = has_kernel();
        for (const Member& member : module_.members) {
            if (!member.meaning || member.meaning->kind == Kind::kUnknown) continue;
            if (member.layer().role == Role::kOptimizerSlot) continue;
            if (any_kernel && member.layer().role == Role::kEmbedding) continue;
            return set_kind(member.meaning->kind, fmt::format("it has '{}'", member.state));
        }
        for (const Member& member : module_.members) {
            if (member.layer().role == Role::kOptimizerSlot)
                return set_kind(Kind::kOptimizer, "its path");
            if (is_kernel(member.layer())) return set_kind_of(member);
        }
        const auto has = [&](Role role) {
            return std::ranges::any_of(
                module_.members, [&](const Member& member) { return member.layer().role == role; });
        };
        if (has(Role::kEmbedding)) return set_kind(Kind::kEmbedding, "the role of its tensor");
        if (has(Role::kGain)) set_kind(Kind::kNormalization, "a gain and no kernel");
    }

    /// Tells the kind by the shapes of a kernel and its bias.
    void set_kind_of(const Member& kernel) {
        const Shape& shape = *kernel.shape;
        const std::size_t rank = shape.size();
        const Shape no_bias;
        const Shape& bias = kernel.bias == nullptr ? no_bias : *kernel.bias->shape;
        if (is_stack(module_, kernel))
            return set_kind(Kind::kEinsum, "a stack of kernels, by its name or its bias");
        // The heads of Gemma's own code: kv_einsum.
        const bool is_named =
            rank == 4 && !equation_of_attention(module_.last_component(), rank, false).empty();
        if (is_named || (rank == 3 && is_of_heads(kernel)))
            return set_kind(Kind::kAttention,
                            fmt::format("its name, and a kernel of {} dimensions", rank));
        if (bias.size() >= 2 &&
            std::equal(bias.begin(), bias.end(), shape.begin() + 1, shape.end()))
            return set_kind(Kind::kEinsum, fmt::format("its bias has {} dimensions", bias.size()));
        const bool is_transposed = rank >= 3 && bias.size() == 1 && shape[1] == bias[0] &&
                                   shape.front() != bias[0] && shape.back() != bias[0];
        if (is_transposed)
            return set_kind(Kind::kTransposedConvolution, "dimension 1 is as long as its bias");
        if (rank >= 3 && is_transposed_of_flax(module_.last_component()))
            return set_kind(Kind::kTransposedConvolution, "Flax gives it this name");
        set_kind(
            rank == 2 ? Kind::kLinear : Kind::kConvolution,
            fmt::format("its kernel has {} dimensions", rank == 2 ? "two" : std::to_string(rank)));
    }

    [[nodiscard]] bool has_both_kernels() const {
        const auto has = [&](Kind kind) {
            return std::ranges::any_of(module_.members, [&](const Member& member) {
                return member.meaning && member.meaning->kind == kind;
            });
        };
        return has(Kind::kDepthwiseConvolution) && has(Kind::kSeparableConvolution);
    }

    /// True for the names of an attention's kernels: query_dense, attn/key, output_dense. What lies
    /// beside a query, a key and a value may have any name.
    [[nodiscard]] bool is_called_head() const {
        const std::string last = module_.last_component();
        return module_.lies_in_attention || last.find("query") != std::string::npos ||
               last.starts_with("key") || last.starts_with("value") || last.starts_with("_key") ||
               last.starts_with("_value") || last.ends_with("output_dense");
    }

    /// True for the kernels of Keras' and Flax' attention, by their names and by what they lie in.
    [[nodiscard]] bool is_of_heads(const Member& member) const {
        const bool is_stored_last =
            member.number ||
            (member.meaning && member.meaning->order == DimensionOrder::kOutputLast);
        const auto says = [](const std::string& component) {
            return component == "mha" || component.find("ttention") != std::string::npos ||
                   component.find("attn") != std::string::npos;
        };
        return is_stored_last &&
               (is_called_head() || std::ranges::any_of(module_components(module_.name), says));
    }

    void set_kind(Kind kind, const std::string& evidence) {
        module_.kind = kind;
        // The file or the user may have told a type that says no kind, such as a wrapper.
        const std::string type = module_.type.empty() ? "" : module_.kind_evidence + "; ";
        module_.kind_evidence = fmt::format("{}{}: {}", type, kind_name(kind), evidence);
    }

    /// A separable convolution has two kernels.
    [[nodiscard]] std::string name_of_kernel(const Member& member) const {
        if (module_.kind != Kind::kSeparableConvolution || !member.meaning) return "weight";
        return member.meaning->kind == Kind::kDepthwiseConvolution ? "depthwise_kernel"
                                                                   : "pointwise_kernel";
    }

    /// Returns the number of a variable that rules have no name for.
    [[nodiscard]] std::string name_of_other(const Member& member) const {
        if (module_.quantized != nullptr) return "kernel_scale";
        if (module_.kind == Kind::kActivation) return "alpha";
        return member.state;
    }

    /// Numbered variables get the names that rules know: weight, bias, ...
    void name_numbered(const Member& member) const {
        if (!member.number) return;
        std::string& state = member.path->name.state_name;
        switch (member.layer().role) {
            case Role::kKernel:
                state = name_of_kernel(member);
                break;
            case Role::kRecurrentKernel:
                state = "recurrent_kernel";
                break;
            case Role::kBias:
                state = "bias";
                break;
            case Role::kGain:
                state = "gamma";
                break;
            case Role::kEmbedding:
                state = "embeddings";
                break;
            case Role::kStatistic:
                state = *member.number == 2 ? "moving_mean" : "moving_variance";
                break;
            case Role::kOther:
                state = name_of_other(member);
                break;
            default:
                state = member.rank() >= 2 ? "weight" : "bias";
        }
    }

    Module& module_;
    std::vector<const Member*> kernels_;  // those decided so far, in order
};

}  // namespace

void decide_roles(Module& module) { Roles(module).decide(); }

}  // namespace pal
