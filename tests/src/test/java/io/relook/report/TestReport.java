package io.relook.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.lakehouse.RelookException;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.ModelProbe;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.spark.ModelPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the page's data are, against the tables and the engine. */
class TestReport {
  private static final Pattern DATA =
      Pattern.compile(
          "<script type=\"application/json\" id=\"data\">(.*?)</script>", Pattern.DOTALL);

  @TempDir private static Path folder;

  private static ReportedRun run;
  private static JsonNode data;

  @BeforeAll
  static void write() throws IOException {
    run = ReportedRun.write(folder);
    data = report("whole.html", "--attention");
  }

  private static JsonNode report(String name, String... options) throws IOException {
    Path file = folder.resolve(name);
    List<String> arguments = new ArrayList<>(List.of(options));
    arguments.addAll(List.of("--out", file.toString()));
    ReportedRun.Output output = run.report(arguments.toArray(String[]::new));
    assertEquals(null, output.error());
    assertTrue(output.out().contains("MB in " + file), output.out());
    Matcher found = DATA.matcher(Files.readString(file));
    assertTrue(found.find());
    return new ObjectMapper().readTree(found.group(1));
  }

  @Test
  void theGroupWhoseRewardsDifferComesFirstAndOtherRunsDoNotShow() {
    assertEquals("r", data.path("run").asText());
    assertEquals(
        List.of("rl", "evaluation", "reconstruction"), texts(data.path("groups"), "phase"));
    JsonNode first = data.path("groups").get(0);
    assertEquals(
        List.of("right", "hostile", "cut", "failed"), texts(first.path("samples"), "trajectoryId"));
    assertEquals(
        "[\"rewards differ\",\"reflection\",\"error\",\"truncated\"]",
        first.path("why").toString());
    assertEquals(
        List.of("asked", "trained"),
        texts(data.path("groups").get(1).path("samples"), "trajectoryId"));
    assertFalse(data.toString().contains("Not shown."));
  }

  @Test
  void theColouredPiecesJoinToTheTextExactly() {
    JsonNode right = sample("right");
    int[] ids = run.completion(ReportedRun.RIGHT);
    assertEquals(run.text().decode(ids, false), joined(right, false));
    assertTrue(joined(right, false).contains("é 😀"));
    int tokens = 0;
    double sum = 0;
    for (JsonNode piece : right.path("pieces")) {
      assertFalse(piece.path("text").asText().contains("\uFFFD"), piece.toString());
      tokens += piece.path("tokens").asInt();
      sum += piece.path("logProb").asDouble();
    }
    assertEquals(ids.length, tokens);
    assertTrue(right.path("pieces").size() < ids.length, "the smiley's tokens are one piece");
    assertEquals(
        IntStream.range(0, ids.length).mapToDouble(i -> -0.125 * (i % 9)).sum(), sum, 1e-5);
    assertEquals(ReportedRun.HOSTILE + "<|im_end|>", joined(sample("hostile"), false));
  }

  @Test
  void theReflectionIsMarkedAlsoWhereItBeganInWhatWasGiven() {
    assertTrue(joined(sample("right"), true).contains(ReportedRun.REFLECTION));
    assertTrue(
        joined(sample("right"), true).length() < ReportedRun.REFLECTION.length() + 12,
        joined(sample("right"), true));
    JsonNode rebuilt = sample("rebuilt");
    String all = run.text().decode(run.completion("Two.</reflection> <answer>2</answer>"), false);
    assertEquals(ReportedRun.PRE + all, joined(rebuilt, false));
    assertTrue(joined(rebuilt, true).strip().startsWith("<reflection>Two.</reflection>"));
    int given = rebuilt.path("given").asInt();
    assertTrue(rebuilt.path("pieces").get(given - 1).path("logProb").isNull());
    assertFalse(rebuilt.path("pieces").get(given).path("logProb").isNull());
  }

  @Test
  void rewardsKeepNullWithItsReason() {
    JsonNode cut = sample("cut").path("reward");
    assertTrue(cut.path("accuracy").isNull());
    assertTrue(cut.path("total").isNull());
    assertEquals("the right answer is not known", cut.path("reason").asText());
    assertEquals("failed: <b>no</b>", cut.path("own").get(0).path("reason").asText());
    assertEquals(0.75, sample("right").path("advantage").asDouble());
    assertEquals(-0.75, sample("hostile").path("advantage").asDouble());
    assertTrue(sample("cut").path("advantage").isNull());
    assertEquals("the picture is <i>broken</i>", sample("failed").path("error").asText());
  }

