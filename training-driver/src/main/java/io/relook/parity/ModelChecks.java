package io.relook.parity;

import com.fasterxml.jackson.databind.JsonNode;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.TensorFile;
import io.relook.model.engine.Completion;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.GenerationRequest;
import io.relook.model.engine.Generator;
import io.relook.model.engine.ModelProbe;
import io.relook.model.engine.PictureGrid;
import io.relook.model.engine.Positions;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.Sampling;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.image.ImageProcessor;
import io.relook.model.text.TextProcessor;
import io.relook.model.torch.TorchProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;

/** One model's {@code goldens.json}: what it computes for each prompt, the batch, and training. */
final class ModelChecks {
  private final Report report;
  private final Path folder;
  private final Path model;
  private final String name;
  private final TorchProgram program;
  private final JsonNode goldens;
  private final TensorFile tensors;
  private final TreeSet<String> open;

  ModelChecks(Report report, Path folder, Path model, TorchProgram program) throws IOException {
    this.report = report;
    this.folder = folder;
    this.model = model;
    this.name = model.getFileName().toString();
    this.program = program;
    this.goldens = ParityCommand.json(model.resolve("goldens.json"));
    this.tensors = new TensorFile(model.resolve("goldens.safetensors"));
    this.open = new TreeSet<>(tensors.names());
  }

