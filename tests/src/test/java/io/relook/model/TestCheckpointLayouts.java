package io.relook.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.relook.TestSession;
import io.relook.jobs.RolloutJob;
import io.relook.jobs.ScenesJob;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Table;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.CheckpointFiles;
import io.relook.model.checkpoint.CheckpointWriter;
import io.relook.model.checkpoint.DType;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.PictureGrid;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.image.ImageProcessor;
import io.relook.model.image.Transparency;
import io.relook.model.spark.EngineSettings;
import io.relook.model.spark.ImageTextGenerator;
import io.relook.model.text.Message;
import io.relook.model.text.TextProcessor;
import io.relook.model.torch.TorchProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checkpoints as they are published and as transformers 5 saves them, and what Relook writes of
 * them. The policies stay in {@code target/policies} for {@code tests/transformers.sh}.
 */
final class TestCheckpointLayouts {
  private static final Path RESOURCES =
      Path.of(System.getProperty("relook.root"), "tests/src/test/resources");
  private static final Path GOLDENS = RESOURCES.resolve("goldens");
  private static final Path WRITTEN =
      Path.of(System.getProperty("relook.root"), "tests/target/policies");
  private static final Configuration HADOOP = new Configuration();
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private static Path published;
  private static JsonNode expected;
  private static TorchProgram program;

  @BeforeAll
  static void assemble() throws IOException {
    try (Stream<Path> weights = Files.list(GOLDENS.resolve("model-b"));
        Stream<Path> beside = Files.list(GOLDENS.resolve("published"))) {
      for (Path file :
          Stream.concat(weights.filter(f -> f.getFileName().toString().startsWith("model")), beside)
              .toList()) {
        Files.copy(file, published.resolve(file.getFileName()));
      }
    }
    expected = JSON.readTree(GOLDENS.resolve("published/expected.json").toFile());
    program = TorchProgram.load(Device.cpu(), 1);
  }

  @AfterAll
  static void close() {
    program.close();
  }

  @Test
  void thePublishedLayoutIsAskedWithTheProcessorsTemplate() throws IOException {
    try (TextProcessor text = TextProcessor.load(published)) {
      for (JsonNode chat : expected.path("chats")) {
        assertEquals(
            chat.path("text").asText(),
            text.render(
                messages(chat.path("messages")), chat.path("add_generation_prompt").asBoolean()));
      }
      assertFalse(
          expected.path("tokenizers_own").equals(expected.path("chats").get(1).path("text")),
          "the two templates must differ");
    }
    assertEquals(
        expected.path("special_tokens"),
        JSON.valueToTree(new CheckpointFiles(published).specialTokens()));
  }

