package io.relook.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The engine against the reference's numbers, and that wrong constants are found out. */
class TestParity {
  private static final Path GOLDENS = Path.of("src/test/resources/goldens").toAbsolutePath();

  /** What the command printed and its exit code. */
  private record Outcome(int code, List<String> lines) {
    boolean holds(String check, String verdict) {
      return lines.stream().anyMatch(l -> l.startsWith(check) && l.contains("  " + verdict));
    }

    List<String> failures() {
      return lines.stream().filter(line -> line.matches(".*  fail\\b.*")).toList();
    }
  }

  @Test
  void theEngineComputesWhatTheReferenceComputes() {
    Outcome outcome = parity(GOLDENS);
    assertEquals(List.of(), outcome.failures());
    assertEquals(0, outcome.code());
    for (String check :
        List.of(
            "tokenizer.ids",
            "images.progressive.jpg@tiny rgb",
            "images.sixteen_bit.png@tiny rgb",
            "samplers.",
            "model-b.two_images.position_ids",
            "model-b.windows.image_embeds",
            "model-b.one_image.hidden.2",
            "model-b.small.greedy tokens",
            "model-b.text_only.bf16_logprob_deviation",
            "model-b.one_image.attention_on_image",
            "model-b.batch.last_logits",
            "model-b.sft.grad.*",
            "losses.trl.vespo.token.far",
            "losses.trl.rollout.sequence_mask.upper",
            "losses.verl.clip_cov.first",
            "losses.verl.advantages.gdpo",
            "losses.verl.count",
            "model-b.sft.final_loss",
            "model-b.lora.trainable",
            "model-b.lora.loss ",
            "model-b.lora.grad.*",
            "model-b.lora.merged_last_logits",
            "model-b.lora.adapter written and read",
            "model-b.grpo.text_only.ref_logps",
            "model-b.grpo.grad.*",
            "model-b.grpo.0.step2.losses",
            "model-b.grpo.0.final_norms")) {
      assertTrue(outcome.holds(check, "pass"), check + " was not checked");
    }
  }

  /** θ is 10,000, the budget not the default, and the template stands in a file of its own. */
  @Test
  void whatTransformers5SavedPasses() {
    Outcome outcome = parity(GOLDENS.resolveSibling("goldens-saved"));
    assertEquals(List.of(), outcome.failures());
    assertEquals(0, outcome.code());
    for (String check :
        List.of("tokenizer.chats", "images.rgb.png", "shards.one_image.logprobs", "shards.lora")) {
      assertTrue(outcome.holds(check, "pass"), check + " was not checked");
    }
  }

  @Test
  void bothModelsThatTransformers5SavedPass() {
    passesWhereItIs(sharedGoldens().resolveSibling("families/data/qwen2.5-vl-saved"));
  }

  @Test
  void theWholeFolderOfReferenceNumbersPasses() {
    passesWhereItIs(sharedGoldens());
  }

  @Test
  void allReferenceLossesPass() {
    passesWhereItIs(sharedGoldens().resolveSibling("losses"));
  }

  private static void passesWhereItIs(Path folder) {
    boolean there = Files.isDirectory(folder);
    if (!there) {
      System.out.println("NOT RUN: the reference numbers are absent at " + folder);
    }
    Assumptions.assumeTrue(there);
    Outcome outcome = parity(folder);
    assertEquals(List.of(), outcome.failures());
    assertEquals(0, outcome.code());
  }

  @Test
  void aFolderOfLossesAloneIsCompared(@TempDir Path folder) throws IOException {
    losses(folder, "verl", "", "");
    Outcome outcome = parity(folder);
    assertEquals(List.of(), outcome.failures());
    assertTrue(outcome.holds("losses.trl_losses.json", "not compared"));
    assertTrue(outcome.holds("losses.verl.gspo.drift", "pass"));
  }

