package io.relook.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.CheckpointWriter;
import io.relook.model.checkpoint.DType;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.torch.TorchProgram;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The benchmark commands on a workload of two prompts with a picture, three completions each. */
final class TestBench {
  private static final String MODEL =
      Path.of(System.getProperty("relook.root"), "tests/src/test/resources/goldens/model-b")
          .toString();
  private static final int NEW_TOKENS = 12;
  private static final int SEQUENCES = 6;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path folder;
  private static Workload work;
  private static int lengths;

  /** The layout of make_workload.py. */
  @BeforeAll
  static void write() throws IOException {
    Random random = new Random(1);
    ObjectNode json = JSON.createObjectNode();
    json.putObject("settings").put("samples", 3).put("new_tokens", NEW_TOKENS).put("image", 56);
    ArrayNode prompts = json.putArray("prompts");
    ArrayNode completions = json.putArray("completions");
    List<CheckpointWriter.Target> tensors = new ArrayList<>();
    for (int p = 0; p < 2; p++) {
      ObjectNode prompt = prompts.addObject().put("image", "" + p);
      ArrayNode ids = prompt.putArray("input_ids").add(20 + p).add(492);
      for (int i = 0; i < 4; i++) {
        ids.add(495);
      }
      ids.add(493).add(30);
      if (p == 1) {
        ids.add(31);
      }
      prompt.putArray("grid_thw").add(1).add(4).add(4);
      tensors.add(new CheckpointWriter.Target("pixel_values." + p, List.of(16L, 1176L)));
      for (int k = 0; k < 3; k++) {
        ObjectNode completion = completions.addObject().put("prompt", p).put("sample", k);
        int length = 3 + random.nextInt(NEW_TOKENS - 2);
        lengths += length;
        ArrayNode tokens = completion.putArray("ids");
        random.ints(length, 10, 400).forEach(tokens::add);
        completion.put("advantage", k - 0.7);
      }
    }
    tensors.add(new CheckpointWriter.Target("old_log_probs", List.of((long) lengths)));
    new CheckpointWriter(new Configuration())
        .writeTensors(
            folder.resolve("workload.safetensors").toString(),
            tensors,
            DType.F32,
            (name, count) -> values(random, name.startsWith("old") ? -7 : 0, count));
    JSON.writeValue(folder.resolve("workload.json").toFile(), json);
    work = Workload.read(folder, 0);
  }

  @Test
  void generatePrintsOneJsonLineAMeasurementAndNothingElse() throws Exception {
    List<JsonNode> lines =
        child("generate", "--variants", "same,differ", "--batch", "4,8", "--bank", "2");
    assertEquals(4, lines.size());
    for (JsonNode line : lines) {
      assertEquals("generate_relook", line.path("name").asText());
      boolean same = line.path("mode").asText().equals("same");
      assertEquals(same ? SEQUENCES * NEW_TOKENS : lengths, line.path("tokens").asInt());
      assertEquals(56, line.path("image").asInt());
      assertSpreads(
          line,
          "tokens_per_s",
          "useful_tokens_per_s",
          "seconds",
          "prefill_s",
          "decode_s",
          "decode_tokens_per_s",
          "decode_step_ms");
      double whole = line.path("seconds").get(2).asDouble();
      double parts =
          line.path("prefill_s").get(2).asDouble() + line.path("decode_s").get(2).asDouble();
      assertTrue(parts > 0.5 * whole && parts < 1.5 * whole, line.toString());
      assertMachine(line);
    }
    assertEquals(4, lines.get(0).path("batch").asInt());
    assertEquals(8, lines.get(1).path("batch").asInt());
  }

