// The layer table: roles, kinds, types and channels, by the values that the frameworks document.
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "configs/layers/layer_classes.hpp"
#include "configs/text/parse_types.hpp"
#include "stages/tensor/error.hpp"
#include "tests/support/layer_tables.hpp"

using namespace pal;
using namespace pal::test;

BOOST_AUTO_TEST_SUITE(layer_table)

BOOST_AUTO_TEST_CASE(axes_of_keras_are_the_last_dimensions) {
    const Table table({{"/dense/kernel:0", {4, 8}},
                       {"/conv/kernel:0", {3, 3, 4, 8}},
                       {"/conv3d/kernel:0", {3, 3, 3, 4, 8}},
                       {"/lstm/lstm_cell/recurrent_kernel:0", {8, 32}},
                       {"/dense/bias:0", {8}},
                       {"/emb/embeddings:0", {100, 8}}},
                      keras());
    check_axes(table, 0, {1, 1}, {0, 1});
    check_axes(table, 1, {3, 1}, {2, 1});
    check_axes(table, 2, {4, 1}, {3, 1});
    check_axes(table, 3, {1, 1}, {0, 1});
    check_axes(table, 4, {0, 1}, {0, 1});
    check_axes(table, 5, {0, 1}, {1, 1});
    BOOST_TEST((table.role(3) == Role::kRecurrentKernel));
    BOOST_TEST((table.kind(3) == Kind::kRecurrent));
    BOOST_TEST((table.role(5) == Role::kEmbedding));
}

BOOST_AUTO_TEST_CASE(axes_of_torch_are_the_first_dimensions) {
    const Table table({{"/fc/weight", {8, 4}}, {"/conv/weight", {8, 4, 3, 3}}}, {});
    check_axes(table, 0, {0, 1}, {1, 1});
    check_axes(table, 1, {0, 1}, {1, 1});
    BOOST_TEST(table[0].layer.type == "Linear");
    BOOST_TEST(table[1].layer.type == "Conv2d");
    BOOST_TEST(table.table.types.at("conv") == "Conv2d");
}

// Axis 0 of torch's transposed convolution is its input: dimension 3 of Keras' (rows, columns, out,
// in). All channels of a depthwise kernel are output channels: in x multiplier.
BOOST_AUTO_TEST_CASE(transposed_and_depthwise_kernels_have_the_axes_of_torch) {
    const Table table({{"/up/kernel:0", {3, 3, 4, 8}},
                       {"/dw/depthwise_kernel:0", {3, 3, 8, 2}},
                       {"/dw1/depthwise_kernel:0", {3, 3, 8, 1}},
                       {"/sep/depthwise_kernel:0", {3, 3, 5, 2}},
                       {"/sep/pointwise_kernel:0", {1, 1, 10, 6}}},
                      keras({{"up", "Conv2DTranspose"}, {"sep", "SeparableConv2D"}}));
    check_axes(table, 0, {3, 1}, {2, 1});
    check_axes(table, 1, {2, 2}, {3, 0});
    check_axes(table, 2, {2, 1}, {3, 0});
    check_axes(table, 3, {2, 2}, {3, 0});
    check_axes(table, 4, {3, 1}, {2, 1});
}

