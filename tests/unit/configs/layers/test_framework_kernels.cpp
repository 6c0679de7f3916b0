// Kernels of KerasHub, Hugging Face, CLIP, LoRA and others, by the values that their code
// documents.
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "configs/layers/equations.hpp"
#include "configs/text/parse_types.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/layer_tables.hpp"

using namespace pal;
using namespace pal::test;

namespace {

/// The sentences of explain on a tensor, one a line.
std::string evidence(const Table& table, std::size_t tensor) {
    std::string text;
    for (const std::string& sentence : table[tensor].layer.evidence) text += sentence + "\n";
    return text;
}

void check_evidence(const Table& table, std::size_t tensor, const std::string& words) {
    const std::string text = evidence(table, tensor);
    BOOST_TEST(text.find(words) != std::string::npos,
               table.candidates[tensor].path << ": " << text << "lacks " << words);
}

LayerHints told(const std::string& types, LayerHints hints = {}) {
    hints.types = parse_types(types, "t.yaml");
    return hints;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(framework_kernels)

BOOST_AUTO_TEST_CASE(an_equation_tells_the_dimensions_of_its_kernel) {
    const auto check = [](std::string_view equation, std::size_t rank, ChannelDims output,
                          ChannelDims input, bool has_note) {
        const auto found = channels_of_equation(equation, rank);
        BOOST_TEST_REQUIRE(found.has_value(), equation);
        BOOST_TEST((found->output == output), equation);
        BOOST_TEST((found->input == input), equation);
        BOOST_TEST(!found->note.empty() == has_note, equation);
    };
    check("btd,df->btf", 2, {1, 1}, {0, 1}, false);
    check("btd,fd->btf", 2, {0, 1}, {1, 1}, false);
    check("btd,dnh->btnh", 3, {1, 2}, {0, 1}, false);
    check("btnh,nhd->btd", 3, {2, 1}, {0, 2}, false);
    check("btd,ndh->btnh", 3, {2, 1}, {1, 1}, true);
    check("btd,sdnh->btsnh", 4, {2, 2}, {1, 1}, true);
    check("...x,xy->...y", 2, {1, 1}, {0, 1}, false);
    check("ebd, edf -> ebf", 3, {2, 1}, {1, 1}, false);
    check("abc,bc->abc", 2, {0, 2}, {1, 0}, false);
    for (const std::string_view bad : {"", "btd", "btd,df", "btd->df,x", "ab,cd->ab"})
        BOOST_TEST(!channels_of_equation(bad, 2).has_value(), bad);
    BOOST_TEST(!channels_of_equation("btd,df->btf", 3).has_value());
}

// KerasHub's CachedGemmaAttention: query "btd,ndh->btnh", key and value "bsd,kdh->bskh", output
// "btnh,nhd->btd". The outputs of the query are dimensions 0 and 2.
BOOST_AUTO_TEST_CASE(kernels_of_gemma_have_their_input_between_their_outputs) {
    const std::string block = "/layers/gemma_decoder_block_1/";
    const Table table({{block + "attention/query_dense/vars/0", {8, 2048, 256}},
                       {block + "attention/key_dense/vars/0", {1, 2048, 256}},
                       {block + "attention/value_dense/vars/0", {1, 2048, 256}},
                       {block + "attention/output_dense/vars/0", {8, 256, 2048}},
                       {block + "gating_ffw/vars/0", {2048, 16384}},
                       {block + "gating_ffw_2/vars/0", {2048, 16384}},
                       {block + "ffw_linear/vars/0", {16384, 2048}},
                       {block + "pre_attention_norm/vars/0", {2048}}},
                      keras());
    for (const std::size_t tensor : {0U, 1U, 2U}) {
        check_role(table, tensor, Role::kKernel);
        BOOST_TEST((table.kind(tensor) == Kind::kAttention));
        check_axes(table, tensor, {2, 1}, {1, 1});
        check_evidence(table, tensor, "axis 0, output channels: dimension 2, because: '");
        check_evidence(table, tensor,
                       "btd,ndh->btnh; the outputs are dimensions 0 and 2, and only "
                       "adjacent ones can count as one");
    }
    check_axes(table, 3, {2, 1}, {0, 2});
    check_evidence(table, 3, "ends the heads of attention, by the equation btnh,nhd->btd");
    for (const std::size_t tensor : {4U, 5U, 6U}) {
        BOOST_TEST((table.kind(tensor) == Kind::kLinear));
        check_axes(table, tensor, {1, 1}, {0, 1});
    }
    check_role(table, 7, Role::kGain);
}

// The kernel that ends the heads says which form it is, whatever the layers are called.
BOOST_AUTO_TEST_CASE(the_output_of_attention_tells_the_form_of_its_query) {
    const Table table({{"/decoder_block_0/attention/query/kernel:0", {4, 64, 16}},
                       {"/decoder_block_0/attention/attention_output/kernel:0", {4, 16, 64}},
                       {"/gemma_block/attention/query/kernel:0", {64, 4, 16}},
                       {"/gemma_block/attention/attention_output/kernel:0", {4, 16, 64}},
                       {"/gemma/attention/query/kernel:0", {4, 64, 16}},
                       {"/llama/attention/query/kernel:0", {64, 4, 16}}},
                      keras());
    check_axes(table, 0, {2, 1}, {1, 1});
    check_axes(table, 1, {2, 1}, {0, 2});
    check_axes(table, 2, {1, 2}, {0, 1});
    check_axes(table, 4, {2, 1}, {1, 1});  // no output: by its name
    check_axes(table, 5, {1, 2}, {0, 1});
}

// KerasHub's T5Gemma has the usual form, and no other name. XLNet's output is "ibnd,hnd->ibh",
// D-FINE's sampling offsets are "abc,cdef->abdef" with the bias "def".
BOOST_AUTO_TEST_CASE(other_kernels_of_keras_hub_have_their_dimensions) {
    const std::string xlnet = "/layers/xl_net_encoder/relative_attention/";
    const Table table({{"/layers/t5_gemma_layer/self_attn/query_dense/vars/0", {64, 4, 16}},
                       {"/layers/t5_gemma_layer/self_attn/output_dense/vars/0", {4, 16, 64}},
                       {xlnet + "_query_dense/vars/0", {64, 4, 16}},
                       {xlnet + "_query_dense/vars/1", {4, 16}},
                       {xlnet + "_output_dense/vars/0", {64, 4, 16}},
                       {xlnet + "_encoding_dense/vars/0", {64, 4, 16}},
                       {"/layers/d_fine/sampling_offsets/vars/0", {64, 8, 12, 2}},
                       {"/layers/d_fine/sampling_offsets/vars/1", {8, 12, 2}}},
                      keras());
    for (const std::size_t tensor : {0U, 2U, 5U}) check_axes(table, tensor, {1, 2}, {0, 1});
    check_axes(table, 1, {2, 1}, {0, 2});
    check_axes(table, 4, {0, 1}, {1, 2});
    check_evidence(table, 4, "by the equation btnh,dnh->btd");
    check_axes(table, 6, {1, 3}, {0, 1});
    BOOST_TEST((table.kind(6) == Kind::kEinsum));
    check_role(table, 7, Role::kBias);
}

// Gemma's own code: q_einsum (heads, in, size), kv_einsum (2, heads, in, size).
BOOST_AUTO_TEST_CASE(einsum_kernels_of_flax_are_known_by_name) {
    const std::string block = "/transformer/layer_0/attn/";
    const Table table({{block + "q_einsum/w", {8, 2048, 256}},
                       {block + "kv_einsum/w", {2, 1, 2048, 256}},
                       {block + "attn_vec_einsum/w", {8, 256, 2048}}},
                      {});
    check_axes(table, 0, {2, 1}, {1, 1});
    check_axes(table, 1, {3, 1}, {2, 1});
    check_axes(table, 2, {2, 1}, {0, 2});
}

BOOST_AUTO_TEST_CASE(an_equation_in_the_file_decides) {
    LayerHints hints = keras({{"ein", "EinsumDense"}, {"query", "EinsumDense"}});
    hints.equations = {{"ein", "abc,dc->abd"}, {"query", "btd,sdnh->btsnh"}};
    hints.names["/layers/einsum_dense/vars"] = "ein";
    const Table table({{"/ein/ein/kernel:0", {32, 64}},
                       {"/query/query/kernel:0", {2, 64, 4, 16}},
                       {"/layers/einsum_dense/vars/0", {32, 64}},
                       {"/layers/other/ein/vars/0", {3, 32, 64}}},
                      hints);
    check_axes(table, 0, {0, 1}, {1, 1});
    check_evidence(table, 0, "model_config gives the equation abc,dc->abd");
    check_axes(table, 1, {2, 2}, {1, 1});
    check_axes(table, 2, {0, 1}, {1, 1});
    check_axes(table, 3, {2, 1}, {1, 1});  // the equation does not fit
}

// Hugging Face's Conv1D is (in, out). The bias of c_attn says so; c_proj is square.
BOOST_AUTO_TEST_CASE(kernels_of_the_same_block_decide_for_square_ones) {
    const Table table({{"/h.0.attn.c_attn.weight", {768, 2304}},
                       {"/h.0.attn.c_attn.bias", {2304}},
                       {"/h.0.attn.c_proj.weight", {768, 768}},
                       {"/h.0.attn.c_proj.bias", {768}},
                       {"/h.0.mlp.c_proj.weight", {3072, 768}},
                       {"/h.0.mlp.c_proj.bias", {768}},
                       {"/h.0.crossattention.q_proj.weight", {768, 768}},
                       {"/score.weight", {2, 768}},
                       {"/lm.a.weight", {4, 8}},
                       {"/lm.a.bias", {4}},
                       {"/lm.b.weight", {8, 4}},
                       {"/lm.b.bias", {4}},
                       {"/lm.c.weight", {8, 8}},
                       {"/fc1.weight", {4, 8}},
                       {"/fc1.bias", {8}},
                       {"/fc2.weight", {8, 8}}},
                      {});
    for (const std::size_t tensor : {0U, 2U, 4U}) check_axes(table, tensor, {1, 1}, {0, 1});
    check_evidence(
        table, 2,
        "'/h.0.attn.c_attn.weight' beside it has the shape (768, 2304) and a bias (2304,)");
    check_axes(table, 6, {0, 1}, {1, 1});   // another block
    check_axes(table, 7, {0, 1}, {1, 1});   // not square
    check_axes(table, 12, {0, 1}, {1, 1});  // its neighbours contradict each other
    check_axes(table, 15, {1, 1}, {0, 1});  // the block is the whole file
}

BOOST_AUTO_TEST_CASE(a_bias_with_a_row_for_each_expert_tells_the_outputs) {
    const Table table({{"/moe/kernel", {8, 64, 32}},
                       {"/moe/bias", {8, 32}},
                       {"/moe2.weight", {8, 32, 64}},
                       {"/moe2.bias", {8, 32}},
                       {"/block.mlp1_weight", {8, 128, 64}},
                       {"/block.mlp1_bias", {8, 128}},
                       {"/block.mlp2_weight", {8, 64, 64}},
                       {"/block.mlp2_bias", {8, 64}},
                       {"/maxoutdense_1/maxoutdense_1_W", {4, 64, 32}},
                       {"/maxoutdense_1/maxoutdense_1_b", {4, 32}}},
                      {});
    check_axes(table, 0, {2, 1}, {1, 1});
    check_axes(table, 2, {1, 1}, {2, 1});
    check_axes(table, 4, {1, 1}, {2, 1});
    check_axes(table, 6, {1, 1}, {2, 1});  // square: as the kernel beside it
    check_axes(table, 8, {2, 1}, {1, 1});
    for (const std::size_t tensor : {0U, 2U, 4U, 6U, 8U}) {
        check_role(table, tensor, Role::kKernel);
        check_role(table, tensor + 1, Role::kBias);
        BOOST_TEST((table.kind(tensor) == Kind::kEinsum), table.candidates[tensor].path);
        check_evidence(table, tensor, "dimension 0 counts the kernels of a stack");
    }
    check_evidence(table, 2, "the bias beside it has the shape (8, 32)");
    const Table numbered(
        {{"/layers/experts/vars/0", {8, 64, 32}}, {"/layers/experts/vars/1", {8, 32}}}, keras());
    check_axes(numbered, 0, {2, 1}, {1, 1});
    check_role(numbered, 1, Role::kBias);
    // KerasHub's GPT-OSS, and Mixtral without biases: (experts, in, out).
    const Table hub({{"/layers/gpt_oss/experts/vars/0", {8, 64, 96}},
                     {"/layers/gpt_oss/experts/vars/1", {8, 96}},
                     {"/layers/gpt_oss/experts/vars/2", {8, 48, 64}},
                     {"/layers/gpt_oss/experts/vars/3", {8, 64}},
                     {"/layers/mixtral/expert_bank/vars/0", {8, 64, 48}},
                     {"/layers/mixtral/expert_bank/vars/1", {8, 64, 48}},
                     {"/layers/mixtral/expert_bank/vars/2", {8, 48, 64}}},
                    keras());
    for (const std::size_t tensor : {0U, 2U, 4U, 5U, 6U}) {
        check_role(hub, tensor, Role::kKernel);
        check_axes(hub, tensor, {2, 1}, {1, 1});
        BOOST_TEST((hub.kind(tensor) == Kind::kEinsum), hub.candidates[tensor].path);
    }
    for (const std::size_t tensor : {1U, 3U}) check_role(hub, tensor, Role::kBias);
    BOOST_TEST(hub.table.warnings.empty());
}

// GPT-OSS and Llama 4 store (experts, in, out); Mixtral and Qwen in transformers 5 (experts, out,
// in).
BOOST_AUTO_TEST_CASE(fused_experts_are_told_by_how_they_fit_together) {
    const Table table({{"/a.experts.gate_up_proj", {8, 64, 96}},
                       {"/a.experts.down_proj", {8, 48, 64}},
                       {"/b.experts.gate_up_proj", {8, 96, 64}},
                       {"/b.experts.down_proj", {8, 64, 48}},
                       {"/c.experts.gate_up_proj", {8, 64, 128}},
                       {"/c.experts.gate_up_proj_bias", {8, 128}},
                       {"/c.experts.down_proj", {8, 64, 64}},
                       {"/c.experts.down_proj_bias", {8, 64}},
                       {"/d.gate_up_proj.weight", {96, 64}},
                       {"/d.down_proj.weight", {64, 48}}},
                      {});
    for (const std::size_t tensor : {0U, 1U, 4U, 6U}) check_axes(table, tensor, {2, 1}, {1, 1});
    for (const std::size_t tensor : {2U, 3U}) check_axes(table, tensor, {1, 1}, {2, 1});
    for (const std::size_t tensor : {8U, 9U}) check_axes(table, tensor, {0, 1}, {1, 1});
    for (const std::size_t tensor : {0U, 1U, 2U, 3U, 4U, 6U}) {
        check_role(table, tensor, Role::kKernel);
        BOOST_TEST(!table[tensor].layer.is_weight);
    }
    for (const std::size_t tensor : {5U, 7U}) check_role(table, tensor, Role::kBias);
    check_evidence(table, 3, "'gate_up_proj' and 'down_proj' fit together so");
}

// Keras 0 wrote no classes. Of its layers only an embedding has a single matrix.
BOOST_AUTO_TEST_CASE(a_single_matrix_of_keras_0_is_an_embedding) {
    const Table table({{"/layer_0/param_0", {20000, 128}},
                       {"/layer_1/param_0", {128, 8}},
                       {"/layer_1/param_1", {8}}},
                      {});
    check_role(table, 0, Role::kEmbedding);
    BOOST_TEST((table.kind(0) == Kind::kEmbedding));
    check_evidence(table, 0, "Keras 0 has no other layer of a single matrix");
    check_role(table, 1, Role::kKernel);
}

// torch's parameters without a module of their own. CLIP multiplies by (in, out).
BOOST_AUTO_TEST_CASE(tokens_and_positions_are_no_kernels_and_projections_are) {
    const Table table({{"/cls_token", {1, 1, 768}},
                       {"/pos_embed", {1, 197, 768}},
                       {"/position_ids", {1, 77}},
                       {"/vit.embeddings.position_embeddings", {1, 197, 768}},
                       {"/vit.embeddings.mask_token", {1, 1, 768}},
                       {"/layer.attn.relative_position_bias_table", {169, 4}},
                       {"/layer.attn.qkv.weight", {96, 32}},
                       {"/visual.class_embedding", {768}},
                       {"/visual.positional_embedding", {50, 768}},
                       {"/visual.proj", {768, 512}},
                       {"/text_projection", {512, 256}},
                       {"/patch_embed.proj.weight", {768, 3, 16, 16}},
                       {"/patch_embed.proj.bias", {768}}},
                      {});
    for (const std::size_t tensor : {0U, 1U, 3U, 4U, 5U, 8U}) {
        check_role(table, tensor, Role::kEmbedding);
        BOOST_TEST(!is_kernel(table[tensor].layer));
    }
    check_role(table, 2, Role::kOther);
    check_evidence(table, 1, "the name 'pos_embed'");
    for (const std::size_t tensor : {9U, 10U}) {
        check_role(table, tensor, Role::kKernel);
        BOOST_TEST((table.kind(tensor) == Kind::kLinear));
        BOOST_TEST(!table[tensor].layer.is_weight);  // coreai_opt's `weight` does not reach it
        check_axes(table, tensor, {1, 1}, {0, 1});
    }
    check_evidence(table, 10, "because: 'text_projection' is stored so");
    check_role(table, 11, Role::kKernel);
    check_axes(table, 11, {0, 1}, {1, 1});
}

BOOST_AUTO_TEST_CASE(factors_of_lora_are_kernels) {
    const Table table({{"/q_proj.lora_A.weight", {8, 64}},
                       {"/q_proj.lora_B.weight", {32, 8}},
                       {"/fc.lora_A", {8, 64}},
                       {"/fc.lora_B", {32, 8}},
                       {"/lora/0/vars/lora_kernel_a", {64, 8}},
                       {"/lora/0/vars/lora_kernel_b", {8, 32}},
                       {"/wte.lora_embedding_A", {8, 1000}}},
                      {});
    for (const std::size_t tensor : {0U, 1U, 2U, 3U}) check_axes(table, tensor, {0, 1}, {1, 1});
    for (const std::size_t tensor : {4U, 5U}) check_axes(table, tensor, {1, 1}, {0, 1});
    for (std::size_t tensor = 0; tensor < 6; ++tensor) {
        check_role(table, tensor, Role::kKernel);
        BOOST_TEST((table.kind(tensor) == Kind::kLinear), table.candidates[tensor].path);
    }
    check_role(table, 6, Role::kEmbedding);
}

BOOST_AUTO_TEST_CASE(a_highway_layer_has_two_kernels) {
    const std::string layer = "/highway_1/highway_1_";
    const Table table({{layer + "W", {64, 64}},
                       {layer + "W_carry", {64, 64}},
                       {layer + "b", {64}},
                       {layer + "b_carry", {64}}},
                      keras());
    for (const std::size_t tensor : {0U, 1U}) {
        check_role(table, tensor, Role::kKernel);
        BOOST_TEST((table.kind(tensor) == Kind::kLinear));
        check_axes(table, tensor, {1, 1}, {0, 1});
    }
    for (const std::size_t tensor : {2U, 3U}) check_role(table, tensor, Role::kBias);
}

// The vectors of a spectral normalization are rows of one dimension more in Keras.
BOOST_AUTO_TEST_CASE(vectors_of_spectral_normalization_are_no_kernels) {
    const Table torch({{"/fc.weight_orig", {32, 64}},
                       {"/fc.weight_u", {32}},
                       {"/fc.weight_v", {64}},
                       {"/fc.bias", {32}},
                       {"/conv.parametrizations.weight.original", {32, 64, 3}},
                       {"/conv.parametrizations.weight.0._u", {32}}},
                      {});
    for (const std::size_t tensor : {0U, 4U}) {
        check_role(torch, tensor, Role::kKernel);
        check_axes(torch, tensor, {0, 1}, {1, 1});
    }
    for (const std::size_t tensor : {1U, 2U, 5U}) BOOST_TEST(!is_kernel(torch[tensor].layer));
    const Table table({{"/spectral_normalization/spectral_normalization/kernel:0", {64, 32}},
                       {"/spectral_normalization/spectral_normalization/bias:0", {32}},
                       {"/spectral_normalization/spectral_normalization/sn_u:0", {1, 32}},
                       {"/layers/spectral_normalization/vars/0", {1, 32}},
                       {"/layers/spectral_normalization/layer/vars/0", {64, 32}},
                       {"/layers/spectral_normalization/layer/vars/1", {32}}},
                      keras());
    for (const std::size_t tensor : {0U, 4U}) {
        check_role(table, tensor, Role::kKernel);
        BOOST_TEST((table.kind(tensor) == Kind::kLinear));
    }
    for (const std::size_t tensor : {2U, 3U}) check_role(table, tensor, Role::kStatistic);
}

BOOST_AUTO_TEST_CASE(the_layer_in_a_wrapper_of_the_user_decides) {
    const LayerHints hints = told(
        "{'bi.*': Bidirectional, 'td': TimeDistributed, 'x': keras.layers.TimeDistributed, "
        "'both': Dense, 'both.*': TimeDistributed}",
        keras({{"td", "Dense"}}));
    const Table table({{"/bi/forward_gru/gru_cell/kernel:0", {5, 24}},
                       {"/bi/forward_gru/gru_cell/recurrent_kernel:0", {8, 24}},
                       {"/td/kernel:0", {64, 32}},
                       {"/x/kernel:0", {64, 32}},
                       {"/both/kernel:0", {64, 32}}},
                      hints);
    check_role(table, 1, Role::kRecurrentKernel);
    BOOST_TEST((table.kind(0) == Kind::kRecurrent));
    BOOST_TEST(table[0].layer.type == "Bidirectional(GRUCell)");
    BOOST_TEST(table[2].layer.type == "TimeDistributed(Dense)");
    check_evidence(table, 2, "TimeDistributed(Dense): --types says so of 'td'");
    BOOST_TEST((table.kind(3) == Kind::kLinear));
    check_evidence(table, 3, "TimeDistributed: --types says so of 'x'");
    BOOST_TEST(table[4].layer.type == "TimeDistributed(Dense)");
    BOOST_TEST(table.table.types.at("both") == "TimeDistributed(Dense)");
}

// Hugging Face's Conv1D has two dimensions.
BOOST_AUTO_TEST_CASE(a_class_of_the_user_tells_the_order) {
    const Table table({{"/c_proj.weight", {64, 64}},
                       {"/c_proj.bias", {64}},
                       {"/enc.w1", {3, 64, 32}},
                       {"/enc2.w1", {64, 32, 3}},
                       {"/fc.weight", {32, 64}},
                       {"/fc.bias", {32}},
                       {"/mha.in_proj_weight", {96, 32}}},
                      told("{c_proj: Conv1D, enc: Conv1D, enc2: Conv1d, fc: Dense, mha: "
                           "MultiHeadAttention}"));
    check_axes(table, 0, {1, 1}, {0, 1});
    BOOST_TEST((table.kind(0) == Kind::kLinear));
    check_evidence(table, 0, "Conv1D: --types says so of 'c_proj', and linear, for its kernel");
    check_evidence(table, 0, "dimension 1, because: --types says Conv1D");
    check_axes(table, 2, {2, 1}, {1, 1});
    BOOST_TEST((table.kind(2) == Kind::kConvolution));
    check_axes(table, 3, {0, 1}, {1, 1});
    check_axes(table, 4, {1, 1}, {0, 1});  // whatever its bias says
    check_evidence(table, 4, "dimension 1, because: --types says Dense");
    BOOST_TEST(table.table.warnings.empty());  // the file tells no order
    check_axes(table, 6, {0, 1}, {1, 1});      // its name is one of torch
    const Table bias({{"/b/weight", {64, 32}}, {"/b/bias", {32}}}, told("{b: Linear}"));
    check_axes(bias, 0, {0, 1}, {1, 1});
    const Table file({{"/fc/kernel:0", {64, 32}}}, told("{fc: Linear}", keras()));
    check_axes(file, 0, {0, 1}, {1, 1});
    BOOST_TEST_REQUIRE(file.table.warnings.size() == 1U);
    BOOST_TEST(file.table.warnings[0] ==
               "/fc/kernel:0: --types says Linear, so its dimensions are taken as (out, in, ...). "
               "--types has precedence over keras_version attribute of /, which says (..., in, "
               "out). To decide otherwise, write Dense there");
}

BOOST_AUTO_TEST_CASE(the_empty_pattern_of_types_is_the_module_of_root_tensors) {
    const Table table({{"/weight", {64, 32}}, {"/fc/weight", {64, 32}}}, told("{'': Embedding}"));
    check_role(table, 0, Role::kEmbedding);
    check_role(table, 1, Role::kKernel);
    check_evidence(table, 0, "Embedding: --types says so of ''");
    BOOST_TEST(table.table.types.at("") == "Embedding");
}

// Type rules read the types: a refuted one must not stay there.
BOOST_AUTO_TEST_CASE(a_refuted_default_name_leaves_no_type_behind) {
    const Table table({{"/embedding/embedding/kernel:0", {32, 64}},
                       {"/embedding/embedding/bias:0", {64}},
                       {"/embedding_1/weight", {32, 64}},
                       {"/embedding_1/bias", {32}},
                       {"/normalization/proj/kernel:0", {32, 64}},
                       {"/embedding_2/mix/kernel:0", {32, 64}},
                       {"/embedding_2/token/embeddings:0", {100, 32}}},
                      keras());
    for (const std::size_t tensor : {0U, 2U, 4U, 5U}) {
        check_role(table, tensor, Role::kKernel);
        BOOST_TEST((table.kind(tensor) == Kind::kLinear), table.candidates[tensor].path);
        BOOST_TEST(table[tensor].layer.type == "Linear");
        BOOST_TEST(table.table.types.at(table[tensor].name.module_names.back()) == "Linear");
    }
    BOOST_TEST(!table.table.types.contains("embedding_2"));
    BOOST_TEST(table.table.types.at("embedding_2.token") == "Embedding");
}

BOOST_AUTO_TEST_SUITE_END()