  @Test
  void trainPrintsOneJsonLineAMeasurementAndNothingElse() throws Exception {
    List<JsonNode> lines = child("train", "--batch", "2");
    assertEquals(1, lines.size());
    JsonNode line = lines.get(0);
    assertEquals("grpo_relook", line.path("name").asText());
    assertEquals("full", line.path("variant").asText());
    assertSpreads(line, "useful_tokens_per_s", "seconds", "forward_backward_s", "optimizer_s");
    assertTrue(line.path("shared_prefix_tflop").asDouble() <= line.path("model_tflop").asDouble());
    assertMachine(line);
    double loss = 0;
    List<VisionLanguageModel.Scores> scores = scores();
    for (int i = 0; i < SEQUENCES; i++) {
      Workload.Fixed fixed = work.fixed().get(i);
      double sum = 0;
      for (int t = 0; t < fixed.ids().length; t++) {
        double ratio = Math.exp(scores.get(i).logProbs()[t] - fixed.oldLogProbs()[t]);
        double clipped = Math.max(0.8, Math.min(1.2, ratio));
        sum -= Math.min(ratio * fixed.advantage(), clipped * fixed.advantage());
      }
      loss += sum / fixed.ids().length / SEQUENCES;
    }
    assertEquals(loss, line.path("loss").asDouble(), 1e-4 * Math.abs(loss) + 1e-6);
  }

  @Test
  void variantsStartFromTheSameLoss() throws IOException {
    List<JsonNode> lines = inside("train", "--batch", "4", "--variants", "full,frozen,lora");
    assertEquals(3, lines.size());
    for (int i = 0; i < 3; i++) {
      JsonNode line = lines.get(i);
      assertEquals(List.of("full", "frozen", "lora").get(i), line.path("variant").asText());
      assertEquals(lines.get(0).path("loss").asDouble(), line.path("loss").asDouble(), 1e-7);
    }
  }

  @Test
  void shardsTakeTheSameStepAndSayWhatTravels() throws Exception {
    JsonNode line = child("train", "--batch", "1", "--shards", "2", "--variants", "lora").get(0);
    JsonNode alone = inside("train", "--batch", "1", "--variants", "lora").get(0);
    assertEquals(alone.path("loss").asDouble(), line.path("loss").asDouble(), 1e-7);
    assertEquals(2, line.path("shards").asInt());
    assertTrue(line.path("megabytes_each_way").asDouble() > 0, line.toString());
    assertSpreads(
        line,
        "send_values_s",
        "receive_values_s",
        "shard_gradient_s",
        "fetch_gradients_s",
        "add_gradients_s");
  }

  @Test
  void supervisedStepsTakeTheCompletionsInOrder() throws IOException {
    List<JsonNode> lines = inside("train", "--stage", "sft", "--batch", "4");
    JsonNode line = lines.get(0);
    assertEquals("sft_relook", line.path("name").asText());
    assertEquals(2, line.path("steps").asInt());
    assertSpreads(line, "useful_tokens_per_s", "step_s", "forward_backward_s", "optimizer_s");
    double sum = 0;
    int tokens = 0;
    List<VisionLanguageModel.Scores> scores = scores();
    for (int i = 0; i < 4; i++) {
      for (float logProb : scores.get(i).logProbs()) {
        sum -= logProb;
        tokens++;
      }
    }
    assertEquals(sum / tokens, line.path("loss").asDouble(), 1e-4 * sum / tokens);
  }

  @Test
  void textOnlyKeepsThePromptsLengths() throws IOException {
    List<JsonNode> lines = inside("generate", "--text-only", "--batch", "8", "--bank", "4");
    assertEquals("none", lines.get(0).path("image").asText());
    assertEquals(SEQUENCES * NEW_TOKENS, lines.get(0).path("tokens").asInt());
    Workload text = work.textOnly(495);
    for (int p = 0; p < 2; p++) {
      assertEquals(work.prompts().get(p).length(), text.prompts().get(p).length());
    }
  }

  @Test
  void whatIsNotBuiltIsAUsageError() {
    assertUsage("qlora", "train", "--variants", "full,qlora");
    assertUsage("float16", "train", "--dtype", "float16");
    assertUsage("dpo", "train", "--stage", "dpo");
    assertUsage("--shards", "train", "--shards", "-1");
    assertUsage("float16", "generate", "--dtype", "float16");
    assertUsage("shuffled", "generate", "--variants", "shuffled");
    assertUsage("--repeats", "generate", "--repeats", "0");
  }