// Keras 3 numbers the variables of a layer. Groups have the names of classes.
BOOST_AUTO_TEST_CASE(numbered_variables_of_keras_3_have_the_roles_of_their_class) {
    LayerHints hints = keras();
    hints.names["/layers/dense/vars"] = "fc";
    const Table table({{"/layers/dense/vars/0", {4, 8}},
                       {"/layers/dense/vars/1", {8}},
                       {"/layers/separable_conv2d_1/vars/0", {3, 3, 5, 2}},
                       {"/layers/separable_conv2d_1/vars/1", {1, 1, 10, 6}},
                       {"/layers/separable_conv2d_1/vars/2", {6}},
                       {"/layers/batch_normalization/vars/0", {8}},
                       {"/layers/batch_normalization/vars/2", {8}},
                       {"/layers/gru/cell/vars/0", {5, 24}},
                       {"/layers/gru/cell/vars/1", {8, 24}},
                       {"/layers/gru/cell/vars/2", {2, 24}},
                       {"/layers/p_re_lu/vars/0", {1, 1, 32}},
                       {"/layers/embedding/vars/0", {100, 8}},
                       {"/layers/layer_normalization/vars/0", {4, 8}}},
                      hints);
    BOOST_TEST((table.role(0) == Role::kKernel));
    BOOST_TEST(table[0].name.state_name == "weight");
    BOOST_TEST(table[0].layer.type == "Dense");
    BOOST_TEST(table[0].name.module_names.back() == "fc");
    BOOST_TEST((table.role(1) == Role::kBias));
    BOOST_TEST((table.role(2) == Role::kKernel));
    check_axes(table, 2, {2, 2}, {3, 0});
    check_axes(table, 3, {3, 1}, {2, 1});
    BOOST_TEST((table.role(4) == Role::kBias));
    BOOST_TEST((table.role(5) == Role::kGain));
    BOOST_TEST((table.role(6) == Role::kStatistic));
    BOOST_TEST((table.role(7) == Role::kKernel));
    BOOST_TEST((table.role(8) == Role::kRecurrentKernel));
    BOOST_TEST((table.role(9) == Role::kBias));
    BOOST_TEST((table.role(10) == Role::kOther));
    BOOST_TEST((table.role(11) == Role::kEmbedding));
    BOOST_TEST((table.role(12) == Role::kGain));
}

// The groups of KerasHub have the names of attributes, which say no class.
BOOST_AUTO_TEST_CASE(variables_of_unknown_layers_are_told_apart_by_their_shapes) {
    const std::string block = "/layers/transformer_encoder/_self_attention_layer/";
    const Table table({{block + "query_dense/vars/0", {64, 4, 16}},
                       {block + "query_dense/vars/1", {4, 16}},
                       {block + "output_dense/vars/0", {4, 16, 64}},
                       {block + "output_dense/vars/1", {64}},
                       {"/layers/mine/vars/0", {5, 24}},
                       {"/layers/mine/vars/1", {8, 24}},
                       {"/layers/mine/vars/2", {2, 24}}},
                      keras());
    BOOST_TEST((table.role(0) == Role::kKernel));
    BOOST_TEST((table.kind(0) == Kind::kAttention));
    check_axes(table, 0, {1, 2}, {0, 1});
    BOOST_TEST((table.role(1) == Role::kBias));
    BOOST_TEST((table.role(4) == Role::kKernel));
    BOOST_TEST((table.role(5) == Role::kRecurrentKernel));
    BOOST_TEST((table.role(6) == Role::kBias));
}

BOOST_AUTO_TEST_CASE(attention_has_heads_by_dimension_channels) {
    const std::string block = "/layers/multi_head_attention/";
    const Table table({{block + "query_dense/vars/0", {64, 4, 8}},
                       {block + "value_dense/vars/0", {64, 4, 8}},
                       {block + "output_dense/vars/0", {4, 8, 64}},
                       {block + "output_dense/vars/1", {64}}},
                      keras());
    check_axes(table, 0, {1, 2}, {0, 1});
    check_axes(table, 1, {1, 2}, {0, 1});
    check_axes(table, 2, {2, 1}, {0, 2});
    BOOST_TEST((table.kind(0) == Kind::kAttention));
    BOOST_TEST((table.role(3) == Role::kBias));
}

