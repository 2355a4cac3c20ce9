package io.relook.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import io.relook.model.checkpoint.ModelConfig.Text;
import io.relook.model.checkpoint.ModelConfig.Vision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Reads {@code config.json}, flat as published or nested as newer writers do, with the defaults of
 * transformers' Qwen2_5_VLConfig. All problems are reported together.
 */
final class ConfigReader {
  private static final int LARGEST = 1 << 24;

  /** The table of positions is made when a model is loaded: 1 GiB at this many and 128 a head. */
  private static final int LONGEST = 1 << 20;

  private final JsonNode root;
  private final JsonNode text;
  private final JsonNode vision;
  private final List<String> problems = new ArrayList<>();

  private ConfigReader(JsonNode root) {
    this.root = root;
    this.text = root.path("text_config").isObject() ? root.path("text_config") : root;
    this.vision = root.path("vision_config");
  }

  static ModelConfig read(String folder, JsonNode root, JsonNode generation) {
    ConfigReader reader = new ConfigReader(root);
    ModelConfig config = reader.config(generation);
    if (!reader.problems.isEmpty()) {
      throw CheckpointErrors.badConfig(folder, reader.problems);
    }
    return config;
  }

  private ModelConfig config(JsonNode generation) {
    String type = root.path("model_type").asText("");
    if (!type.equals("qwen2_5_vl")) {
      problems.add(
          "its architecture is '%s', the engine knows qwen2_5_vl (Qwen2.5-VL)".formatted(type));
      return null;
    }
    if (root.hasNonNull("quantization_config") || text.hasNonNull("quantization_config")) {
      problems.add("it is quantised, use the float checkpoint it was made of");
    }
    if (text.path("use_sliding_window").asBoolean(false)) {
      problems.add("use_sliding_window is on, which the engine does not do");
    }
    silu(text);
    silu(vision);
    Vision v = vision();
    Text t = text();
    if (problems.isEmpty()) {
      check(t, v);
    }
    List<Integer> eos = ids(generation.path("eos_token_id"), t);
    if (eos.isEmpty()) {
      eos = ids(either("eos_token_id"), t);
    }
    return new ModelConfig(
        t,
        v,
        token("image_token_id", 151655, t),
        token("video_token_id", 151656, t),
        token("vision_start_token_id", 151652, t),
        token("vision_end_token_id", 151653, t),
        either("tie_word_embeddings").asBoolean(false),
        eos,
        either("pad_token_id").asInt(-1),
        either("torch_dtype").asText(either("dtype").asText("float32")));
  }

  private Text text() {
    int hidden = size(text, "hidden_size", 8192);
    int heads = size(text, "num_attention_heads", 64);
    return new Text(
        size(text, "vocab_size", 152064),
        hidden,
        size(text, "intermediate_size", 29568),
        size(text, "num_hidden_layers", 80),
        heads,
        size(text, "num_key_value_heads", 8),
        heads > 0 ? hidden / heads : 0,
        positive(text, "rope_theta", 1e6),
        positive(text, "rms_norm_eps", 1e-5),
        size(text, "max_position_embeddings", 32768),
        sections());
  }

  private Vision vision() {
    if (!vision.isObject()) {
      problems.add("it has no vision_config");
    }
    JsonNode full = vision.path("fullatt_block_indexes");
    int[] blocks =
        full.isArray()
            ? IntStream.range(0, full.size()).map(i -> full.get(i).asInt(-1)).sorted().toArray()
            : new int[] {7, 15, 23, 31};
    return new Vision(
        size(vision, "depth", 32),
        size(vision, "hidden_size", 3584),
        size(vision, "num_heads", 16),
        size(vision, "intermediate_size", 3420),
        size(vision, "out_hidden_size", 3584),
        size(vision, "patch_size", 14),
        size(vision, "temporal_patch_size", 2),
        size(vision, "spatial_merge_size", 2),
        size(vision, "window_size", 112),
        blocks,
        size(vision, "in_channels", size(vision, "in_chans", 3)));
  }

