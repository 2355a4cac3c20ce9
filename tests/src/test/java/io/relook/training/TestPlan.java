package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.TestSession;
import io.relook.model.checkpoint.Adapter;
import io.relook.model.checkpoint.Checkpoint;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TestPlan {
  private static final Path PRESETS = Path.of(System.getProperty("relook.root"), "conf/presets");

  @TempDir Path folder;

  /** Weights are not needed to count. */
  @Test
  void countsComeFromTheConfigAndSayWhatTravels() throws Exception {
    EmbeddedModel.unpack(folder, false);
    Plan.Config config =
        new Plan.Config(
            PRESETS,
            "demo-short",
            null,
            false,
            List.of(
                "model=" + folder,
                "train.shards=2",
                "train.lora={rank: 4, alpha: 8}",
                "sft.saveEvery=3"));
    Plan.Result plan = new Plan(config).make(TestSession.spark(), config.read());
    assertEquals("as asked", plan.notMeasured());
    assertNull(plan.seconds());
    Adapter adapter =
        Policies.freshAdapter(config.read().train().lora(), Checkpoint.readConfig(folder), 0);
    double learnt =
        adapter.pairs().values().stream().mapToLong(p -> p.a().length + p.b().length).sum();
    assertEquals(Figure.exact(4 * learnt), bytes(plan.travels(), "values that learn"));
    assertEquals(Figure.exact(8 * learnt), bytes(plan.travels(), "gradients of 2 shards"));
    assertEquals(Figure.exact(12 * learnt), bytes(plan.training(), "gradient and optimizer"));
    assertEquals(Figure.exact(8 * learnt), bytes(plan.checkpoints(), "its optimizer"));
    assertFalse(plan.executor().isEmpty());

    StringWriter text = new StringWriter();
    Plan.print(plan, new PrintWriter(text), false);
    assertTrue(text.toString().contains("not measured: as asked"), text::toString);
    assertTrue(text.toString().contains("≤ 256"), text::toString);
    StringWriter json = new StringWriter();
    Plan.print(plan, new PrintWriter(json), true);
    JsonNode stage = new ObjectMapper().readTree(json.toString()).path("stages").get(2);
    assertEquals("roll out", stage.path("name").asText());
    assertEquals(512, stage.path("rows").path("value").asInt());
    assertEquals("EXACT", stage.path("rows").path("source").asText());
  }

  /** The embedded model on two questions; nothing is left behind. */
  @Test
  void aMeasuredPlanHasSecondsForEachStage() throws Exception {
    Plan.Config config =
        new Plan.Config(
            PRESETS,
            "demo-short",
            null,
            true,
            List.of("data.trainQuestions=6", "data.testQuestions=2", "rollout.maxNewTokens=64"));
    long before = leftovers();
    Plan.Result plan = new Plan(config).make(TestSession.spark(), config.read());
    assertNull(plan.notMeasured());
    for (PlanStages.Stage stage : plan.stages()) {
      assertTrue(stage.seconds().value() > 0, stage.name());
    }
    assertEquals(before, leftovers());
  }

  private static long leftovers() throws Exception {
    try (var files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files.filter(f -> f.getFileName().toString().startsWith("relook-plan")).count();
    }
  }

  private static Figure bytes(List<PlanMemory.Part> parts, String what) {
    return parts.stream()
        .filter(part -> part.what().startsWith(what))
        .findFirst()
        .orElseThrow()
        .bytes();
  }
}
