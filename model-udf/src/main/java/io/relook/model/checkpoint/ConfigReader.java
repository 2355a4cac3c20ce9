package io.relook.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import io.relook.model.checkpoint.ModelConfig.Text;
import io.relook.model.checkpoint.ModelConfig.Vision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Reads {@code config.json}, flat as published or nested as newer writers do, as transformers
 * 5.23.0 reads it, with the defaults of its Qwen2_5_VLConfig. A missing rope_theta is an error,
 * where transformers takes its own 1,000,000 (our choice). All problems are reported together.
 */
final class ConfigReader {
  private static final int LARGEST = 1 << 24;
  private static final int IMAGE_TOKEN = 151655;

  /** The table of positions is made when a model is loaded: 1 GiB at this many and 128 a head. */
  private static final int LONGEST = 1 << 20;

  /** What transformers 4 has fixed and 5 writes. */
  private static final double VISION_THETA = 10_000;

  private final JsonNode root;
  private final JsonNode text;
  private final JsonNode vision;
  private final List<String> problems = new ArrayList<>();
  private RopeSettings rope;

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

  /** The token of a picture, without a look at the rest: the default where it is not given. */
  static int imageTokenId(JsonNode root) {
    return root.path("image_token_id").asInt(IMAGE_TOKEN);
  }

  private ModelConfig config(JsonNode generation) {
    String type = root.path("model_type").asText("");
    if (!type.equals("qwen2_5_vl")) {
      problems.add(
          "its architecture is '%s', the engine knows qwen2_5_vl (Qwen2.5-VL)".formatted(type));
      return null;
    }
    this.rope = RopeSettings.read(text, problems);
    ConfigKeys.check(root, text, vision, rope.dict(), problems);
    if (text != root) {
      RopeSettings unread = RopeSettings.read(root, problems);
      unread.requireType(Set.of("mrope", "default"), "mrope", problems);
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
        token("image_token_id", IMAGE_TOKEN, t),
        token("video_token_id", 151656, t),
        token("vision_start_token_id", 151652, t),
        token("vision_end_token_id", 151653, t),
        flag(root, "tie_word_embeddings") || flag(text, "tie_word_embeddings"),
        eos,
        either("pad_token_id").asInt(-1),
        either("dtype").asText(either("torch_dtype").asText("float32")));
  }

  private Text text() {
    int hidden = size(text, "hidden_size", 8192);
    int heads = size(text, "num_attention_heads", 64);
    fullAttention(size(text, "num_hidden_layers", 80));
    return new Text(
        size(text, "vocab_size", 152064),
        hidden,
        size(text, "intermediate_size", 29568),
        size(text, "num_hidden_layers", 80),
        heads,
        text.path("num_key_value_heads").isNull() ? heads : size(text, "num_key_value_heads", 8),
        heads > 0 ? hidden / heads : 0,
        theta(),
        positive(text, "rms_norm_eps", 1e-5),
        size(text, "max_position_embeddings", 32768),
        sections());
  }

  private Vision vision() {
    if (!vision.isObject()) {
      problems.add("it has no vision_config");
    }
    JsonNode full = vision.path("fullatt_block_indexes");
    int[] blocks = full.isArray() ? whole(full) : new int[] {7, 15, 23, 31};
    Arrays.sort(blocks);
    RopeSettings turns = RopeSettings.read(vision, problems);
    turns.requireType(Set.of("axial", "default"), "axial for pictures", problems);
    require(
        turns.theta().isMissingNode() || turns.theta().asDouble() == VISION_THETA,
        "vision_config's rope_theta is %s, the engine knows 10000".formatted(turns.theta()));
    return new Vision(
        aliased("num_hidden_layers", "depth", 32),
        size(vision, "hidden_size", 3584),
        aliased("num_attention_heads", "num_heads", 16),
        size(vision, "intermediate_size", 3420),
        size(vision, "out_hidden_size", 3584),
        size(vision, "patch_size", 14),
        size(vision, "temporal_patch_size", 2),
        size(vision, "spatial_merge_size", 2),
        size(vision, "window_size", 112),
        blocks,
        size(vision, "in_channels", size(vision, "in_chans", 3)));
  }