  @Test
  void aPictureGivesTransformersIdsAndLogits() throws IOException {
    float[] logits = new float[expected.path("last_logits").size()];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) expected.path("last_logits").get(i).asDouble();
    }
    assertArrayEquals(logits, logits(published), 2e-4f);
  }

  @Test
  void aTableIsAskedThroughSparkWithThePublishedLayout() throws IOException {
    List<Row> rows =
        List.of(
            RowFactory.create("How many red circles?", picture()),
            RowFactory.create("And how many blue ones?", picture()));
    List<Row> answers =
        new ImageTextGenerator()
            .setModelUrl(published.toString())
            .setInputCols("question", "image")
            .setThreads(1)
            .setMaxNewTokens(4)
            .transform(
                TestSession.spark()
                    .createDataFrame(rows, StructType.fromDDL("question STRING, image BINARY")))
            .collectAsList();
    assertEquals(2, answers.size());
    for (Row answer : answers) {
      assertNull(answer.<String>getAs("error"));
      assertFalse(answer.getList(answer.fieldIndex("completion_ids")).isEmpty());
    }
  }

  @Test
  void aRolloutTakesThePublishedLayoutAsItsPolicy(@TempDir Path folder) {
    Lakehouse lakehouse = Lakehouse.open(TestSession.spark(), folder.toString());
    new ScenesJob(lakehouse, new ScenesJob.Config(11, "train", 2)).run();
    RolloutJob.Config config =
        new RolloutJob.Config(
            "run",
            1,
            Phase.DIFFICULTY,
            0,
            "p",
            published.toString(),
            2,
            1,
            4,
            0,
            Transparency.WHITE,
            100,
            1,
            0);
    RolloutJob.Result result =
        new RolloutJob(lakehouse, new EngineSettings("float32", 1, 4), config)
            .run(RolloutJob.questions(lakehouse.read(Table.QUERIES)), rows -> {});
    assertEquals(4, result.rows());
    assertEquals(0, result.failed());
  }

  @Test
  void whatIsWrittenSaysTheSameToBothVersions() throws IOException {
    Path saved = RESOURCES.resolve("goldens-saved/shards");
    for (Path base : List.of(published, saved)) {
      Path policy = write(base, base.equals(saved) ? "saved" : "published");
      assertArrayEquals(logits(base), logits(policy), 2e-4f);
      JsonNode config = JSON.readTree(policy.resolve("config.json").toFile());
      JsonNode text = config.has("text_config") ? config.path("text_config") : config;
      double theta = Checkpoint.readConfig(base).text().ropeTheta();
      assertEquals(theta, text.path("rope_theta").asDouble(), "4.57.6 reads this one");
      assertEquals("mrope", text.path("rope_scaling").path("type").asText());
      assertEquals(
          base.equals(saved) ? theta : 0,
          text.path("rope_parameters").path("rope_theta").asDouble(),
          "5.23.0 writes this one");
      assertTrue(config.path("tie_word_embeddings").asBoolean());
      assertTrue(text.path("tie_word_embeddings").asBoolean());
      assertEquals("float32", config.path(base.equals(saved) ? "dtype" : "torch_dtype").asText());
      for (String file : List.of("processor_config.json", "preprocessor_config.json")) {
        assertTrue(Files.exists(policy.resolve(file)), file);
      }
      assertEquals(ImageProcessor.load(base).budget(), ImageProcessor.load(policy).budget());
      JsonNode tokenizer = JSON.readTree(policy.resolve("tokenizer_config.json").toFile());
      assertFalse(tokenizer.path("extra_special_tokens").isArray(), "4.57.6 cannot read a list");
      assertEquals(13, tokenizer.path("additional_special_tokens").size());
      assertEquals(
          new CheckpointFiles(base).specialTokens(), new CheckpointFiles(policy).specialTokens());
      assertEquals(
          new CheckpointFiles(base).chatTemplate(), new CheckpointFiles(policy).chatTemplate());
    }
  }

  /** transformers 5.23.0 numbers it 495 from added_tokens_decoder; 4.57.6 gives it 496. */
  @Test
  void aPictureTokenOfTheDecoderAloneIsReadAndWritten(@TempDir Path folder) throws IOException {
    copy(published, folder);
    ObjectNode tokenizer = (ObjectNode) JSON.readTree(folder.resolve("tokenizer.json").toFile());
    tokenizer
        .withArray("added_tokens")
        .removeIf(token -> token.path("content").asText().equals("<|image_pad|>"));
    JSON.writeValue(folder.resolve("tokenizer.json").toFile(), tokenizer);
    assertArrayEquals(logits(published), logits(folder), 0);
    Path policy = write(folder, "decoder");
    try (TextProcessor text = TextProcessor.load(policy)) {
      assertArrayEquals(new int[] {495}, text.encode("<|image_pad|>"));
    }
    assertEquals(
        JSON.readTree(published.resolve("tokenizer.json").toFile()),
        JSON.readTree(policy.resolve("tokenizer.json").toFile()));
  }

  @Test
  void furtherTemplatesAreWrittenToo(@TempDir Path folder) throws IOException {
    copy(published, folder);
    Files.delete(folder.resolve("chat_template.json"));
    Files.createDirectory(folder.resolve("additional_chat_templates"));
    Files.writeString(folder.resolve("additional_chat_templates/default.jinja"), "D");
    assertEquals("D", new CheckpointFiles(write(folder, "further")).chatTemplate().orElseThrow());
  }

  /** The logits behind the reference's question with its picture. */
  private static float[] logits(Path folder) throws IOException {
    ImageProcessor images = ImageProcessor.load(folder);
    PictureGrid grid = images.process(picture());
    try (Checkpoint checkpoint = Checkpoint.open(folder.toString(), HADOOP);
        TextProcessor text = TextProcessor.load(folder);
        VisionLanguageModel model =
            VisionLanguageModel.load(
                program, checkpoint, VisionLanguageModel.Options.cpu(ComputeType.FLOAT32, 1))) {
      int[] ids =
          text.encodeChat(
              messages(expected.path("chats").get(2).path("messages")),
              List.of(grid.tokens(images.mergeSize())),
              true);
      if (folder.equals(published)) {
        assertEquals(expected.path("input_ids"), JSON.valueToTree(ids));
      }
      return model.lastLogits(List.of(new Prompt(ids, List.of(grid))))[0];
    }
  }

  private static Path write(Path base, String name) throws IOException {
    Path policy = WRITTEN.resolve(name);
    if (Files.exists(policy)) {
      try (Stream<Path> all = Files.walk(policy)) {
        all.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      }
    }
    try (Checkpoint checkpoint = Checkpoint.open(base.toString(), HADOOP);
        TrainableModel model = TrainableModel.load(program, checkpoint)) {
      model.write(new CheckpointWriter(HADOOP), policy.toString(), DType.F32);
    }
    return policy;
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  private static byte[] picture() throws IOException {
    return Files.readAllBytes(GOLDENS.resolve("images/rgb.png"));
  }

  private static List<Message> messages(JsonNode chat) {
    List<Message> messages = new ArrayList<>();
    for (JsonNode message : chat) {
      JsonNode content = message.path("content");
      List<Message.Part> parts = new ArrayList<>();
      if (content.isTextual()) {
        parts.add(new Message.Part(content.asText()));
      }
      content.forEach(
          part ->
              parts.add(new Message.Part(part.has("text") ? part.path("text").asText() : null)));
      messages.add(new Message(message.path("role").asText(), parts, content.isTextual()));
    }
    return messages;
  }
}
