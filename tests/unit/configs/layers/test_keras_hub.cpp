// Layers of KerasHub and Flax whose modules have the names of attributes, and layers that Keras
// quantized, by the values that their code documents.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/support/layer_tables.hpp"

using namespace pal;
using namespace pal::test;

namespace {

/// Checks the dimensions of an attention's query, key, value, each with a bias, and its output.
void check_attention(const Table& table) {
    for (const std::size_t tensor : {0U, 2U, 4U, 6U}) {
        const std::string& path = table.candidates[tensor].path;
        check_role(table, tensor, Role::kKernel);
        BOOST_TEST((table.kind(tensor) == Kind::kAttention), path);
        BOOST_TEST(table[tensor].layer.type == "MultiheadAttention", path);
        for (const std::string& module : table[tensor].name.module_names)
            BOOST_TEST(table.table.types.at(module) == "MultiheadAttention", module);
        if (tensor < 6) check_axes(table, tensor, {1, 2}, {0, 1});
    }
    check_axes(table, 6, {2, 1}, {0, 2});
    for (const std::size_t tensor : {1U, 3U, 5U, 7U}) check_role(table, tensor, Role::kBias);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keras_hub)

// ViT and DeiT: MultiHeadAttention is the attribute `mha` and its output is "abcd,cde->abe".
BOOST_AUTO_TEST_CASE(an_attention_of_any_name_is_told_by_its_query_key_and_value) {
    for (const std::string name : {"mha", "cross_attention", "mixer"}) {
        const std::string block = "/layers/vi_t_encoder/encoder_layers/block/" + name + "/";
        check_attention(Table({{block + "query_dense/vars/0", {48, 6, 8}},
                               {block + "query_dense/vars/1", {6, 8}},
                               {block + "key_dense/vars/0", {48, 6, 8}},
                               {block + "key_dense/vars/1", {6, 8}},
                               {block + "value_dense/vars/0", {48, 6, 8}},
                               {block + "value_dense/vars/1", {6, 8}},
                               {block + "output_dense/vars/0", {6, 8, 48}},
                               {block + "output_dense/vars/1", {48}}},
                              keras()));
    }
    for (const std::string name : {"MultiHeadDotProductAttention_0", "mixer"}) {
        const std::string block = "/params/" + name + "/";
        check_attention(Table({{block + "query/kernel", {64, 4, 16}},
                               {block + "query/bias", {4, 16}},
                               {block + "key/kernel", {64, 4, 16}},
                               {block + "key/bias", {4, 16}},
                               {block + "value/kernel", {64, 4, 16}},
                               {block + "value/bias", {4, 16}},
                               {block + "out/kernel", {4, 16, 64}},
                               {block + "out/bias", {64}}},
                              {}));
    }
}

// A part of the model may lie in another file.
BOOST_AUTO_TEST_CASE(the_end_of_an_attention_is_known_without_its_query) {
    const Table table({{"/layers/a/mha/output_dense/vars/0", {6, 8, 48}},
                       {"/layers/a/mha/output_dense/vars/1", {48}},
                       {"/layers/b/self_attn/attention_output/vars/0", {6, 8, 48}},
                       {"/params/SelfAttention_0/out/kernel", {4, 16, 64}}},
                      keras());
    for (const std::size_t tensor : {0U, 2U, 3U}) {
        BOOST_TEST((table.kind(tensor) == Kind::kAttention), table.candidates[tensor].path);
        check_axes(table, tensor, {2, 1}, {0, 2});
    }
}

// Keras 3 stores kernel, bias and scale; int4 also a zero point and the input scales of AWQ.
BOOST_AUTO_TEST_CASE(a_layer_of_integers_has_no_kernel_among_its_scales) {
    const std::string mha = "/layers/multi_head_attention/";
    const Table table(
        {{mha + "query_dense/vars/0", {96, 12, 64}},
         {mha + "query_dense/vars/1", {12, 64}},
         {mha + "query_dense/vars/2", {1, 12, 64}},
         {mha + "output_dense/vars/0", {12, 64, 768}},
         {mha + "output_dense/vars/1", {768}},
         {mha + "output_dense/vars/2", {1, 1, 768}},
         {"/layers/b/mha/key_dense/vars/0", {48, 24}},
         {"/layers/b/mha/key_dense/vars/1", {4, 12}},
         {"/layers/b/mha/key_dense/vars/2", {1, 48}},
         {"/layers/b/mha/key_dense/vars/4", {48}},
         {"/layers/mine/vars/0", {4, 48, 32}},
         {"/layers/mine/vars/1", {1, 1, 4, 32}},
         {"/layers/embedding/vars/0", {500, 24}},
         {"/layers/embedding/vars/1", {500, 1}},
         {"/layers/dense/vars/0", {96, 64}},
         {"/layers/dense/vars/1", {64}}},
        keras(),
        {mha + "query_dense/vars/0", mha + "output_dense/vars/0", "/layers/b/mha/key_dense/vars/0",
         "/layers/mine/vars/0", "/layers/embedding/vars/0"});
    for (const std::size_t tensor : {1U, 4U, 7U}) {
        check_role(table, tensor, Role::kBias);
        BOOST_TEST(table[tensor].name.state_name == "bias");
    }
    for (const std::size_t tensor : {2U, 5U, 8U, 9U, 11U, 13U}) {
        check_role(table, tensor, Role::kOther);
        BOOST_TEST(table[tensor].name.state_name == "kernel_scale");
        BOOST_TEST(!table[tensor].layer.is_weight);
    }
    check_role(table, 14, Role::kKernel);
}

BOOST_AUTO_TEST_CASE(the_scales_of_a_quantized_layer_are_known_by_name) {
    const std::string query = "/mha/mha/query/";
    const Table table({{query + "bias", {4, 12}},
                       {query + "kernel", {48, 4, 12}},
                       {query + "kernel_scale", {1, 1, 4, 12}},
                       {"/d/d/bias", {64}},
                       {"/d/d/kernel", {48, 32}},
                       {"/d/d/kernel_scale", {3, 64}},
                       {"/d/d/inputs_scale", {3, 64}},
                       {"/d/d/outputs_grad_amax_history", {3, 64}},
                       {"/d/d/kernel_zero", {3, 64}}},
                      keras(), {query + "kernel", "/d/d/kernel"});
    for (const std::size_t tensor : {0U, 3U}) check_role(table, tensor, Role::kBias);
    for (const std::size_t tensor : {2U, 5U, 6U, 7U, 8U}) check_role(table, tensor, Role::kOther);
}

BOOST_AUTO_TEST_CASE(tables_of_tokens_and_positions_are_no_kernels) {
    const std::string dino = "/layers/dinov2_embedding/";
    const std::string quantizer =
        "/layers/residual_vector_quantizer/quantizers/vector_quantizer_ema/";
    const std::string siglip = "/layers/sig_lip_multi_head_attention_pooling/";
    const std::string swin = "/layers/swin_transformer_stage/blocks/swin_transformer_block/attn/";
    const std::string t5 = "/layers/t5_transformer_layer/self_attention/";
    const std::string pe = "/layers/windowed_encoder/attention/add_decomposed_relative_pe/";
    const std::vector<std::pair<std::string, Shape>> tables{
        {dino + "vars/0", {1, 1, 384}},
        {dino + "vars/1", {1, 384}},
        {dino + "vars/2", {1, 257, 384}},
        {dino + "vars/3", {1, 1370, 384}},
        {"/layers/vi_t_patching_and_embedding/vars/0", {1, 1, 48}},
        {"/layers/dei_t_embeddings/vars/2", {1, 51, 48}},
        {"/layers/add_positional_embedding/vars/0", {1, 64, 64, 48}},
        {pe + "vars/0", {127, 64}},
        {pe + "vars/1", {127, 64}},
        {swin + "vars/0", {169, 24}},
        {t5 + "vars/0", {32, 8}},
        {quantizer + "vars/0", {256, 32}},
        {quantizer + "vars/2", {256, 32}},
        {"/layers/par_seq_decoder/vars/0", {1, 26, 64}},
        {"/layers/blip2_query_tokens/vars/0", {1, 32, 64}},
        {"/layers/xl_net_attention_mask_layer/vars/0", {1, 1, 64}},
        {siglip + "vars/0", {1, 1, 64}}};
    const std::vector<std::pair<std::string, Shape>> kernels{
        {dino + "patch_embeddings/projection/vars/0", {14, 14, 3, 384}},
        {dino + "patch_embeddings/projection/vars/1", {384}},
        {"/layers/clip_vision_embedding/patch_embedding/vars/0", {16, 16, 3, 384}},
        {"/layers/dei_t_embeddings/patch_embedding/vars/0", {4, 4, 3, 48}},
        {"/layers/dei_t_embeddings/patch_embedding/vars/1", {48}},
        {"/layers/par_seq_decoder/mlp/vars/0", {64, 256}},
        {"/layers/a/embedding_projection/vars/0", {64, 256}},
        {"/layers/a/embedding_projection/vars/1", {256}},
        {"/layers/a/token_mixing/vars/0", {64, 256}},
        {"/layers/a/position_proj/vars/0", {64, 256}},
        {"/layers/a/reduce/vars/0", {1, 1, 64, 256}},
        {"/layers/a/pointwise/vars/0", {1, 64, 256}},
        {"/layers/gemma_block/attention/value_dense/vars/0", {1, 2048, 256}},
        {"/layers/gemma_block/attention/query_dense/vars/0", {8, 2048, 256}},
        {siglip + "hidden/vars/0", {64, 256}},
        {swin + "qkv/vars/0", {96, 288}},
        {swin + "qkv/vars/1", {288}},
        {t5 + "query_projector/vars/0", {96, 64}}};
    std::vector<std::pair<std::string, Shape>> all = tables;
    all.insert(all.end(), kernels.begin(), kernels.end());
    all.push_back({quantizer + "vars/1", {256}});
    const Table table(all, keras());
    for (std::size_t tensor = 0; tensor < tables.size(); ++tensor) {
        check_role(table, tensor, Role::kEmbedding);
        BOOST_TEST(table[tensor].layer.type == "", table.candidates[tensor].path);
    }
    for (std::size_t tensor = tables.size(); tensor < all.size() - 1; ++tensor) {
        if (all[tensor].second.size() > 1) check_role(table, tensor, Role::kKernel);
    }
    const auto& types = table.table.types;
    BOOST_TEST(!types.contains("layers.dinov2_embedding"));
    BOOST_TEST(types.at("layers.dinov2_embedding.patch_embeddings.projection") == "Conv2d");
    BOOST_TEST(types.at("layers.dei_t_embeddings.patch_embedding") == "Conv2d");
    BOOST_TEST(types.at("layers.par_seq_decoder.mlp") == "Linear");
}

// XLNet adds biases (heads, size) to the query, and (2, heads, size) for segments.
BOOST_AUTO_TEST_CASE(biases_of_heads_may_lie_above_the_attention) {
    const std::string encoder = "/layers/xl_net_encoder/";
    const Table table({{encoder + "vars/0", {16, 64}},
                       {encoder + "vars/1", {16, 64}},
                       {encoder + "vars/2", {16, 64}},
                       {encoder + "vars/3", {2, 16, 64}},
                       {encoder + "vars/4", {1024, 128}},
                       {encoder + "relative_attention/_query_dense/vars/0", {1024, 16, 64}}},
                      keras());
    for (const std::size_t tensor : {0U, 1U, 2U, 3U}) check_role(table, tensor, Role::kBias);
    check_role(table, 4, Role::kKernel);
    check_role(table, 5, Role::kKernel);
}

// A rule by type covers all layers below its module.
BOOST_AUTO_TEST_CASE(a_layer_that_holds_others_has_no_type_of_its_own_kernel) {
    const Table table({{"/layers/mine/vars/0", {64, 32}},
                       {"/layers/mine/patch/vars/0", {3, 3, 16, 64}},
                       {"/layers/other/vars/0", {64, 32}}},
                      keras());
    BOOST_TEST(!table.table.types.contains("layers.mine"));
    BOOST_TEST(table.table.types.at("layers.mine.patch") == "Conv2d");
    BOOST_TEST(table.table.types.at("layers.other") == "Linear");
}

// Both kernels answer to `weight`, and each has a name that tells it apart.
BOOST_AUTO_TEST_CASE(the_kernels_of_a_separable_convolution_have_their_own_states) {
    const Table table({{"/layers/separable_conv2d/vars/0", {3, 3, 64, 1}},
                       {"/layers/separable_conv2d/vars/1", {1, 1, 64, 128}},
                       {"/layers/separable_conv2d/vars/2", {128}},
                       {"/layers/p_re_lu/vars/0", {16, 16, 12}},
                       {"/layers/dense/vars/5", {3, 64}}},
                      keras());
    const std::vector<std::string> states{"depthwise_kernel", "pointwise_kernel", "bias", "alpha",
                                          "5"};
    for (std::size_t tensor = 0; tensor < states.size(); ++tensor)
        BOOST_TEST(table[tensor].name.state_name == states[tensor]);
    for (const std::size_t tensor : {0U, 1U}) BOOST_TEST(table[tensor].layer.is_weight);
    for (const std::size_t tensor : {3U, 4U}) BOOST_TEST(!table[tensor].layer.is_weight);
}

// KerasHub's GatedDeltaNet of Qwen: conv1d_kernel (channels, taps).
BOOST_AUTO_TEST_CASE(the_convolution_of_a_linear_attention_is_depthwise) {
    const std::string attention = "/layers/qwen3_5_transformer_decoder/_linear_attn/";
    const Table table({{attention + "vars/0", {32, 4}},
                       {attention + "vars/1", {2}},
                       {attention + "vars/2", {2}},
                       {attention + "in_proj_qkv/vars/0", {16, 32}}},
                      keras());
    check_role(table, 0, Role::kKernel);
    BOOST_TEST((table.kind(0) == Kind::kDepthwiseConvolution));
    check_axes(table, 0, {0, 1}, {1, 0});
    BOOST_TEST((table.kind(3) == Kind::kLinear));
    check_axes(table, 3, {1, 1}, {0, 1});
}

// Axis 0 is torch's: the input channels. Flax stores (rows, columns, in, out).
BOOST_AUTO_TEST_CASE(a_transposed_convolution_of_flax_is_known_by_its_default_name) {
    const Table table({{"/params/ConvTranspose_0/kernel", {3, 3, 64, 16}},
                       {"/params/ConvTranspose_0/bias", {16}},
                       {"/params/ConvTranspose_1/kernel", {3, 3, 64, 16}},
                       {"/params/Conv_0/kernel", {3, 3, 16, 64}}},
                      {});
    for (const std::size_t tensor : {0U, 2U}) {
        BOOST_TEST((table.kind(tensor) == Kind::kTransposedConvolution));
        BOOST_TEST(table[tensor].layer.type == "ConvTranspose2d");
        check_axes(table, tensor, {2, 1}, {3, 1});
    }
    check_axes(table, 3, {3, 1}, {2, 1});
}

BOOST_AUTO_TEST_CASE(slots_of_optimizers_are_known_by_the_names_of_torch) {
    const std::vector<std::pair<std::string, Shape>> slots{
        {"/optimizer_state_dict/state/0/exp_avg", {64, 32}},
        {"/optim_state/0/m", {64, 32}},
        {"/Optimizer/w/m", {64, 32}},
        {"/state/0/exp_avg", {64, 32}},
        {"/state/12/momentum_buffer", {64, 32}},
        {"/state/0/exp_avg/a", {64, 32}}};
    std::vector<std::pair<std::string, Shape>> all = slots;
    all.push_back({"/state/0/weight", {64, 32}});
    all.push_back({"/optim_head/weight", {64, 32}});
    const Table table(all, {});
    for (std::size_t tensor = 0; tensor < slots.size(); ++tensor)
        check_role(table, tensor, Role::kOptimizerSlot);
    for (std::size_t tensor = slots.size(); tensor < all.size(); ++tensor)
        check_role(table, tensor, Role::kKernel);
}

BOOST_AUTO_TEST_SUITE_END()