  void run() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(model.toString(), new Configuration());
        TextProcessor text = TextProcessor.load(model)) {
      ImageProcessor images = ImageProcessor.load(model);
      Map<String, Prompt> prompts = new LinkedHashMap<>();
      try (VisionLanguageModel loaded =
          VisionLanguageModel.load(
              program, checkpoint, VisionLanguageModel.Options.cpu(ComputeType.FLOAT32, 1))) {
        var cases = goldens.path("cases").fields();
        while (cases.hasNext()) {
          var c = cases.next();
          if (!c.getKey().equals("batch")) {
            prompts.put(c.getKey(), prompt(c.getKey(), c.getValue(), images, text));
            onePrompt(c.getKey(), c.getValue(), prompts.get(c.getKey()), loaded);
            greedyText(c.getKey(), c.getValue(), text);
          }
        }
        batch(prompts, loaded);
      }
      halfPrecision(checkpoint, prompts);
      TrainingChecks training =
          new TrainingChecks(report, name, goldens.path("sft"), tensors, open);
      training.run(program, checkpoint, prompts);
      if (Files.exists(model.resolve("grpo.json"))) {
        new GrpoChecks(report, model, program, checkpoint, prompts).run();
      }
      new LoraChecks(report, name, goldens.path("lora"), tensors, open)
          .run(program, checkpoint, training.rows(prompts));
    }
    for (String key : open) {
      report.notCompared(name + "." + key, "unknown key");
    }
  }

  /** The prompt from its rendered text and pictures; its ids must be the reference's. */
  private Prompt prompt(String key, JsonNode c, ImageProcessor images, TextProcessor text)
      throws IOException {
    List<PictureGrid> pictures = new ArrayList<>();
    for (JsonNode file : c.path("images")) {
      pictures.add(
          images.process(Files.readAllBytes(folder.resolve("images").resolve(file.asText()))));
    }
    long grids = pictures.size() == c.path("grid_thw").size() ? 0 : 1;
    for (int i = 0; grids == 0 && i < pictures.size(); i++) {
      JsonNode grid = c.path("grid_thw").get(i);
      PictureGrid picture = pictures.get(i);
      boolean same =
          grid.get(0).asInt() == 1
              && grid.get(1).asInt() == picture.height()
              && grid.get(2).asInt() == picture.width();
      grids += same ? 0 : 1;
    }
    if (c.has("grid_thw")) {
      report.equal(at(key, "grid_thw"), grids);
    }
    int[] expected = Numbers.ints(c.path("input_ids"));
    int pad = text.pictureTokenId();
    List<Integer> ids = new ArrayList<>();
    int picture = 0;
    for (int id : text.encode(c.path("prompt").asText())) {
      int times = id == pad ? pictures.get(picture++).tokens(images.mergeSize()) : 1;
      for (int i = 0; i < times; i++) {
        ids.add(id);
      }
    }
    int[] ours = ids.stream().mapToInt(Integer::intValue).toArray();
    report.equal(at(key, "input_ids"), Arrays.equals(ours, expected) ? 0 : 1);
    String pixels = key + ".pixel_values";
    if (open.remove(pixels)) {
      float[][] rows = pictures.stream().map(PictureGrid::patches).toArray(float[][]::new);
      report.within(
          at(key, "pixel_values (levels)"),
          Math.floor(Numbers.worst(Numbers.flat(rows), tensors.floats(pixels)) * 255 * 0.26 + 0.01),
          Tolerance.EQUAL);
    }
    return new Prompt(expected, pictures);
  }

  private void onePrompt(String key, JsonNode c, Prompt prompt, VisionLanguageModel loaded) {
    Positions positions = Positions.of(prompt.ids(), prompt.pictures(), loaded.config());
    if (c.has("rope_delta")) {
      report.equal(
          at(key, "rope_delta"), positions.delta() == c.path("rope_delta").asLong() ? 0 : 1);
    }
    if (open.contains(key + ".position_ids")) {
      long[] expected = tensors.longs(take(key + ".position_ids"));
      long different = 0;
      for (int i = 0; i < expected.length; i++) {
        different += positions.at(i / prompt.length(), i % prompt.length()) == expected[i] ? 0 : 1;
      }
      report.equal(at(key, "position_ids"), different);
    }
    if (open.contains(key + ".image_embeds")) {
      compare(
          key,
          "image_embeds",
          Numbers.flat(new ModelProbe(loaded).pictureEmbeddings(prompt.pictures())));
    }
    if (open.contains(key + ".hidden.0")) {
      List<float[][]> states = new ModelProbe(loaded).hiddenStates(prompt);
      for (int i = 0; i < states.size(); i++) {
        compare(key, "hidden." + i, Numbers.flat(states.get(i)));
      }
    }
    if (open.contains(key + ".logprobs")) {
      compare(key, "logprobs", loaded.logProbsWithin(prompt, 1).logProbs());
    }
    if (open.contains(key + ".last_logits")) {
      compare(key, "last_logits", loaded.lastLogits(List.of(prompt))[0]);
    }
    if (c.has("greedy")) {
      greedy(key, c, prompt, loaded);
    }
  }

  private void greedyText(String key, JsonNode c, TextProcessor text) {
    if (c.has("greedy_text")) {
      String ours = text.decode(Numbers.ints(c.path("greedy")), false);
      report.equal(at(key, "greedy_text"), ours.equals(c.path("greedy_text").asText()) ? 0 : 1);
    }
  }

  /**
   * Log-probabilities in bf16 against the reference's float32: at most so many times further away
   * than the reference's own bf16.
   */
  private void halfPrecision(Checkpoint checkpoint, Map<String, Prompt> prompts) {
    try (VisionLanguageModel loaded =
        VisionLanguageModel.load(
            program, checkpoint, VisionLanguageModel.Options.cpu(ComputeType.BFLOAT16, 1))) {
      for (Map.Entry<String, Prompt> entry : prompts.entrySet()) {
        String key = entry.getKey();
        JsonNode theirs = goldens.path("cases").path(key).path("bf16_logprob_deviation");
        if (theirs.isMissingNode() || !tensors.has(key + ".logprobs")) {
          continue;
        }
        float[] ours = loaded.logProbsWithin(entry.getValue(), 1).logProbs();
        float[] exact = tensors.floats(key + ".logprobs");
        report.within(
            at(key, "bf16_logprob_deviation max, in the reference's"),
            Numbers.worst(ours, exact) / theirs.path("max").asDouble(),
            Tolerance.BFLOAT16_TIMES);
        report.within(
            at(key, "bf16_logprob_deviation mean, in the reference's"),
            Numbers.mean(ours, exact) / theirs.path("mean").asDouble(),
            Tolerance.BFLOAT16_TIMES);
      }
    }
  }

  private void greedy(String key, JsonNode c, Prompt prompt, VisionLanguageModel loaded) {
    int[] expected = Numbers.ints(c.path("greedy"));
    Sampling sampling =
        new Sampling(
            0,
            0,
            1,
            0,
            1,
            loaded.config().eosTokenIds(),
            List.of(),
            expected.length,
            expected.length);
    List<Completion> completions = new ArrayList<>();
    new Generator(loaded, ids -> "", new Generator.Options(8, 1, 8, 1L << 30))
        .generate(List.of(GenerationRequest.of(prompt, sampling, List.of("0"))), completions::add);
    Completion ours = completions.get(0);
    float[] best = tensors.floats(take(key + ".greedy_top2"));
    int end = 0;
    while (end < expected.length
        && best[2 * end] - best[2 * end + 1] > Tolerance.GREEDY_MARGIN.most()) {
      end++;
    }
    boolean same = Arrays.equals(Arrays.copyOf(ours.tokens(), end), Arrays.copyOf(expected, end));
    report.equal(at(key, "greedy tokens (%d of %d)".formatted(end, expected.length)), same ? 0 : 1);
    float[] theirs = tensors.floats(take(key + ".greedy_logprobs"));
    report.within(
        at(key, "greedy_logprobs"),
        Numbers.worst(Arrays.copyOf(ours.logProbs(), end), Arrays.copyOf(theirs, end)),
        Tolerance.VALUES);
    if (open.contains(key + ".attention_on_image")) {
      float[][][] shares = new ModelProbe(loaded).attentionOnPictures(prompt, expected);
      compare(
          key,
          "attention_on_image",
          Numbers.flat(Arrays.stream(shares).map(Numbers::flat).toArray(float[][]::new)));
    }
  }

  /** The reference pads on the left, we on the right: the numbers of real tokens are the same. */
  private void batch(Map<String, Prompt> prompts, VisionLanguageModel loaded) {
    JsonNode batch = goldens.path("cases").path("batch");
    if (batch.isMissingNode()) {
      return;
    }
    List<Prompt> order = new ArrayList<>();
    batch.path("order").forEach(c -> order.add(prompts.get(c.asText())));
    int width = batch.path("input_ids").get(0).size();
    long[] expected = tensors.longs(take("batch.position_ids"));
    long different = 0;
    for (int row = 0; row < order.size(); row++) {
      Prompt prompt = order.get(row);
      Positions positions = Positions.of(prompt.ids(), prompt.pictures(), loaded.config());
      int padding = width - prompt.length();
      for (int axis = 0; axis < 3; axis++) {
        for (int i = 0; i < prompt.length(); i++) {
          long theirs = expected[(axis * order.size() + row) * width + padding + i];
          different += theirs == positions.at(axis, i) ? 0 : 1;
        }
      }
      long delta = batch.path("rope_deltas").get(row).asLong();
      different += delta == positions.delta() - padding ? 0 : 1;
    }
    report.equal(name + ".batch.position_ids", different);
    report.equal(name + ".batch.input_ids", unlikePadded(batch, order, width));
    compare("batch", "last_logits", Numbers.flat(loaded.lastLogits(order)));
  }

  /** Places of the reference's left-padded ids and mask that are not our prompts'. */
  private static long unlikePadded(JsonNode batch, List<Prompt> order, int width) {
    long different = 0;
    for (int row = 0; row < order.size(); row++) {
      int[] ids = order.get(row).ids();
      int padding = width - ids.length;
      for (int i = 0; i < width; i++) {
        boolean real = i >= padding;
        boolean same = batch.path("attention_mask").get(row).get(i).asInt() == (real ? 1 : 0);
        if (real) {
          same &= batch.path("input_ids").get(row).get(i).asInt() == ids[i - padding];
        }
        different += same ? 0 : 1;
      }
    }
    return different;
  }

  private void compare(String key, String what, float[] ours) {
    float[] theirs = tensors.floats(take(key + "." + what));
    report.within(at(key, what), Numbers.worst(ours, theirs), Tolerance.VALUES);
  }

  private String take(String key) {
    open.remove(key);
    return key;
  }

  private String at(String key, String what) {
    return name + "." + key + "." + what;
  }
}