BOOST_AUTO_TEST_CASE(keras_1_names_its_gates_and_theano_its_order) {
    const Table table({{"/lstm_1/lstm_1_W_i", {64, 128}},
                       {"/lstm_1/lstm_1_U_o", {128, 128}},
                       {"/lstm_1/lstm_1_b_f", {128}},
                       {"/gru_1/gru_1_W_z", {64, 32}},
                       {"/bidirectional_1/forward_gru_1_U_h", {32, 32}},
                       {"/conv1/conv1_W", {64, 1, 3, 3}},
                       {"/conv1/conv1_b", {64}},
                       {"/conv2/conv2_W", {3, 3, 64, 128}},
                       {"/conv2/conv2_b", {128}},
                       {"/conv3/conv3_W", {128, 64, 3, 3}},
                       {"/bn/bn_running_std", {64}}},
                      keras());
    BOOST_TEST((table.role(0) == Role::kKernel));
    BOOST_TEST((table.kind(0) == Kind::kRecurrent));
    check_axes(table, 0, {1, 1}, {0, 1});
    BOOST_TEST((table.role(1) == Role::kRecurrentKernel));
    BOOST_TEST((table.role(2) == Role::kBias));
    BOOST_TEST((table.role(3) == Role::kKernel));
    BOOST_TEST((table.role(4) == Role::kRecurrentKernel));
    check_axes(table, 5, {0, 1}, {1, 1});
    check_axes(table, 7, {3, 1}, {2, 1});
    check_axes(table, 9, {0, 1}, {1, 1});  // no bias: by its shape
    BOOST_TEST((table.role(10) == Role::kStatistic));
}

// Keras 0.x: nb_layers, layer_N, param_M. Dense kernels are (in, out), convolutions Theano's.
BOOST_AUTO_TEST_CASE(keras_0_has_numbered_parameters) {
    for (const bool told : {false, true}) {
        const Table table({{"/layer_0/param_0", {32, 3, 3, 3}},
                           {"/layer_0/param_1", {32}},
                           {"/layer_1/param_0", {1152, 8}},
                           {"/layer_1/param_1", {8}}},
                          told ? keras() : LayerHints{});
        check_axes(table, 0, {0, 1}, {1, 1});
        check_axes(table, 2, {1, 1}, {0, 1});
        BOOST_TEST((table.role(3) == Role::kBias));
    }
}

BOOST_AUTO_TEST_CASE(torch_has_kernels_of_many_names) {
    const Table table({{"/gru.weight_ih_l0", {384, 64}},
                       {"/gru.weight_hh_l0", {384, 128}},
                       {"/gru.weight_hh_l1_reverse", {384, 128}},
                       {"/gru.bias_ih_l0", {384}},
                       {"/conv.weight_v", {64, 32, 3}},
                       {"/conv.weight_g", {64, 1, 1}},
                       {"/fc.parametrizations.weight.original0", {64, 1}},
                       {"/fc.parametrizations.weight.original1", {64, 64}},
                       {"/mha.in_proj_weight", {96, 32}},
                       {"/mha.out_proj.weight", {32, 32}},
                       {"/bn.weight", {64}},
                       {"/bn.running_mean", {64}},
                       {"/embed_tokens.weight", {1000, 64}},
                       {"/up.weight", {64, 32, 2, 2}},
                       {"/up.bias", {32}}},
                      {});
    const std::vector<Role> roles{Role::kKernel,
                                  Role::kRecurrentKernel,
                                  Role::kRecurrentKernel,
                                  Role::kBias,
                                  Role::kKernel,
                                  Role::kGain,
                                  Role::kGain,
                                  Role::kKernel,
                                  Role::kKernel,
                                  Role::kKernel,
                                  Role::kGain,
                                  Role::kStatistic,
                                  Role::kEmbedding};
    for (std::size_t c = 0; c < roles.size(); ++c) {
        BOOST_TEST((table.role(c) == roles[c]),
                   table.candidates[c].path << " is a " << role_name(table.role(c)));
    }
    BOOST_TEST((table.kind(8) == Kind::kAttention));
    BOOST_TEST((table.kind(10) == Kind::kNormalization));
    BOOST_TEST((table.kind(13) == Kind::kTransposedConvolution));
    check_axes(table, 13, {0, 1}, {1, 1});
    check_axes(table, 1, {0, 1}, {1, 1});
}