  @Test
  void aChangedClipFailsWhatClipsAndNotTheRest(@TempDir Path folder) throws IOException {
    losses(folder, "verl", "\"clip_ratio_high\": 0.28", "\"clip_ratio_high\": 0.9");
    Outcome outcome = parity(folder);
    assertEquals(1, outcome.code());
    assertTrue(outcome.holds("losses.verl.vanilla.far.token-mean", "fail"));
    assertTrue(outcome.holds("losses.verl.gspo.drift", "fail"));
    assertTrue(outcome.holds("losses.verl.gpg.holes", "pass"));
    assertTrue(outcome.holds("losses.verl.advantages.rloo ", "pass"));
  }

  @Test
  void aChangedMetricAloneFailsItsCase(@TempDir Path folder) throws IOException {
    losses(folder, "trl", "\"clip_ratio/low_mean\": 0.0", "\"clip_ratio/low_mean\": 0.001");
    assertFalse(parity(folder).failures().isEmpty());
  }

  @Test
  void whatTheComparisonDoesNotKnowFails(@TempDir Path folder) throws IOException {
    losses(folder, "trl", "\"loss_type\": \"vespo\"", "\"loss_type\": \"vespa\"");
    Outcome outcome = parity(folder);
    assertTrue(outcome.holds("losses.trl.vespo.token.far", "fail"));
    assertTrue(outcome.holds("losses.trl.grpo.token.near", "pass"));
  }

  @Test
  void anUnknownHyperparameterAndAnUnknownOutputFail(@TempDir Path folder) throws IOException {
    losses(folder, "verl", "\"tau_neg\"", "\"tau_middle\": 1.0, \"tau_neg\"");
    assertTrue(parity(folder).holds("losses.verl.gpg.holes", "fail"));
    losses(folder, "verl", "\"kl_loss\"", "\"kl_loss_of_all\"");
    assertTrue(parity(folder).holds("losses.verl.full.gspo_global", "fail"));
  }

  @Test
  void aChangedNormConstantFailsWhatComesAfterTheFirstNormOnly(@TempDir Path folder)
      throws IOException {
    perturbed(folder, "\"rms_norm_eps\": 1e-05", "\"rms_norm_eps\": 0.01");
    Outcome outcome = parity(folder);
    assertEquals(1, outcome.code());
    assertTrue(outcome.holds("model-b.one_image.hidden.0", "pass"));
    assertTrue(outcome.holds("model-b.one_image.hidden.1", "fail"));
    assertTrue(outcome.holds("model-b.one_image.logprobs", "fail"));
    assertTrue(outcome.holds("model-b.sft.step0.loss", "fail"));
  }

  @Test
  void aChangedReferenceOrRateFailsTheGrpoStepsAlone(@TempDir Path folder) throws IOException {
    copy(folder);
    Path goldens = folder.resolve("model-b/grpo.json");
    String text = Files.readString(goldens);
    Files.writeString(
        goldens, text.replace("\"reference_scale\": 0.98", "\"reference_scale\": 0.95"));
    Outcome outcome = parity(folder);
    assertTrue(outcome.holds("model-b.grpo.one_image.ref_logps", "fail"));
    assertTrue(outcome.holds("model-b.grpo.0.step0.losses", "fail"));
    assertTrue(outcome.holds("model-b.grpo.one_image.logps", "pass"));
    Files.writeString(goldens, text.replace("\"lr\": 0.001", "\"lr\": 0.002"));
    outcome = parity(folder);
    assertTrue(outcome.holds("model-b.grpo.0.step0.losses", "pass"));
    assertTrue(outcome.holds("model-b.grpo.0.step1.losses", "fail"));
    assertTrue(outcome.holds("model-b.sft.final_loss", "pass"));
  }