  private static float[] values(Random random, float mean, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = mean + 0.3f * (float) random.nextGaussian();
    }
    return values;
  }

  private static void assertSpreads(JsonNode line, String... names) {
    for (String name : names) {
      JsonNode spread = line.path(name);
      assertEquals(3, spread.size(), name + " in " + line);
      assertTrue(spread.get(0).asDouble() >= 0, name + " in " + line);
      assertTrue(spread.get(0).asDouble() <= spread.get(1).asDouble(), name);
      assertTrue(spread.get(1).asDouble() <= spread.get(2).asDouble(), name);
    }
    assertTrue(line.path("useful_tokens_per_s").get(0).asDouble() > 0, line.toString());
  }

  private static void assertMachine(JsonNode line) {
    assertEquals(1, line.path("threads").asInt());
    assertEquals(SEQUENCES, line.path("sequences").asInt());
    assertEquals(2, line.path("repeats").asInt());
    assertTrue(line.path("peak_gflops_float32").asDouble() > 1, line.toString());
    assertTrue(line.path("copy_gbytes_per_s").asDouble() > 0.1, line.toString());
    assertTrue(line.path("peak_rss_gb").asDouble() > 0.1, line.toString());
    assertTrue(line.path("others_busy_cores").isNumber(), line.toString());
    assertEquals(3, line.path("share_of_matmul_peak").size());
  }

  /** What the model says of the completions, by the program that scores. */
  private static List<VisionLanguageModel.Scores> scores() {
    try (TorchProgram program = TorchProgram.load(Device.cpu(), 1);
        Checkpoint checkpoint = Checkpoint.open(MODEL, new Configuration());
        VisionLanguageModel model =
            VisionLanguageModel.load(
                program, checkpoint, VisionLanguageModel.Options.cpu(ComputeType.FLOAT32, 1))) {
      List<Prompt> prompts =
          work.fixed().stream().map(f -> work.prompts().get(f.prompt())).toList();
      return model.logProbs(prompts, work.fixed().stream().map(Workload.Fixed::ids).toList(), 1);
    }
  }

  private static List<String> arguments(String command, String... more) {
    List<String> arguments = new ArrayList<>(List.of(command, folder.toString()));
    arguments.addAll(List.of("--model", MODEL, "--threads", "1", "--repeats", "2"));
    arguments.addAll(List.of("--peak-seconds", "0"));
    arguments.addAll(List.of(more));
    return arguments;
  }

  /** A JVM of its own, so that whatever reaches standard output is seen. */
  private static List<JsonNode> child(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(a -> a.startsWith("--add-") || a.startsWith("-Djdk.") || a.startsWith("-Dio."))
        .forEach(command::add);
    command.addAll(List.of("-Xmx1g", "-Dai.djl.offline=true"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "io.relook.cli.Relook"));
    command.add("bench");
    command.addAll(
        arguments(
            arguments[0], List.of(arguments).subList(1, arguments.length).toArray(String[]::new)));
    Path errors = folder.resolve("errors.txt");
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertEquals(0, process.waitFor(), Files.readString(errors));
    return parsed(output);
  }

  private static List<JsonNode> inside(String command, String... more) throws IOException {
    StringWriter output = new StringWriter();
    int code =
        new CommandLine(new BenchCommand())
            .setOut(new PrintWriter(output))
            .execute(arguments(command, more).toArray(String[]::new));
    assertEquals(0, code);
    return parsed(output.toString());
  }

  private static List<JsonNode> parsed(String output) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : output.lines().toList()) {
      lines.add(JSON.readTree(line));
    }
    return lines;
  }

  private static void assertUsage(String named, String command, String... more) {
    StringWriter output = new StringWriter();
    StringWriter errors = new StringWriter();
    int code =
        new CommandLine(new BenchCommand())
            .setOut(new PrintWriter(output))
            .setErr(new PrintWriter(errors))
            .execute(arguments(command, more).toArray(String[]::new));
    assertEquals(2, code, errors.toString());
    assertEquals("", output.toString());
    assertTrue(errors.toString().contains(named), errors.toString());
  }
}
