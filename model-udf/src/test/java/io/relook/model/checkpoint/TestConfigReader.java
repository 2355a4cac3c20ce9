package io.relook.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.relook.lakehouse.RelookException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What {@code config.json} means: accepted values are what transformers 5.23.0 made of the same
 * text, tried with a model of this shape.
 */
final class TestConfigReader {
  private static final Path GOLDENS =
      Path.of(System.getProperty("relook.root"), "tests/src/test/resources/goldens");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SECTION = "\"mrope_section\": [4, 2, 2]";

  /** Keys of text_config, or of the root of a flat file, and the θ that they mean. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'rope_parameters': {'rope_type': 'default', 'rope_theta': 50000.0, S}} | 50000",
        "{'rope_parameters': {'rope_theta': 5e4, S}, 'rope_theta': 777.0} | 50000",
        "{'rope_parameters': {'rope_type': 'default', S}, 'rope_theta': 777} | 777",
        "{'rope_parameters': {'full_attention': {'rope_theta': 5, S}}} | 5",
        "{'rope_parameters': {'full_attention': {'rope_theta': 5, S}, 'rope_theta': 50000, S}} |"
            + " 50000",
        "{'rope_scaling': {'type': 'mrope', S}, 'rope_theta': 333.0} | 333",
        "{'rope_scaling': {'type': 'mrope', 'rope_theta': 444, S}} | 444",
        "{'rope_scaling': {'type': 'mrope', 'rope_theta': 444, S}, 'rope_theta': 3} | 444",
        "{'rope_scaling': {'rope_type': 'default', 'type': 'default', S}, 'rope_theta': 9} | 9",
        "{'rope_scaling': {}, 'rope_parameters': {'rope_theta': 50000, S}} | 50000",
        "{'rope_scaling': null, 'rope_parameters': {'rope_theta': 50000, S}} | 50000",
        "{'rope_scaling': {'type': 'mrope', S}, 'rope_theta': 6, 'rope_parameters': {'rope_theta':"
            + " 6.0, S}} | 6",
      })
  void thetaIsReadWhereItStands(String keys, double theta) throws IOException {
    for (boolean flat : new boolean[] {true, false}) {
      ModelConfig.Text text = read(turned(keys, flat)).text();
      assertEquals(theta, text.ropeTheta(), keys);
      assertArrayEquals(new int[] {4, 2, 2}, text.mropeSection());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'rope_parameters': {'rope_type': 'default', S}} | it has no rope_theta",
        "{'rope_scaling': {'type': 'mrope', S}} | it has no rope_theta",
        "{'rope_theta': null, 'rope_scaling': {'type': 'mrope', S}} | it has no rope_theta",
        "{'rope_theta': 10000} | mrope_section needs three numbers",
        "{'rope_parameters': {'rope_theta': 'x', S}} | rope_theta must be a number above 0",
        "{'rope_parameters': {'rope_theta': -1, S}} | rope_theta must be a number above 0",
        "{'rope_scaling': {'type': 'mrope', S}, 'rope_theta': 6, 'rope_parameters': {'rope_theta':"
            + " 7, S}} | rope_scaling says rope_theta 6 and rope_parameters 7",
        "{'rope_scaling': {'type': 'mrope', 'mrope_section': [2, 4, 2]}, 'rope_theta': 6,"
            + " 'rope_parameters': {S}} | rope_scaling says mrope_section [2,4,2]",
        "{'rope_parameters': {'rope_type': 'yarn', 'factor': 4, 'rope_theta': 6, S}} | rope type is"
            + " 'yarn'",
        "{'rope_scaling': {'rope_type': 'default', 'type': 'linear', S}, 'rope_theta': 6} | rope"
            + " type is 'linear'",
        "{'rope_scaling': {'mrope_section': [4.0, 2, 2]}, 'rope_theta': 6} | mrope_section",
        "{'rope_scaling': {'mrope_section': ['4', 2, 2]}, 'rope_theta': 6} | mrope_section",
        "{'rope_parameters': {'rope_theta': 6, 'factor': 2.0, S}} | rope_parameters.factor is 2.0",
        "{'rope_parameters': {'rope_theta': 6, 'attention_factor': 0.5, S}} | attention_factor is"
            + " 0.5",
        "{'rope_parameters': {'rope_theta': 6, 'mrope_interleaved': true, S}} | mrope_interleaved",
        "{'rope_parameters': {'rope_theta': 6, 'partial_rotary_factor': 0.5, S}} | partial_rotary",
      })
  void turnsThatAreMissingContradictedOrUnknownAreNamed(String keys, String reason)
      throws IOException {
    for (boolean flat : new boolean[] {true, false}) {
      refused(turned(keys, flat), reason);
    }
  }

  @Test
  void thetaBesideANestedTextIsNotTheTexts() throws IOException {
    ObjectNode config = turned("{}", false);
    config.put("rope_theta", 50000);
    config.set("rope_parameters", JSON.readTree("{\"rope_theta\": 50000, " + SECTION + "}"));
    refused(config, "it has no rope_theta: neither rope_parameters nor text_config");
    ObjectNode yarn = nested();
    yarn.set("rope_scaling", json("{'type': 'yarn', 'factor': 4.0}"));
    refused(yarn, "rope type is 'yarn'");
  }

  /** A key of text_config that changes numbers: its neutral value is taken, another is refused. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "hidden_act | 'silu' | 'gelu'",
        "head_dim | 16 | 32",
        "layer_types | ['full_attention','full_attention'] |"
            + " ['full_attention','sliding_attention']",
        "layer_types | null | ['full_attention']",
        "attn_logit_softcapping | 0.0 | 50.0",
        "final_logit_softcapping | null | 30.0",
        "attention_multiplier | null | 0.0078125",
        "query_pre_attn_scalar | null | 256",
        "logits_scaling | 1.0 | 8.0",
        "embedding_multiplier | 1 | 12",
        "residual_multiplier | 1 | 0.22",
        "use_qk_norm | false | true",
        "is_causal | true | false",
        "per_layer_config | {} | {'0': {'sliding_window': 4}}",
        "quantization_config | null | {'bits': 4}",
        "attention_dropout | 0.1 |",
        "initializer_range | 5 |",
        "a_key_of_nobody | [1, 2] |",
      })
  void keysThatChangeNumbersAreNeutralOrRefused(String key, String neutral, String other)
      throws IOException {
    read(with(key, neutral));
    if (other != null) {
      refused(with(key, other), key.equals("quantization_config") ? "quantised" : key);
    }
  }

  @Test
  void aWindowCountsForTheLayersBehindItsFirst() throws IOException {
    String on = "{'use_sliding_window': true, 'sliding_window': %s, 'max_window_layers': %d}";
    for (String[] taken : new String[][] {{"4", "2"}, {"null", "0"}}) {
      read(windowed(on.formatted(taken[0], Integer.parseInt(taken[1]))));
    }
    refused(windowed(on.formatted("4", 1)), "use_sliding_window");
    ObjectNode unsaid = windowed("{'use_sliding_window': true, 'max_window_layers': 0}");
    ((ObjectNode) unsaid.path("text_config")).remove("sliding_window");
    refused(unsaid, "use_sliding_window");
    read(windowed("{'use_sliding_window': false, 'sliding_window': 4, 'max_window_layers': 0}"));
  }

  @Test
  void thePictureHalfHasItsNamesToo() throws IOException {
    assertEquals(
        2, read(vision("{'num_hidden_layers': 2, 'fullatt_block_indexes': [1]}")).vision().depth());
    assertEquals(4, read(vision("{'num_attention_heads': 4}")).vision().heads());
    read(vision("{'rope_parameters': {'rope_type': 'axial', 'rope_theta': 10000.0}}"));
    refused(vision("{'rope_parameters': {'rope_type': 'axial', 'rope_theta': 100}}"), "is 100");
    refused(vision("{'rope_theta': 100}"), "vision_config's rope_theta is 100");
    refused(vision("{'rope_parameters': {'rope_type': 'yarn'}}"), "rope type is 'yarn'");
    refused(vision("{'hidden_act': 'gelu'}"), "hidden_act");
    read(vision("{'head_dim': 16}"));
    refused(vision("{'head_dim': 8}"), "vision_config's head_dim is 8");
    refused(vision("{'in_channels': 1}"), "in_channels must be 3");
    refused(vision("{'deepstack_visual_indexes': [1]}"), "deepstack_visual_indexes");
    for (String index : List.of("1.5", "'1'", "true", "-1", "3")) {
      String blocks = "{'fullatt_block_indexes': [%s]}".formatted(index);
      refused(vision(blocks), "fullatt_block_indexes");
    }
  }

  @Test
  void theTokensOfPicturesAreTheRootsAlone() throws IOException {
    ObjectNode config = with("image_token_id", "400");
    assertEquals(495, read(config).imageTokenId());
    config.remove("image_token_id");
    assertEquals(151655, read(config).imageTokenId());
  }

  @Test
  void eitherHalfTiesTheHead() throws IOException {
    for (String root : List.of("true", "false", "null", "")) {
      for (String text : List.of("true", "false", "null", "")) {
        ObjectNode config = with("a", "1");
        tie(config, root);
        tie((ObjectNode) config.path("text_config"), text);
        boolean ties = root.equals("true") || text.equals("true");
        assertEquals(ties, read(config).tieWordEmbeddings(), root + " and " + text);
      }
    }
    refused(with("tie_word_embeddings", "'yes'"), "tie_word_embeddings must be true or false");
  }

  @Test
  void olderNamesAndMissingValuesAreTransformersDefaults() throws IOException {
    ObjectNode config = with("num_key_value_heads", "null");
    config.put("torch_dtype", "float16").put("dtype", "bfloat16");
    ModelConfig read = read(config);
    assertEquals(6, read.text().kvHeads(), "null is one for each head");
    assertEquals("bfloat16", read.dtype());
    config.remove("dtype");
    assertEquals("float16", read(config).dtype());
    assertEquals(1e-5, read(without("rms_norm_eps")).text().rmsNormEps());
    ObjectNode ends = with("eos_token_id", "3");
    ends.set("eos_token_id", JSON.readTree("[4, 5]"));
    assertEquals(List.of(4, 5), read(ends).eosTokenIds());
    ObjectNode generation = JSON.createObjectNode().put("eos_token_id", 6);
    assertEquals(List.of(6), ConfigReader.read("x", ends, generation).eosTokenIds());
  }

  /** The same model in three layouts. */
  @Test
  void theLayoutsMeanTheSame() throws IOException {
    ModelConfig nested = read(nested());
    ModelConfig flat = read(JSON.readTree(GOLDENS.resolve("published/config.json").toFile()));
    ObjectNode saved = turned("{'rope_parameters': {'rope_theta': 10000.0, S}}", false);
    for (ModelConfig other : List.of(flat, read(saved))) {
      assertEquals(
          nested.text().toString().split("mrope")[0], other.text().toString().split("mrope")[0]);
      assertArrayEquals(nested.text().mropeSection(), other.text().mropeSection());
      assertEquals(nested.vision().depth(), other.vision().depth());
      assertEquals(nested.tieWordEmbeddings(), other.tieWordEmbeddings());
      assertEquals(nested.imageTokenId(), other.imageTokenId());
    }
  }