  @Test
  void aWrongScaleFailsTheAdapterAlone(@TempDir Path folder) throws IOException {
    copy(folder);
    Path settings = folder.resolve("model-b/adapter/adapter_config.json");
    String text = Files.readString(settings);
    for (String[] change :
        new String[][] {
          {"\"lora_alpha\": 2", "\"lora_alpha\": 3"},
          {"\"use_rslora\": false", "\"use_rslora\": true"}
        }) {
      assertTrue(text.contains(change[0]), change[0]);
      Files.writeString(settings, text.replace(change[0], change[1]));
      Outcome outcome = parity(folder);
      assertTrue(outcome.holds("model-b.lora.trainable", "pass"));
      assertTrue(outcome.holds("model-b.lora.loss ", "fail"));
      assertTrue(outcome.holds("model-b.lora.grad.*", "fail"));
      assertTrue(outcome.holds("model-b.lora.merged_last_logits", "fail"));
      assertTrue(outcome.holds("model-b.sft.final_loss", "pass"));
    }
  }

  @Test
  void aChangedWindowFailsThePicturesAndNotTheText(@TempDir Path folder) throws IOException {
    perturbed(folder, "\"window_size\": 56", "\"window_size\": 112");
    Outcome outcome = parity(folder);
    assertEquals(1, outcome.code());
    assertTrue(outcome.holds("model-b.windows.image_embeds", "fail"));
    assertTrue(outcome.holds("model-b.text_only.logprobs", "pass"));
  }

  @Test
  void aModelThatCannotBeLoadedIsAFailedCheckAndTheRestRuns(@TempDir Path folder)
      throws IOException {
    copy(folder);
    Files.delete(folder.resolve("model-b/model-00003-of-00007.safetensors"));
    Outcome outcome = parity(folder);
    assertEquals(1, outcome.code());
    assertTrue(outcome.holds("model-b ", "fail"));
    assertTrue(outcome.holds("tokenizer.ids", "pass"));
  }

  @Test
  void aFolderWithoutATokenizerOfItsOwnUsesItsModels(@TempDir Path folder) throws IOException {
    copy(folder);
    try (Stream<Path> files = Files.list(folder.resolve("tokenizer"))) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder.resolve("tokenizer"));
    assertEquals(0, parity(folder).code());
  }

  @Test
  void aFolderThatHoldsNothingToCheckFails(@TempDir Path folder) {
    Outcome outcome = parity(folder);
    assertEquals(1, outcome.code());
    assertFalse(outcome.lines().isEmpty());
  }

  private static Outcome parity(Path folder) {
    StringWriter out = new StringWriter();
    int code =
        new CommandLine(new ParityCommand())
            .setOut(new PrintWriter(out))
            .execute(folder.toString());
    return new Outcome(code, out.toString().lines().toList());
  }

  /** One library's losses in a folder, with a text of theirs replaced throughout. */
  private static void losses(Path folder, String library, String right, String wrong)
      throws IOException {
    String file = library + "_losses.";
    Path tensors = folder.resolve(file + "safetensors");
    Files.copy(
        GOLDENS.resolve("losses").resolve(file + "safetensors"),
        tensors,
        StandardCopyOption.REPLACE_EXISTING);
    String text = Files.readString(GOLDENS.resolve("losses").resolve(file + "json"));
    assertTrue(text.contains(right), right);
    Files.writeString(
        folder.resolve(file + "json"), right.isEmpty() ? text : text.replace(right, wrong));
  }

  private static void perturbed(Path folder, String right, String wrong) throws IOException {
    copy(folder);
    Path config = folder.resolve("model-b/config.json");
    String text = Files.readString(config);
    assertTrue(text.contains(right), right);
    Files.writeString(config, text.replace(right, wrong));
  }

  private static void copy(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(GOLDENS)) {
      for (Path from : all.toList()) {
        Path to = folder.resolve(GOLDENS.relativize(from));
        if (Files.isDirectory(from)) {
          Files.createDirectories(to);
        } else {
          Files.copy(from, to);
        }
      }
    }
  }

  private static Path sharedGoldens() {
    String shared = System.getProperty("relook.shared", System.getenv("RELOOK_SHARED"));
    Path folder =
        shared == null ? Path.of(System.getProperty("relook.root"), "../shared") : Path.of(shared);
    return folder.resolve("goldens/data").normalize();
  }
}
