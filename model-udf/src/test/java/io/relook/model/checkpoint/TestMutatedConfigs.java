package io.relook.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.relook.lakehouse.RelookException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged {@code config.json}: a shape that the engine can compute with, or a refusal. */
final class TestMutatedConfigs {
  private static final Path SEED =
      Path.of(System.getProperty("relook.root"), "tests/src/test/resources/goldens/model-b");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int VALUES = 9_000;
  private static final int BYTES = 3_000;

  @TempDir private Path folder;

  @Test
  void changedValuesGiveAShapeThatHoldsTogetherOrARefusal() throws IOException {
    JsonNode good = JSON.readTree(SEED.resolve("config.json").toFile());
    long seed = 20_260;
    Random random = new Random(seed);
    int accepted = 0;
    for (int round = 0; round < VALUES; round++) {
      JsonNode config = good.deepCopy();
      int changes = 1 + random.nextInt(3);
      for (int i = 0; i < changes; i++) {
        MutatedJson.change(config, random);
      }
      accepted += read(config, MissingNode.getInstance(), "seed " + seed + ", round " + round);
    }
    assertTrue(accepted > VALUES / 20 && accepted < VALUES, accepted + " accepted");
  }

  @Test
  void changedBytesGiveAShapeThatHoldsTogetherOrARefusal() throws IOException {
    byte[] good = Files.readAllBytes(SEED.resolve("config.json"));
    long seed = 20_261;
    Random random = new Random(seed);
    int accepted = 0;
    for (int round = 0; round < BYTES; round++) {
      byte[] bytes = MutatedJson.bytes(good, random);
      Files.write(folder.resolve("config.json"), bytes);
      String what = "seed %d, round %d".formatted(seed, round);
      try {
        holdsTogether(Checkpoint.readConfig(folder), what);
        accepted++;
      } catch (RelookException e) {
        assertEquals(RelookException.Category.MODEL, e.category(), what);
      } catch (RuntimeException e) {
        fail(what + ": " + new String(bytes, StandardCharsets.UTF_8), e);
      }
    }
    assertTrue(accepted > BYTES / 20 && accepted < BYTES, accepted + " accepted");
  }

  @Test
  void absurdValuesAreRefusedByName() throws IOException {
    refused("num_attention_heads must be a whole number", "num_attention_heads", "0");
    refused("num_attention_heads must divide hidden_size", "num_attention_heads", "5");
    refused("hidden_size must be a whole number", "hidden_size", "-96");
    refused("vocab_size must be a whole number", "vocab_size", "99999999999");
    refused("num_key_value_heads must divide", "num_key_value_heads", "4");
    refused("mrope_section must sum to half", "mrope_section", "[4, 2, 3]");
    refused("mrope_section needs three numbers", "mrope_section", "[8]");
    refused("max_position_embeddings must be at most", "max_position_embeddings", "16777216");
    refused("rope_theta must be a number above 0", "rope_theta", "-1");
    refused("fullatt_block_indexes must name blocks", "fullatt_block_indexes", "[3]");
    refused("window_size must hold", "window_size", "27");
    refused("vision head dimension must be a multiple of 4", "num_heads", "8");
    refused("patch_size must be a whole number", "patch_size", "1.5");
    refused("image_token_id must be a token", "image_token_id", "-5");
    refused("image_token_id must be a token", "image_token_id", "1024");
    refused("eos_token_id must be tokens", "eos_token_id", "[\"a\"]");
    refused("at most 1024 layers", "num_hidden_layers", "1025");
  }

  private static void refused(String reason, String key, String value) throws IOException {
    JsonNode config = JSON.readTree(SEED.resolve("config.json").toFile());
    ObjectNode parent = (ObjectNode) config.findParent(key);
    parent.set(key, JSON.readTree(value));
    RelookException e =
        assertThrows(
            RelookException.class,
            () -> ConfigReader.read("x", config, MissingNode.getInstance()),
            key + " = " + value);
    assertTrue(e.getMessage().contains(reason), e.getMessage());
  }

  /** 1 where it is accepted. */
  private static int read(JsonNode config, JsonNode generation, String what) {
    try {
      holdsTogether(ConfigReader.read("x", config, generation), what);
      return 1;
    } catch (RelookException e) {
      assertEquals(RelookException.Category.MODEL, e.category(), what);
      return 0;
    } catch (RuntimeException e) {
      return fail(what + ": " + config, e);
    }
  }

