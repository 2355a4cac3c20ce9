package io.relook.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
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
            "model-b.sft.final_loss")) {
      assertTrue(outcome.holds(check, "pass"), check + " was not checked");
    }
  }

  @Test
  void theWholeFolderOfReferenceNumbersPasses() {
    Path shared = sharedGoldens();
    boolean there = Files.isDirectory(shared);
    if (!there) {
      System.out.println("NOT RUN: the whole reference folder is absent at " + shared);
    }
    Assumptions.assumeTrue(there);
    Outcome outcome = parity(shared);
    assertEquals(List.of(), outcome.failures());
    assertEquals(0, outcome.code());
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