  @Test
  void attentionIsWhatTheEngineComputes() {
    float[][][] expected;
    int[] ids = run.completion(ReportedRun.RIGHT);
    try (Checkpoint checkpoint = Checkpoint.open(run.base().toString(), new Configuration());
        VisionLanguageModel model =
            VisionLanguageModel.load(
                ModelPool.program(Device.cpu(), 2),
                checkpoint,
                VisionLanguageModel.Options.cpu(ComputeType.FLOAT32, 2))) {
      expected = new ModelProbe(model).attentionOnPictures(run.prompt(), ids);
    }
    JsonNode attention = sample("right").path("attention");
    assertEquals(ids.length, attention.path("shares").size());
    byte[] map = Base64.getDecoder().decode(attention.path("map").asText());
    int columns =
        attention.path("grids").get(0).get(0).asInt()
            * attention.path("grids").get(0).get(1).asInt();
    assertEquals(ids.length * columns, map.length);
    for (int s = 0; s < ids.length; s++) {
      double mean =
          Arrays.stream(expected[s])
              .flatMapToDouble(heads -> IntStream.range(0, heads.length).mapToDouble(h -> heads[h]))
              .average()
              .orElseThrow();
      assertEquals(mean, attention.path("shares").get(s).asDouble(), 1e-4);
      double sum = 0;
      for (int i = 0; i < columns; i++) {
        sum += (map[s * columns + i] & 255) / 255.0 * attention.path("most").asDouble();
      }
      assertEquals(mean, sum, 0.02);
    }
    assertTrue(
        sample("asked").path("attention").path("problem").asText().contains("picture"),
        "a broken picture is told");
    assertTrue(
        sample("trained").path("attention").path("problem").asText().contains("gone"),
        "a checkpoint that is gone is told");
    assertFalse(data.path("pictures").path("i").path("data").isNull());
    assertTrue(data.path("pictures").path("broken").path("data").isNull());
  }

  @Test
  void sectionsAndCurvesSayWhatTheTablesHold() {
    assertEquals(
        "[1,\"grpo\",2,\"the loss is not finite\",\"NaN\",0.25]",
        section("Skipped steps").get(0).toString());
    assertEquals(4, section("Stages").get(0).get(2).asInt());
    assertEquals(1.0, section("Evaluations").get(1).get(2).path("rate").asDouble());
    assertEquals(
        "[1,\"corrective\",\"wrong\",\"right\",1,0,0.5,null]",
        section("Answers before and after a reflection").get(0).toString());
    List<String> reasons = new ArrayList<>();
    section("Left out")
        .forEach(row -> reasons.add(row.get(0).asText() + ": " + row.get(1).asText()));
    assertTrue(reasons.contains("reflections: because"), reasons.toString());
    assertTrue(
        reasons.contains("training_steps: groups: all rewards are equal"), reasons.toString());
    assertTrue(reasons.contains("trajectories: the picture is <i>broken</i>"), reasons.toString());
    JsonNode reward =
        nodes(data.path("charts")).stream()
            .filter(chart -> chart.path("name").asText().startsWith("reward"))
            .findFirst()
            .orElseThrow();
    assertEquals("[0.25,0.5,0.75]", reward.path("lines").get(1).path("values").toString());
    assertEquals("{\"key\":\"sft.batch\",\"value\":\"4\"}", data.path("recipe").get(1).toString());
  }

  @Test
  void fewerGroupsAreSaid() throws IOException {
    JsonNode one = report("one.html", "--groups", "1");
    assertEquals(List.of("rl"), texts(one.path("groups"), "phase"));
    assertEquals(
        "1 of the run's 3 groups of samples are shown (--groups).",
        one.path("notes").get(0).asText());
    assertTrue(one.path("groups").get(0).path("samples").get(0).path("attention").isNull());
  }

  @Test
  void aRunThatIsNotThereIsTold() {
    ReportedRun.Output output = run.report("--run", "nosuch");
    assertInstanceOf(RelookException.class, output.error());
    assertEquals("The lakehouse has no run nosuch: it has r, old.", output.error().getMessage());
  }

  private static JsonNode sample(String id) {
    for (JsonNode group : data.path("groups")) {
      for (JsonNode sample : group.path("samples")) {
        if (sample.path("trajectoryId").asText().equals(id)) {
          return sample;
        }
      }
    }
    throw new AssertionError("no sample " + id);
  }

  private static JsonNode section(String name) {
    for (JsonNode section : data.path("sections")) {
      if (section.path("name").asText().equals(name)) {
        return section.path("rows");
      }
    }
    throw new AssertionError("no section " + name);
  }

  private static List<JsonNode> nodes(JsonNode array) {
    List<JsonNode> found = new ArrayList<>();
    array.forEach(found::add);
    return found;
  }

  private static List<String> texts(JsonNode array, String field) {
    return nodes(array).stream().map(node -> node.path(field).asText()).toList();
  }

  private static String joined(JsonNode sample, boolean reflectionAlone) {
    StringBuilder text = new StringBuilder();
    for (JsonNode piece : sample.path("pieces")) {
      if (!reflectionAlone || piece.path("reflection").asBoolean()) {
        text.append(piece.path("text").asText());
      }
    }
    return text.toString();
  }
}