BOOST_AUTO_TEST_CASE(the_bias_says_which_dimension_is_the_output) {
    const Table table({{"/params/Conv_0/kernel", {3, 3, 16, 32}},
                       {"/params/Conv_0/bias", {32}},
                       {"/params/Dense_0/kernel", {64, 40}},
                       {"/params/Dense_0/bias", {40}},
                       {"/params/Dense_1/kernel", {40, 40}},
                       {"/policy/W", {11, 50}},
                       {"/policy/b", {50}},
                       {"/nn_weights_1", {18, 96}},
                       {"/nn_bias_1", {96}},
                       {"/nn_weights_2", {96, 128}},
                       {"/nn_bias_2", {128}},
                       {"/table", {18, 96}}},
                      {});
    check_axes(table, 0, {3, 1}, {2, 1});
    check_axes(table, 2, {1, 1}, {0, 1});
    check_axes(table, 4, {1, 1}, {0, 1});  // by its name
    check_axes(table, 5, {1, 1}, {0, 1});
    check_axes(table, 7, {1, 1}, {0, 1});
    check_axes(table, 9, {1, 1}, {0, 1});
    BOOST_TEST((table.role(7) == Role::kKernel));
    BOOST_TEST((table.role(8) == Role::kBias));
    BOOST_TEST((table.role(11) == Role::kOther));
    BOOST_TEST(table.table.warnings.empty());
}

// A Keras file whose kernel is (out, in): the bias says so.
BOOST_AUTO_TEST_CASE(a_bias_has_precedence_over_the_file_with_a_warning) {
    const std::vector<std::pair<std::string, Shape>> tensors{{"/a.b/fc/kernel:0", {8, 4}},
                                                             {"/a.b/fc/bias:0", {8}}};
    const Table table(tensors, keras());
    check_axes(table, 0, {0, 1}, {1, 1});
    BOOST_TEST_REQUIRE(table.table.warnings.size() == 1U);
    BOOST_TEST(table.table.warnings[0] ==
               "/a.b/fc/kernel:0: the bias beside it has 8 values, so its dimensions are taken as "
               "(out, in, ...). The bias has precedence over keras_version attribute of /, which "
               "says (..., in, out). To decide otherwise, give the line 'a\\.b\\.fc': Dense in the "
               "file of --types");
    // The line that the warning names decides, and so does one that agrees with the bias.
    for (const auto& [line, output] : std::map<std::string, std::size_t>{
             {R"('a\.b\.fc': Dense)", 1}, {R"('a\.b\.fc': Linear)", 0}}) {
        LayerHints hints = keras();
        hints.types = parse_types(line, "t.yaml");
        const Table told(tensors, hints);
        check_axes(told, 0, {output, 1}, {1 - output, 1});
        BOOST_TEST(told.table.warnings.empty());
    }
    // A custom layer of Keras 3: which variable is a bias, is a guess.
    const Table numbered({{"/layers/mine/vars/0", {8, 4}}, {"/layers/mine/vars/1", {8}}}, keras());
    check_axes(numbered, 0, {1, 1}, {0, 1});
    BOOST_TEST(numbered.table.warnings.empty());
    // A recurrent layer has the same class name in both frameworks.
    const Table lstm({{"/l/kernel:0", {8, 4}}, {"/l/bias:0", {8}}}, keras({{"l", "LSTM"}}));
    BOOST_TEST_REQUIRE(lstm.table.warnings.size() == 1U);
    BOOST_TEST(lstm.table.warnings[0].ends_with("To decide otherwise, give --layout keras"));
}

BOOST_AUTO_TEST_CASE(an_option_overrules_the_file) {
    LayerHints hints = keras();
    hints.order = DimensionOrder::kOutputFirst;
    hints.order_by_option = true;
    hints.order_reason = "--layout";
    const Table table({{"/fc/kernel:0", {8, 4}}, {"/conv1/conv1_W", {3, 3, 64, 128}}}, hints);
    check_axes(table, 0, {0, 1}, {1, 1});
    check_axes(table, 1, {0, 1}, {1, 1});
}

