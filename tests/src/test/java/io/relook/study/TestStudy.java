package io.relook.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Table;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("killed") // Minutes of commits: `mvn verify -Dtests.excluded= -Dtest=TestStudy` runs it.
final class TestStudy {
  private static final String STUDY =
      """
      model: embedded
      data: {scenesSeed: 3, trainQuestions: 12, validationQuestions: 2, testQuestions: 16}
      engine: {dtype: float32, threads: 2, slots: 16}
      rollout: {samples: 4, temperature: 1.0, maxNewTokens: 96, minPixels: 0, chunk: 50, partitions: 1}
      rewards: {format: 0.2, accuracy: 1.0, reflection: 0.2}
      reconstruct: {sources: 2, candidates: 2, directShare: 0.35, instruction: "Look at the image again before you answer."}
      sft: {epochs: 1, steps: 1, batch: 8, rate: 1.0e-5, warmupSteps: 0, maxGradientNorm: 1.0, weightDecay: 0.0, tokenBudget: 2048, saveEvery: 1}
      grpo: {steps: 0, queries: 2, samples: 2, temperature: 1.0, rate: 1.0e-5, warmupSteps: 0, maxGradientNorm: 1.0, tokenBudget: 2048, objective: vre}
      evaluate: {split: none}
      failureBudget: 0.05
      """;

  @TempDir Path folder;

  @Test
  void anArmIsTrainedFromTheBasesRatesAndComparedOnTheTestQuestionsOnce() throws Exception {
    Files.writeString(folder.resolve("study.yaml"), STUDY);
    Files.writeString(folder.resolve("ablation-vre.yaml"), "extends: study");
    Lakehouse lakehouse = Lakehouse.open(TestSession.spark(), folder.resolve("lake").toString());
    List<Arm> arms = Arm.named(List.of("vre"));
    Study.Config config =
        new Study.Config(folder, folder.resolve("lake").toString(), null, arms, "test", 1, 1);
    StringWriter said = new StringWriter();
    new Study(lakehouse, config, new PrintWriter(said)).run();
    assertEquals(2, said.toString().split("take in [.]{3}").length, "once for both runs: " + said);
    assertEquals(
        List.of("base-s1"),
        lakehouse.read(Table.DIFFICULTY).select("run_id").distinct().collectAsList().stream()
            .map(row -> row.getString(0))
            .toList(),
        "the arm has no rates of its own");

    StudyResults results = new StudyResults(lakehouse, arms, "test", 1);
    results.write(folder.resolve("docs"), "the command", 2);
    JsonNode json =
        new ObjectMapper().readTree(folder.resolve("docs/results.json").toFile()).get(0);
    assertEquals("vre", json.get("arm").asText());
    assertEquals("base", json.get("against").asText());
    assertEquals(16, json.get("questions").asInt());
    long gained =
        count(lakehouse, "run_id = 'vre-s1' AND benchmark = 'scenes' AND correct")
            - count(lakehouse, "run_id = 'base-s1' AND benchmark = 'scenes' AND correct");
    assertEquals(gained / 16.0, json.get("mean").asDouble(), 1e-9);
    String text = Files.readString(folder.resolve("docs/results.md"));
    assertTrue(text.contains("`vre`") && text.contains("the command"), text);

    String svg = Files.readString(folder.resolve("docs/results-attention.svg"));
    assertTrue(svg.contains("traces:"), svg);
    long looked = lakehouse.read(Table.ATTENTION).select("trajectory_id").distinct().count();
    assertTrue(looked >= 16, looked + " traces of both policies");
    assertEquals(
        0,
        lakehouse.read(Table.ATTENTION).where("exists(shares, s -> s < 0 OR s > 1.0001)").count());

    long rows = lakehouse.read(Table.TRAJECTORIES).count();
    new Study(lakehouse, config, new PrintWriter(said)).run();
    assertEquals(
        rows, lakehouse.read(Table.TRAJECTORIES).count(), "what is done is not done again");
  }

  private static long count(Lakehouse lakehouse, String where) {
    return lakehouse.read(Table.EVALUATIONS).where(where).count();
  }
}
