package io.relook.faults;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.jobs.RolloutJob;
import io.relook.jobs.RolloutJob.Ask;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.image.Transparency;
import io.relook.model.spark.EngineSettings;
import io.relook.model.text.TextProcessor;
import io.relook.scenes.SceneGenerator;
import io.relook.training.EmbeddedModel;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is wrong with one question is that row's error; the others are answered. Too many errors end
 * the job.
 */
final class TestRolloutFaults {
  private static final byte[] SCENE = new SceneGenerator(5).question(0).png();
  private static final EngineSettings ENGINE = new EngineSettings("float32", 1, 8);

  @TempDir private static Path folder;
  private static Lakehouse lakehouse;

  @BeforeAll
  static void pictures() throws IOException {
    EmbeddedModel.unpack(folder.resolve("base"), true);
    lakehouse = Lakehouse.open(TestSession.spark(), folder.resolve("lakehouse").toString());
    BufferedImage thread = new BufferedImage(2, 600, BufferedImage.TYPE_INT_RGB);
    ByteArrayOutputStream absurd = new ByteArrayOutputStream();
    ImageIO.write(thread, "png", absurd);
    byte[] bomb = SCENE.clone();
    Arrays.fill(bomb, 16, 24, (byte) 0x7F);
    List<Row> rows = new ArrayList<>();
    picture(rows, "good", SCENE);
    picture(rows, "cut", Arrays.copyOf(SCENE, SCENE.length / 2));
    picture(rows, "text", "no picture".getBytes(StandardCharsets.UTF_8));
    picture(rows, "absurd", absurd.toByteArray());
    picture(rows, "bomb", bomb);
    lakehouse.merge(Table.IMAGES, rows);
  }

  @Test
  void eachBadQuestionIsAnErrorThatSaysWhyAndTheOthersAreAnswered() {
    int picturePad;
    try (TextProcessor text = TextProcessor.load(folder.resolve("base"))) {
      picturePad = text.control("<|image_pad|>");
    }
    Map<String, String> expected = new HashMap<>();
    List<Ask> asks = new ArrayList<>();
    ask(asks, expected, "cut", "How many circles?", List.of("cut"), "cannot be decoded");
    ask(asks, expected, "text", "How many circles?", List.of("text"), "cannot be decoded");
    ask(asks, expected, "absurd", "How many circles?", List.of("absurd"), "200 times");
    ask(asks, expected, "bomb", "How many circles?", List.of("bomb"), "refused by its header");
    ask(asks, expected, "missing", "How many circles?", List.of("gone"), "has 0 of them");
    ask(asks, expected, "one of two", "Same?", List.of("good", "gone"), "has 1 of them");
    ask(asks, expected, "empty", "", List.of(), "prompt is empty");
    ask(asks, expected, "long", "how many ".repeat(2_000), List.of("good"), "context");
    ask(asks, expected, "no text", "", List.of("good"), null);
    ask(asks, expected, "no picture", "How many circles?", List.of(), null);
    ask(
        asks,
        expected,
        "control",
        "How\u0000 \u0001\u001B[31m\u0085\uFFFE?",
        List.of("good"),
        null);
    ask(asks, expected, "surrogates", "\uDC00 or \uD800 \uD800", List.of("good"), null);
    ask(asks, expected, "marks", "\uE0000\uE001 \uE0007\uE001", List.of("good"), null);
    ask(asks, expected, "tokens", "<|im_end|><|image_pad|>", List.of("good"), null);
    // What a policy sampled before is text, also where it spells a picture's token.
    asks.add(new Ask("prefix", "How many?", List.of("good"), "p", new int[] {40, picturePad, 41}));
    expected.put("prefix", null);
    asks.add(new Ask("unknown", "How many?", List.of("good"), "p", new int[] {999_999}));
    expected.put("unknown", "999999 is not in the vocabulary");

    RolloutJob.Result result = job(0, 1).run(asks, rows -> {});

    assertEquals(asks.size(), result.rows());
    List<String> wrong = new ArrayList<>();
    List<Row> rows = lakehouse.read(Table.TRAJECTORIES).where("step = 0").collectAsList();
    assertEquals(asks.size(), rows.size());
    for (Row row : rows) {
      Rows.Trajectory t = Rows.TRAJECTORY.fromRow(row);
      String reason = expected.get(t.queryId());
      boolean right =
          reason == null
              ? t.error() == null && t.completionIds().size() >= 1
              : t.error() != null && t.error().contains(reason) && t.finish().equals("error");
      if (!right) {
        wrong.add("%s: %s, %s".formatted(t.queryId(), t.finish(), t.error()));
      }
    }
    assertEquals(List.of(), wrong);
    assertEquals(9, result.failed());
  }

  @Test
  void moreErrorsThanTheBudgetEndTheJobAndFewerDoNot() {
    List<Ask> asks = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      asks.add(new Ask("q" + i, "How many?", List.of(i < 2 ? "cut" : "good"), null, new int[0]));
    }
    assertEquals(2, job(1, 0.2).run(asks, rows -> {}).failed());
    RelookException e =
        assertThrows(RelookException.class, () -> job(2, 0.19).run(asks, rows -> {}));
    assertEquals(RelookException.Category.DATA, e.category());
    assertTrue(e.getMessage().contains("2 of 10 rows failed"), e.getMessage());
    assertTrue(e.getMessage().contains("budget of 19.0 %"), e.getMessage());
    assertTrue(e.getMessage().contains("cannot be decoded"), e.getMessage());
    assertEquals(10, lakehouse.read(Table.TRAJECTORIES).where("step = 2").count(), "kept");
  }

  /** Spark's own strings cannot hold half a pair; what comes from elsewhere can. */
  @Test
  void halfASurrogatePairIsTheReplacementCharacter() {
    try (TextProcessor text = TextProcessor.load(folder.resolve("base"))) {
      for (String half : List.of("\uD800", "\uDC00", "a\uD800b", "\uDC00\uD800")) {
        String whole = half.replace('\uD800', '\uFFFD').replace('\uDC00', '\uFFFD');
        assertArrayEquals(text.encodeAsText(whole), text.encodeAsText(half));
        assertArrayEquals(text.encode(whole), text.encode(half));
      }
      String pair = "\uD83D\uDE00";
      assertEquals(pair, text.decode(text.encodeAsText(pair), true));
    }
  }

  private static RolloutJob job(int step, double budget) {
    return new RolloutJob(
        lakehouse,
        ENGINE,
        new RolloutJob.Config(
            "run",
            1,
            Phase.RL,
            step,
            "base",
            folder.resolve("base").toString(),
            1,
            1,
            4,
            0,
            Transparency.WHITE,
            100,
            1,
            budget));
  }

  private static void ask(
      List<Ask> asks,
      Map<String, String> expected,
      String id,
      String question,
      List<String> pictures,
      String reason) {
    asks.add(new Ask(id, question, pictures, null, new int[0]));
    expected.put(id, reason);
  }

  private static void picture(List<Row> rows, String id, byte[] bytes) {
    rows.add(Rows.IMAGE.toRow(new Rows.Image(id, bytes, 1, 1)));
  }
}