// KerasHub's Llama and Flax: no bias, and names of attributes.
BOOST_AUTO_TEST_CASE(attention_without_biases_is_told_by_names) {
    const Table table({{"/layers/blk/_self_attention_layer/query_dense/vars/0", {64, 4, 16}},
                       {"/layers/group_query_attention/output_dense/vars/0", {4, 16, 64}},
                       {"/params/attn/query/kernel", {64, 4, 16}},
                       {"/layers/temporal/vars/0", {3, 64, 16}}},
                      keras());
    for (const std::size_t query : {0U, 2U}) check_axes(table, query, {1, 2}, {0, 1});
    check_axes(table, 1, {2, 1}, {0, 2});
    check_axes(table, 3, {2, 1}, {1, 1});
    BOOST_TEST((table.kind(3) == Kind::kConvolution));
}

BOOST_AUTO_TEST_CASE(keras_1_puts_the_name_of_a_layer_before_both_kernels) {
    const std::string layer = "/separableconvolution2d_1/separableconvolution2d_1_";
    const Table table({{layer + "depthwise_kernel:0", {3, 3, 16, 1}},
                       {layer + "pointwise_kernel:0", {1, 1, 16, 64}}},
                      keras());
    check_axes(table, 0, {2, 1}, {3, 0});
    check_axes(table, 1, {3, 1}, {2, 1});
}

// T5 and BART.
BOOST_AUTO_TEST_CASE(tables_of_hugging_face_are_embeddings) {
    const std::string attention = "/encoder/block/0/layer/0/SelfAttention";
    const Table table({{"/shared/weight", {320, 64}},
                       {"/model/shared/weight", {320, 64}},
                       {attention + "/relative_attention_bias/weight", {32, 8}},
                       {"/mlp/shared/weight", {64, 64}}},
                      {});
    for (const std::size_t tensor : {0U, 1U, 2U})
        BOOST_TEST((table.role(tensor) == Role::kEmbedding), table.candidates[tensor].path);
    BOOST_TEST((table.role(3) == Role::kKernel));
}

// No embedding has a bias, whatever the layer is called.
BOOST_AUTO_TEST_CASE(what_is_called_an_embedding_and_has_a_bias_is_none) {
    LayerHints hints = keras();
    hints.names["/layers/dense_1/vars"] = "embedding";
    const Table keras3({{"/layers/dense_1/vars/0", {32, 64}},
                        {"/layers/dense_1/vars/1", {64}},
                        {"/embedding/embedding/kernel:0", {32, 64}},
                        {"/embedding/embedding/bias:0", {64}}},
                       hints);
    BOOST_TEST((keras3.role(0) == Role::kKernel));
    BOOST_TEST(keras3[0].layer.type == "Dense");
    BOOST_TEST((keras3.role(2) == Role::kKernel));
    BOOST_TEST((keras3.kind(2) == Kind::kLinear));
    const Table torch({{"/embedding_proj.weight", {64, 32}},
                       {"/embedding_proj.bias", {64}},
                       {"/user_emb.weight", {100, 32}},
                       {"/embeddings.word.weight", {100, 32}}},
                      {});
    BOOST_TEST((torch.role(0) == Role::kKernel));
    BOOST_TEST((torch.role(2) == Role::kEmbedding));
    BOOST_TEST((torch.role(3) == Role::kEmbedding));
}

BOOST_AUTO_TEST_CASE(a_weight_of_the_shape_of_its_bias_is_a_gain) {
    const Table table({{"/norm.weight", {32, 128}}, {"/norm.bias", {32, 128}}}, {});
    BOOST_TEST((table.role(0) == Role::kGain));
    BOOST_TEST((table.kind(0) == Kind::kNormalization));
}