  private static ObjectNode nested() throws IOException {
    return (ObjectNode) JSON.readTree(GOLDENS.resolve("model-b/config.json").toFile());
  }

  /** With other keys of turning alone. */
  private static ObjectNode turned(String keys, boolean flat) throws IOException {
    ObjectNode config = nested();
    ObjectNode text = (ObjectNode) config.path("text_config");
    text.remove(List.of("rope_scaling", "rope_theta"));
    text.setAll((ObjectNode) json(keys));
    if (flat) {
      config.remove("text_config");
      text.remove("model_type");
      config.setAll(text);
    }
    return config;
  }

  private static ObjectNode with(String key, String value) throws IOException {
    ObjectNode config = nested();
    ((ObjectNode) config.path("text_config")).set(key, json(value));
    return config;
  }

  private static ObjectNode without(String key) throws IOException {
    ObjectNode config = nested();
    ((ObjectNode) config.path("text_config")).remove(key);
    return config;
  }

  private static ObjectNode windowed(String keys) throws IOException {
    ObjectNode config = without("layer_types");
    ((ObjectNode) config.path("text_config")).setAll((ObjectNode) json(keys));
    return config;
  }

  private static ObjectNode vision(String keys) throws IOException {
    ObjectNode config = nested();
    ((ObjectNode) config.path("vision_config")).setAll((ObjectNode) json(keys));
    return config;
  }

  private static void tie(ObjectNode part, String value) throws IOException {
    part.remove("tie_word_embeddings");
    if (!value.isEmpty()) {
      part.set("tie_word_embeddings", json(value));
    }
  }

  private static JsonNode json(String text) throws IOException {
    return JSON.readTree(text.replace("S}", SECTION + "}").replace('\'', '"'));
  }

  private static ModelConfig read(JsonNode config) {
    return ConfigReader.read("x", config, MissingNode.getInstance());
  }

  private static void refused(JsonNode config, String reason) {
    RelookException error = assertThrows(RelookException.class, () -> read(config), reason);
    assertTrue(error.getMessage().contains(reason), error.getMessage());
  }
}
