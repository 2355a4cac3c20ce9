package io.relook.faults;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import ai.djl.Device;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.relook.lakehouse.RelookException;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.Completion;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.GenerationRequest;
import io.relook.model.engine.Generator;
import io.relook.model.engine.PictureGrid;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.Sampling;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.image.ImageProcessor;
import io.relook.model.text.Message;
import io.relook.model.text.TextProcessor;
import io.relook.model.torch.TorchProgram;
import io.relook.scenes.SceneGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Damaged side files of a checkpoint whose weights are whole: native code gets them only where it
 * can work with them. A file that is accepted is used: a picture and a question are answered.
 */
final class TestMutatedCheckpoints {
  private static final Path MODEL =
      Path.of(System.getProperty("relook.root"), "tests/src/test/resources/goldens/model-b");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final byte[] PICTURE = new SceneGenerator(5).question(0).png();

  @TempDir private Path folder;

  @BeforeEach
  void copy() throws IOException {
    try (Stream<Path> files = Files.list(MODEL)) {
      for (Path file : files.toList()) {
        if (!file.getFileName().toString().startsWith("goldens")) {
          Files.copy(file, folder.resolve(file.getFileName()));
        }
      }
    }
  }

  /** Values that leave the tensors' shapes alone: they reach the programs. */
  @Test
  void configsThatPassTheReaderRun() throws IOException {
    ObjectNode good = (ObjectNode) JSON.readTree(MODEL.resolve("config.json").toFile());
    List<String> keys =
        List.of(
            "num_attention_heads",
            "num_heads",
            "rope_theta",
            "rms_norm_eps",
            "window_size",
            "max_position_embeddings",
            "fullatt_block_indexes",
            "mrope_section",
            "image_token_id",
            "video_token_id",
            "eos_token_id",
            "pad_token_id",
            "tie_word_embeddings");
    List<String> values =
        List.of(
            "1",
            "2",
            "3",
            "6",
            "12",
            "16",
            "24",
            "48",
            "56",
            "484",
            "1023",
            "100000",
            "1e-300",
            "1e300",
            "0.5",
            "[0]",
            "[0,1,2]",
            "[2,2,0]",
            "[4,4,0]",
            "[0,8,0]",
            "[8,4,4]",
            "[]",
            "[1,1]",
            "true",
            "\"x\"",
            "16777216",
            "1048576");
    Random random = new Random(7);
    int run = 0;
    int refused = 0;
    try (TorchProgram program = TorchProgram.load(Device.cpu(), 1)) {
      for (int round = 0; round < 150; round++) {
        ObjectNode config = good.deepCopy();
        for (int i = 0; i <= random.nextInt(2); i++) {
          String key = keys.get(random.nextInt(keys.size()));
          ObjectNode parent = (ObjectNode) config.findParent(key);
          JsonNode value = JSON.readTree(values.get(random.nextInt(values.size())));
          (parent == null ? config : parent).set(key, value);
        }
        JSON.writeValue(folder.resolve("config.json").toFile(), config);
        try {
          answer(program);
          run++;
        } catch (RelookException e) {
          refused++;
        } catch (RuntimeException | Error e) {
          fail("seed 7, round " + round + ": " + config, e);
        }
      }
    }
    assertTrue(run > 15 && refused > 15, run + " run, " + refused + " refused");
  }

  @Test
  void settingsOfPicturesThatAreAcceptedRun() throws IOException {
    List<String> values =
        List.of(
            "0",
            "1",
            "2",
            "14",
            "28",
            "-1",
            "1.5",
            "100000000000",
            "9223372036854775807",
            "null",
            "\"x\"",
            "[]",
            "{}",
            "[0.5,0.5,0.5]",
            "[0,0,0]",
            "true",
            "false");
    Random random = new Random(8);
    int run = 0;
    int refused = 0;
    try (TorchProgram program = TorchProgram.load(Device.cpu(), 1)) {
      for (int round = 0; round < 100; round++) {
        ObjectNode settings =
            (ObjectNode) JSON.readTree(MODEL.resolve("preprocessor_config.json").toFile());
        List<String> keys = new ArrayList<>();
        settings.fieldNames().forEachRemaining(keys::add);
        keys.addAll(List.of("min_pixels", "max_pixels", "patch_size", "merge_size"));
        settings.set(
            keys.get(random.nextInt(keys.size())),
            JSON.readTree(values.get(random.nextInt(values.size()))));
        JSON.writeValue(folder.resolve("preprocessor_config.json").toFile(), settings);
        try {
          answer(program);
          run++;
        } catch (RelookException e) {
          refused++;
        } catch (RuntimeException | Error e) {
          fail("seed 8, round " + round + ": " + settings, e);
        }
      }
    }
    assertTrue(run > 10 && refused > 10, run + " run, " + refused + " refused");
  }