  private int[] sections() {
    JsonNode rope =
        text.path("rope_scaling").isObject()
            ? text.path("rope_scaling")
            : either("rope_parameters");
    String type = rope.path("rope_type").asText(rope.path("type").asText("default"));
    if (!type.equals("mrope") && !type.equals("default")) {
      problems.add("its rope type is '%s', the engine knows mrope".formatted(type));
    }
    JsonNode sections = rope.path("mrope_section");
    if (sections.size() != 3) {
      problems.add("rope_scaling.mrope_section needs three numbers, not " + sections);
      return new int[] {0, 0, 0};
    }
    return IntStream.range(0, 3).map(i -> sections.get(i).asInt(-1)).toArray();
  }

  private void check(Text t, Vision v) {
    require(t.hiddenSize() % t.heads() == 0, "num_attention_heads must divide hidden_size");
    require(t.headDim() % 2 == 0, "the head dimension must be even");
    require(t.heads() % t.kvHeads() == 0, "num_key_value_heads must divide num_attention_heads");
    require(
        Arrays.stream(t.mropeSection()).allMatch(s -> s >= 0)
            && 2 * Arrays.stream(t.mropeSection()).asLongStream().sum() == t.headDim(),
        "mrope_section must sum to half the head dimension of " + t.headDim());
    require(
        v.hiddenSize() % v.heads() == 0 && v.hiddenSize() / v.heads() % 4 == 0,
        "the vision head dimension must be a multiple of 4");
    require(
        v.outHiddenSize() == t.hiddenSize(),
        "vision out_hidden_size must equal the text's hidden_size");
    require(v.spatialMergeSize() == 2, "spatial_merge_size must be 2");
    require(
        v.windowSize() / v.patchSize() / v.spatialMergeSize() >= 1,
        "window_size must hold at least one merged patch");
    require(
        Arrays.stream(v.fullAttentionBlocks()).allMatch(b -> b >= 0 && b < v.depth()),
        "fullatt_block_indexes must name blocks below depth");
    require(t.layers() <= 1024 && v.depth() <= 1024, "at most 1024 layers");
    require(
        t.maxPositionEmbeddings() <= LONGEST,
        "max_position_embeddings must be at most %d".formatted(LONGEST));
  }

  private void require(boolean holds, String rule) {
    if (!holds) {
      problems.add(rule);
    }
  }

  private void silu(JsonNode part) {
    String act = part.path("hidden_act").asText("silu");
    require(act.equals("silu"), "hidden_act is '%s', the engine knows silu".formatted(act));
  }

  private JsonNode either(String key) {
    return root.hasNonNull(key) ? root.path(key) : text.path(key);
  }

  private int token(String key, int otherwise, Text text) {
    JsonNode node = either(key);
    if (node.isMissingNode() || node.isNull()) {
      return otherwise;
    }
    require(
        node.isInt() && node.asInt() >= 0 && node.asInt() < text.vocabSize(),
        "%s must be a token of the vocabulary's %d, not %s".formatted(key, text.vocabSize(), node));
    return node.asInt();
  }

  private int size(JsonNode part, String key, int otherwise) {
    JsonNode node = part.path(key);
    if (node.isMissingNode() || node.isNull()) {
      return otherwise;
    }
    if (!node.isIntegralNumber() || node.asLong() < 1 || node.asLong() > LARGEST) {
      problems.add("%s must be a whole number from 1 to %d, not %s".formatted(key, LARGEST, node));
      return 1;
    }
    return node.asInt();
  }

  private double positive(JsonNode part, String key, double otherwise) {
    JsonNode node = part.path(key);
    if (node.isMissingNode() || node.isNull()) {
      return otherwise;
    }
    if (!node.isNumber() || !(node.asDouble() > 0) || Double.isInfinite(node.asDouble())) {
      problems.add("%s must be a number above 0, not %s".formatted(key, node));
      return 1;
    }
    return node.asDouble();
  }

  private List<Integer> ids(JsonNode node, Text text) {
    List<Integer> ids = new ArrayList<>();
    for (JsonNode id : node.isArray() ? node : List.of(node)) {
      if (!node.isMissingNode() && !node.isNull()) {
        require(
            id.isInt() && id.asInt() >= 0 && id.asInt() < text.vocabSize(),
            "eos_token_id must be tokens of the vocabulary's %d, not %s"
                .formatted(text.vocabSize(), id));
        ids.add(id.asInt());
      }
    }
    return ids;
  }
}