  private double theta() {
    JsonNode theta = rope.theta();
    if (theta.isMissingNode() || theta.isNull()) {
      problems.add(
          "it has no rope_theta: neither rope_parameters nor %s says how positions turn"
              .formatted(text == root ? "config.json" : "text_config"));
      return 1;
    }
    return positive("rope_theta", theta);
  }

  private int[] sections() {
    rope.requireType(Set.of("mrope", "default"), "mrope", problems);
    JsonNode sections = rope.dict().path("mrope_section");
    if (sections.size() != 3) {
      problems.add("mrope_section needs three numbers, not " + sections);
      return new int[] {0, 0, 0};
    }
    return whole(sections);
  }

  /** -1 for what is no whole number. */
  private static int[] whole(JsonNode numbers) {
    return IntStream.range(0, numbers.size())
        .map(i -> numbers.get(i).isInt() ? numbers.get(i).asInt() : -1)
        .toArray();
  }

  private void check(Text t, Vision v) {
    require(t.hiddenSize() % t.heads() == 0, "num_attention_heads must divide hidden_size");
    require(t.headDim() % 2 == 0, "the head dimension must be even");
    JsonNode headDim = text.path("head_dim");
    require(
        headDim.isMissingNode() || headDim.isNull() || headDim.asInt(-1) == t.headDim(),
        "head_dim is %s, the engine knows hidden_size / num_attention_heads, which is %d"
            .formatted(headDim, t.headDim()));
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
    JsonNode visionDim = vision.path("head_dim");
    require(
        visionDim.isMissingNode()
            || visionDim.isNull()
            || visionDim.asInt(-1) == v.hiddenSize() / v.heads(),
        "vision_config's head_dim is %s, the engine knows hidden_size / num_heads"
            .formatted(visionDim));
    require(v.inChannels() == 3, "in_channels must be 3");
    require(v.spatialMergeSize() == 2, "spatial_merge_size must be 2");
    require(
        v.windowSize() / v.patchSize() / v.spatialMergeSize() >= 1,
        "window_size must hold at least one merged patch");
    require(
        Arrays.stream(v.fullAttentionBlocks()).allMatch(b -> b >= 0 && b < v.depth()),
        "fullatt_block_indexes must name blocks below depth");
    JsonNode types = text.path("layer_types");
    require(
        !types.isArray() || types.size() == t.layers(),
        "layer_types has %d entries, num_hidden_layers is %d".formatted(types.size(), t.layers()));
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

  private boolean flag(JsonNode part, String key) {
    JsonNode node = part.path(key);
    require(
        node.isMissingNode() || node.isNull() || node.isBoolean(),
        "%s must be true or false, not %s".formatted(key, node));
    return node.asBoolean(false);
  }

  /**
   * Layers that see a window only: transformers 5.23.0 derives {@code layer_types} from the
   * window's keys where they are not given, and looks at nothing else afterwards.
   */
  private void fullAttention(int layers) {
    JsonNode types = text.path("layer_types");
    if (types.isArray()) {
      types.forEach(
          type ->
              require(
                  type.asText().equals("full_attention"),
                  "layer_types holds %s, the engine knows full_attention".formatted(type)));
      return;
    }
    boolean sliding =
        flag(text, "use_sliding_window")
            && !text.path("sliding_window").isNull()
            && text.path("max_window_layers").asInt(80) < layers;
    require(
        !sliding,
        "use_sliding_window is on for layers from max_window_layers on, which the engine does not"
            + " do");
  }

  private JsonNode either(String key) {
    return root.hasNonNull(key) ? root.path(key) : text.path(key);
  }

  /** transformers reads the standard name too, and before the picture half's own. */
  private int aliased(String standard, String own, int otherwise) {
    return size(vision, vision.hasNonNull(standard) ? standard : own, otherwise);
  }

  /** Of the root alone, as in transformers: a nested text_config's is not the model's. */
  private int token(String key, int otherwise, Text text) {
    JsonNode node = root.path(key);
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
    return node.isMissingNode() || node.isNull() ? otherwise : positive(key, node);
  }

  private double positive(String key, JsonNode node) {
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