  @Test
  void tokenizersThatAreAcceptedEncodeAndDecode() throws IOException {
    byte[] good = Files.readAllBytes(MODEL.resolve("tokenizer.json"));
    JsonNode tree = JSON.readTree(good);
    Random random = new Random(9);
    int used = 0;
    int refused = 0;
    for (int round = 0; round < 400; round++) {
      byte[] damaged =
          round % 2 == 0 ? bytes(good, random) : JSON.writeValueAsBytes(changed(tree, random));
      Files.write(folder.resolve("tokenizer.json"), damaged);
      try (TextProcessor text = TextProcessor.load(folder)) {
        int[] ids = text.encodeAsText("How many red circles? é \uD83D\uDE00 12");
        text.decode(ids, true);
        text.decode(new int[] {-1, 0, 483, 99_999, Integer.MAX_VALUE}, false);
        used++;
      } catch (RelookException e) {
        refused++;
      } catch (RuntimeException | Error e) {
        fail("seed 9, round " + round, e);
      }
    }
    assertTrue(used > 10 && refused > 40, used + " used, " + refused + " refused");
  }

  @Test
  void templatesThatAreAcceptedAreRendered() throws IOException {
    byte[] good = Files.readAllBytes(MODEL.resolve("chat_template.jinja"));
    Random random = new Random(10);
    int used = 0;
    int refused = 0;
    for (int round = 0; round < 300; round++) {
      Files.write(folder.resolve("chat_template.jinja"), bytes(good, random));
      try (TextProcessor text = TextProcessor.load(folder)) {
        prompt(text);
        used++;
      } catch (RelookException e) {
        refused++;
      } catch (RuntimeException | Error e) {
        fail("seed 10, round " + round, e);
      }
    }
    assertTrue(used > 20 && refused > 20, used + " used, " + refused + " refused");
  }

  /** A picture and a question, four tokens long; a failed row is an answer too. */
  private void answer(TorchProgram program) {
    try (Checkpoint checkpoint = Checkpoint.open(folder.toString(), new Configuration());
        TextProcessor text = TextProcessor.load(folder);
        VisionLanguageModel model =
            VisionLanguageModel.load(
                program, checkpoint, VisionLanguageModel.Options.cpu(ComputeType.FLOAT32, 1))) {
      Prompt prompt = prompt(text);
      List<Completion> done = new ArrayList<>();
      new Generator(model, ids -> text.decode(ids, true), new Generator.Options(2, 2, 4, 1L << 28))
          .generate(
              List.of(
                  GenerationRequest.of(
                      prompt,
                      Sampling.ofPolicy(4, checkpoint.config().eosTokenIds()),
                      List.of("a", "b"))),
              done::add);
      assertTrue(done.size() == 2);
    }
  }

  private Prompt prompt(TextProcessor text) {
    ImageProcessor images = ImageProcessor.load(folder);
    PictureGrid grid = images.process(PICTURE);
    int[] ids =
        text.encodeChat(
            List.of(Message.ofPictures("user", 1, "What?")),
            List.of(grid.tokens(images.mergeSize())),
            true);
    return new Prompt(ids, List.of(grid));
  }

  private static JsonNode changed(JsonNode good, Random random) throws IOException {
    JsonNode tree = good.deepCopy();
    List<String> values =
        List.of("0", "-1", "null", "\"\"", "\"x\"", "[]", "{}", "[\"a\",\"b\"]", "4294967296");
    JsonNode at = tree;
    String name = null;
    while (true) {
      List<String> names = new ArrayList<>();
      at.fieldNames().forEachRemaining(names::add);
      if (names.isEmpty()) {
        break;
      }
      name = names.get(random.nextInt(names.size()));
      if (!at.path(name).isObject() || at.path(name).size() == 0 || random.nextInt(3) == 0) {
        break;
      }
      at = at.path(name);
    }
    ((ObjectNode) at).set(name, JSON.readTree(values.get(random.nextInt(values.size()))));
    return tree;
  }

  private static byte[] bytes(byte[] good, Random random) {
    byte[] bytes = good.clone();
    for (int i = 0; i <= random.nextInt(2); i++) {
      bytes[random.nextInt(bytes.length)] =
          random.nextBoolean() ? (byte) random.nextInt(128) : (byte) random.nextInt(256);
    }
    return random.nextInt(8) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
  }
}