  /** What the programs divide, allocate and index by. */
  private static void holdsTogether(ModelConfig config, String what) {
    ModelConfig.Text t = config.text();
    ModelConfig.Vision v = config.vision();
    for (int size :
        List.of(
            t.vocabSize(),
            t.hiddenSize(),
            t.intermediateSize(),
            t.layers(),
            t.heads(),
            t.kvHeads(),
            t.maxPositionEmbeddings(),
            v.depth(),
            v.hiddenSize(),
            v.heads(),
            v.intermediateSize(),
            v.outHiddenSize(),
            v.patchSize(),
            v.temporalPatchSize(),
            v.windowSize(),
            v.inChannels())) {
      assertTrue(size >= 1 && size <= 1 << 24, what + ": " + config);
    }
    assertEquals(t.hiddenSize(), t.heads() * t.headDim(), what);
    assertEquals(0, t.headDim() % 2, what);
    assertEquals(0, t.heads() % t.kvHeads(), what);
    assertEquals(t.headDim() / 2, Arrays.stream(t.mropeSection()).sum(), what);
    assertTrue(Arrays.stream(t.mropeSection()).allMatch(s -> s >= 0), what);
    assertEquals(0, v.hiddenSize() % v.heads() + v.hiddenSize() / v.heads() % 4, what);
    assertEquals(t.hiddenSize(), v.outHiddenSize(), what);
    assertEquals(2, v.spatialMergeSize(), what);
    assertTrue(v.windowSize() / v.patchSize() / 2 >= 1, what);
    assertTrue(Arrays.stream(v.fullAttentionBlocks()).allMatch(b -> b >= 0 && b < v.depth()), what);
    assertTrue(config.eosTokenIds().stream().allMatch(id -> id >= 0 && id < t.vocabSize()), what);
    assertTrue(t.ropeTheta() > 0 && Double.isFinite(t.ropeTheta()), what);
    assertTrue(t.maxPositionEmbeddings() <= 1 << 20, what);
    assertTrue(
        ExpectedTensors.of(config).values().stream().flatMap(List::stream).allMatch(d -> d > 0),
        what);
  }

  /** Seeded damage to JSON. */
  static final class MutatedJson {
    private static final List<String> VALUES =
        List.of(
            "0",
            "1",
            "2",
            "3",
            "4",
            "6",
            "8",
            "-1",
            "1.5",
            "1e300",
            "1e-300",
            "-0.0",
            "2147483647",
            "2147483648",
            "9223372036854775807",
            "99999999999999999999999",
            "null",
            "true",
            "\"\"",
            "\"12\"",
            "\"qwen2_5_vl\"",
            "\"default\"",
            "\"mrope\"",
            "[]",
            "{}",
            "[1,2]",
            "[-1]",
            "[[4,2,2]]",
            "[0,4,4]",
            "{\"a\":{\"b\":[]}}");

    private MutatedJson() {}

    /** Replaces or removes one value somewhere in the tree. */
    static void change(JsonNode tree, Random random) throws IOException {
      ContainerNode<?> at = (ContainerNode<?>) tree;
      while (true) {
        List<JsonNode> inner = new java.util.ArrayList<>();
        at.forEach(
            node -> {
              if (node.isContainerNode() && node.size() > 0) {
                inner.add(node);
              }
            });
        if (inner.isEmpty() || random.nextInt(3) == 0) {
          break;
        }
        at = (ContainerNode<?>) inner.get(random.nextInt(inner.size()));
      }
      JsonNode value = JSON.readTree(VALUES.get(random.nextInt(VALUES.size())));
      if (at.isArray()) {
        ((com.fasterxml.jackson.databind.node.ArrayNode) at).set(random.nextInt(at.size()), value);
        return;
      }
      List<String> names = new java.util.ArrayList<>();
      at.fieldNames().forEachRemaining(names::add);
      String name = names.get(random.nextInt(names.size()));
      if (random.nextInt(8) == 0) {
        ((ObjectNode) at).remove(name);
      } else {
        ((ObjectNode) at).set(name, value);
      }
    }

    /** Other bytes in a few places, sometimes cut off. */
    static byte[] bytes(byte[] good, Random random) {
      byte[] bytes = good.clone();
      int flips = 1 + random.nextInt(3);
      for (int i = 0; i < flips; i++) {
        int place = random.nextInt(bytes.length);
        bytes[place] =
            random.nextBoolean()
                ? (byte) random.nextInt(256)
                : (byte) "0123456789-,\"{}[]:".charAt(random.nextInt(18));
      }
      return random.nextInt(8) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
    }
  }
}