BOOST_AUTO_TEST_CASE(optimizers_of_flax_and_torch_are_known) {
    const Table table({{"/opt_state/0/mu/Dense_0/kernel", {8, 8}},
                       {"/optim/0/fc.weight", {8, 8}},
                       {"/exp_avg/fc.weight", {8, 8}}},
                      {});
    for (std::size_t c = 0; c < 3; ++c) BOOST_TEST((table.role(c) == Role::kOptimizerSlot));
}

BOOST_AUTO_TEST_CASE(types_of_the_user_change_roles) {
    LayerHints hints = keras();
    hints.types =
        parse_types("{fc: Embedding, norm: BatchNormalization, e: Dense, x: Linear}", "t");
    const Table table({{"/fc/fc/kernel:0", {64, 64}},
                       {"/norm/norm/kernel:0", {64, 64}},
                       {"/e/e/embeddings:0", {200, 64}},
                       {"/x/w1", {64, 32}}},
                      hints);
    BOOST_TEST((table.role(0) == Role::kEmbedding));
    BOOST_TEST((table.role(1) == Role::kGain));
    BOOST_TEST((table.role(2) == Role::kKernel));
    BOOST_TEST((table.role(3) == Role::kKernel));
}

BOOST_AUTO_TEST_CASE(the_user_has_the_last_word_on_types) {
    LayerHints hints;
    hints.types = parse_types("{'.*': Linear, 'head|enc.norm': Embedding, 'act': PReLU}", "t.yaml");
    const Table table(
        {{"/embed_tokens.weight", {100, 8}}, {"/head.weight", {100, 8}}, {"/act.weight", {4, 8}}},
        hints);
    BOOST_TEST((table.role(0) == Role::kKernel));
    BOOST_TEST((table.role(1) == Role::kEmbedding));
    BOOST_TEST((table.role(2) == Role::kOther));
    BOOST_TEST(table[1].layer.evidence[0] == "Embedding: --types says so of 'head|enc.norm'");
    BOOST_TEST(table.table.types.at("head") == "Embedding");
    for (const auto& [text, words] : std::map<std::string, std::string>{
             {"{a: Dens}", "t.yaml:1:5: a: 'Dens' is no type known here, did you mean 'Dense'?"},
             {"{'(': Dense}", "not a regular expression"},
             {"[Dense]", "t.yaml:1:1"},
             {"{a: [Dense]}", "found a list"}}) {
        BOOST_CHECK_EXCEPTION((void)parse_types(text, "t.yaml"), Error, [&](const Error& error) {
            BOOST_TEST_MESSAGE(error.what());
            return std::string(error.what()).find(words) != std::string::npos;
        });
    }
}

// A norm's gain is no kernel, whatever its layer is called.
BOOST_AUTO_TEST_CASE(nothing_of_one_dimension_is_a_kernel) {
    const Table table({{"/a/kernel:0", {8}}, {"/b.weight", {8}}, {"/c/W", {8}}, {"/d/0", {8}}}, {});
    for (std::size_t c = 0; c < 4; ++c)
        BOOST_TEST(!is_kernel(table[c].layer), table.candidates[c].path);
}

BOOST_AUTO_TEST_CASE(default_names_of_keras_stand_for_classes) {
    BOOST_TEST(class_of_default_name("conv2d_3") == "Conv2D");
    BOOST_TEST(class_of_default_name("p_re_lu") == "PReLU");
    BOOST_TEST(class_of_default_name("multi_head_attention_12") == "MultiHeadAttention");
    BOOST_TEST(class_of_default_name("conv2d_transpose") == "Conv2DTranspose");
    BOOST_TEST(class_of_default_name("block1_conv1").empty());
    BOOST_TEST(class_of_default_name("").empty());
    BOOST_TEST((kind_of_class("TimeDistributed(Dense)") == Kind::kLinear));
    BOOST_TEST((kind_of_class("torch.nn.modules.conv.Conv2d") == Kind::kConvolution));
    BOOST_TEST((kind_of_class("Nothing") == Kind::kUnknown));
}

BOOST_AUTO_TEST_SUITE_END()
