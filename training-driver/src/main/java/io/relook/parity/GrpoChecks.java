package io.relook.parity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.CheckpointWriter;
import io.relook.model.checkpoint.DType;
import io.relook.model.checkpoint.ExpectedTensors;
import io.relook.model.checkpoint.SideFiles;
import io.relook.model.checkpoint.TensorFile;
import io.relook.model.engine.Objective;
import io.relook.model.engine.PolicyRow;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.model.torch.TorchProgram;
import io.relook.objective.Masked;
import io.relook.objective.OutcomeAdvantages;
import io.relook.objective.PolicyRows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/**
 * {@code grpo.json}: TRL's trainer on fixed completions, one variant after the other: each group's
 * loss, gradients, and weights after the steps. A step adds up the groups' gradients.
 */
final class GrpoChecks {
  /**
   * What TRL sets where a variant says nothing. Scaling, iterations and truncation do not act on
   * given advantages, log-probabilities and masks.
   */
  private static final String DEFAULTS =
      """
      {"loss_type": "dapo", "importance_sampling_level": "token", "beta": 0.0, "epsilon": 0.2,
       "epsilon_high": null, "delta": null, "use_bias_correction_kl": true,
       "sapo_temperature_pos": 1.0, "sapo_temperature_neg": 1.05, "vespo_k_pos": 2.0,
       "vespo_lambda_pos": 3.0, "vespo_k_neg": 3.0, "vespo_lambda_neg": 2.0,
       "top_entropy_quantile": 1.0, "entropy_coef": 0.0, "use_adaptive_entropy": false,
       "off_policy_mask_threshold": null, "temperature": 1.0, "use_vllm": false,
       "gradient_accumulation_steps": 1, "steps_per_generation": 1, "num_processes": 1,
       "num_iterations": 1, "scale_rewards": "group", "mask_truncated_completions": false,
       "mode": "train", "max_completion_length": 0, "num_items_in_batch": 0}
      """;

  private static final TrainableModel.AdamW ADAMW = new TrainableModel.AdamW(0.9, 0.999, 1e-8, 0);
  private static final double LONGEST_GRADIENT = 1;

  /** Below this a norm counts as 0: where the clip holds every row there is no gradient. */
  private static final double LEAST_NORM = 1e-12;

  private static final OutcomeAdvantages ADVANTAGES =
      new OutcomeAdvantages.Normalised(
          OutcomeAdvantages.Scale.GROUP, 1e-4, OutcomeAdvantages.Alone.ZERO);

  private final Report report;
  private final String model;
  private final JsonNode goldens;
  private final TensorFile tensors;
  private final TorchProgram program;
  private final Checkpoint checkpoint;
  private final TreeSet<String> open;
  private final Map<String, Group> groups = new LinkedHashMap<>();

  /** The completions to one prompt, which do not change. */
  private record Group(Prompt prompt, int[][] completions, double[][] mask, double[] advantages) {}

  GrpoChecks(
      Report report,
      Path folder,
      TorchProgram program,
      Checkpoint checkpoint,
      Map<String, Prompt> prompts)
      throws IOException {
    this.report = report;
    this.model = folder.getFileName().toString();
    this.goldens = ParityCommand.json(folder.resolve("grpo.json"));
    this.tensors = new TensorFile(folder.resolve("grpo.safetensors"));
    this.program = program;
    this.checkpoint = checkpoint;
    this.open = new TreeSet<>(tensors.names());
    for (JsonNode name : goldens.path("spec").path("prompts")) {
      groups.put(name.asText(), group(name.asText(), prompts.get(name.asText())));
    }
  }

  void run() throws IOException {
    JsonNode cases = goldens.path("cases");
    for (int n = 0; n < cases.size(); n++) {
      String at = model + ".grpo." + n;
      try {
        variant(at, cases.get(n), n == 0);
      } catch (IllegalArgumentException e) {
        report.broken(at, e);
      }
    }
    PackChecks.run(report, model, program, checkpoint, rowsOfAllGroups());
    for (String key : open) {
      report.notCompared(model + ".grpo." + key, "unknown key");
    }
  }

  private void variant(String at, JsonNode expected, boolean first) throws IOException {
    GoldenCase settings = settings(at, expected.path("variant"));
    Map<String, double[][]> reference = new LinkedHashMap<>();
    boolean needed = first || settings.number("beta") != 0;
    if (needed) {
      reference.putAll(referenceLogProbs(settings.number("temperature")));
    }
    try (TrainableModel trained = TrainableModel.load(program, checkpoint)) {
      Map<String, double[][]> old = new LinkedHashMap<>();
      for (int step = 0; step < expected.path("steps").size(); step++) {
        JsonNode theirs = expected.path("steps").get(step);
        double worst = 0;
        int place = 0;
        for (Map.Entry<String, Group> entry : groups.entrySet()) {
          Group group = entry.getValue();
          TrainableModel.Outcome now = scored(trained, group, settings.number("temperature"));
          double[][] logProbs = ragged(now.logProbs(), group.mask);
          double[][] entropies = ragged(now.entropies(), group.mask);
          if (first && step == 0) {
            tokens(entry.getKey(), logProbs, entropies, reference.get(entry.getKey()));
          }
          old.putIfAbsent(entry.getKey(), logProbs);
          double loss =
              trained
                  .forwardBackward(
                      rows(
                          settings,
                          group,
                          entropies,
                          old.get(entry.getKey()),
                          needed ? reference.get(entry.getKey()) : null),
                      objective(settings))
                  .loss();
          worst = larger(worst, Math.abs(loss - theirs.path("losses").get(place++).asDouble()));
        }
        report.within(
            "%s.step%d.losses (worst)".formatted(at, step),
            worst,
            Tolerance.LOSS,
            words(expected.path("variant")));
        if (step == 0) {
          gradients(at, trained, expected, first);
        }
        double norm = trained.clipGradient(LONGEST_GRADIENT);
        double reported = theirs.path("grad_norm").asDouble();
        report.within(
            "%s.step%d.grad_norm".formatted(at, step),
            Math.abs(norm - reported) / Math.max(reported, LEAST_NORM),
            Tolerance.GRADIENT);
        trained.step(goldens.path("spec").path("lr").asDouble(), ADAMW);
      }
      double worst = 0;
      for (String name : ExpectedTensors.of(trained.config()).keySet()) {
        double theirs = TrainingChecks.reference(expected.path("final_norms"), name).asDouble();
        double ours = Numbers.norm(trained.values(name));
        worst = larger(worst, Math.abs(ours - theirs) / theirs);
      }
      report.within(at + ".final_norms (worst)", worst, Tolerance.WEIGHTS);
    }
  }

  /** The variant over the defaults, with what the whole step counts. */
  private GoldenCase settings(String name, JsonNode variant) throws IOException {
    ObjectNode hyper = (ObjectNode) new ObjectMapper().readTree(DEFAULTS);
    hyper.put("max_completion_length", goldens.path("spec").path("longest").asInt());
    hyper.put(
        "num_items_in_batch",
        groups.values().stream().mapToDouble(g -> Masked.count(g.mask)).sum());
    variant
        .fieldNames()
        .forEachRemaining(
            key -> {
              if (!hyper.has(key)) {
                throw new IllegalArgumentException("unknown hyperparameter " + key);
              }
              hyper.set(key, variant.path(key));
            });
    ObjectNode node = new ObjectMapper().createObjectNode();
    node.put("name", name);
    node.set("hyperparameters", hyper);
    GoldenCase settings = new GoldenCase(node, tensors);
    if (settings.flag("use_vllm") || settings.flag("use_adaptive_entropy")) {
      throw new IllegalArgumentException("no sampler and no entropy target here");
    }
    return settings;
  }

  private static Objective.Policy objective(GoldenCase settings) {
    return TrlLosses.objective(
        settings, settings.number("entropy_coef"), settings.number("temperature"));
  }

  private static List<TrainingRow> rows(
      GoldenCase settings,
      Group group,
      double[][] entropies,
      double[][] old,
      double[][] reference) {
    double[][] shares = TrlLosses.aggregation(settings).weights(group.mask);
    double[][] chosen = TrlLosses.chosen(settings, entropies, group.mask);
    return trainingRows(
        group,
        new PolicyRows(
                group.mask,
                Masked.map(group.mask, (i, t) -> group.advantages[i]),
                Masked.map(group.mask, (i, t) -> shares[i][t] * chosen[i][t]),
                old,
                reference,
                null,
                shares,
                TrlLosses.bonusWeights(settings, chosen),
                null,
                null)
            .rows());
  }

  /** As supervised rows: a loss that is not zero, and a gradient of every token. */
  private List<TrainingRow> rowsOfAllGroups() {
    float all = groups.values().stream().mapToInt(group -> group.completions.length).sum();
    List<TrainingRow> rows = new ArrayList<>();
    for (Group group : groups.values()) {
      for (int[] completion : group.completions) {
        float[] weights = new float[completion.length];
        Arrays.fill(weights, 1 / all / completion.length);
        rows.add(TrainingRow.supervised(group.prompt, completion, weights));
      }
    }
    return rows;
  }

  /** Log-probabilities and entropies. */
  private static TrainableModel.Outcome scored(
      TrainableModel model, Group group, double temperature) {
    double[][] none = Masked.map(group.mask, (i, t) -> 0);
    return model.score(
        trainingRows(group, PolicyRows.of(group.mask, none, none, null).rows()),
        Objective.Policy.clipped(0, 0, temperature));
  }

  private static List<TrainingRow> trainingRows(Group group, List<PolicyRow> targets) {
    List<TrainingRow> rows = new ArrayList<>();
    for (int i = 0; i < targets.size(); i++) {
      rows.add(new TrainingRow(group.prompt, group.completions[i], targets.get(i)));
    }
    return rows;
  }

  /** The reference is the policy's first weights, all times one number. */
  private Map<String, double[][]> referenceLogProbs(double temperature) throws IOException {
    float scale = (float) goldens.path("spec").path("reference_scale").asDouble();
    Path folder = Files.createTempDirectory("relook-reference");
    try (TrainableModel policy = TrainableModel.load(program, checkpoint)) {
      new CheckpointWriter(new Configuration())
          .write(
              folder.toString(),
              SideFiles.read(checkpoint.folder()),
              checkpoint.config(),
              DType.F32,
              (name, count) -> {
                float[] values = policy.values(name);
                for (int i = 0; i < values.length; i++) {
                  values[i] *= scale;
                }
                return values;
              });
      try (Checkpoint scaled = Checkpoint.open(folder.toString(), new Configuration());
          TrainableModel reference = TrainableModel.load(program, scaled)) {
        Map<String, double[][]> all = new LinkedHashMap<>();
        groups.forEach(
            (name, group) ->
                all.put(
                    name, ragged(scored(reference, group, temperature).logProbs(), group.mask)));
        return all;
      }
    } finally {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private Group group(String name, Prompt prompt) {
    if (prompt == null) {
      throw new IllegalArgumentException(
          "grpo.json names the prompt " + name + ", goldens.json not");
    }
    int count = (int) (long) tensors.shape(name + ".completion_ids").get(0);
    long[] ids = tensors.longs(take(name + ".completion_ids"));
    long[] counted = tensors.longs(take(name + ".completion_mask"));
    int width = ids.length / count;
    int[][] completions = new int[count][];
    for (int i = 0; i < count; i++) {
      int length = (int) Arrays.stream(counted, i * width, (i + 1) * width).sum();
      completions[i] = new int[length];
      for (int t = 0; t < length; t++) {
        completions[i][t] = (int) ids[i * width + t];
      }
    }
    double[][] mask =
        Arrays.stream(completions)
            .map(c -> Arrays.stream(c).mapToDouble(id -> 1).toArray())
            .toArray(double[][]::new);
    JsonNode given = goldens.path("spec").path("rewards").path(name);
    double[] rewards = new double[count];
    Arrays.setAll(rewards, i -> given.get(i).asDouble());
    double[] advantages = ADVANTAGES.of(rewards, rewards, new long[count]);
    float[] theirs = tensors.floats(take(name + ".advantages"));
    report.within(
        "%s.grpo.%s.advantages".formatted(model, name),
        Numbers.worst(GoldenCase.floats(new double[][] {advantages}), theirs),
        Tolerance.VALUES);
    return new Group(prompt, completions, mask, advantages);
  }

  private void tokens(
      String name, double[][] logProbs, double[][] entropies, double[][] reference) {
    Map<String, double[][]> ours =
        Map.of("logps", logProbs, "entropies", entropies, "ref_logps", reference);
    for (String what : List.of("logps", "entropies", "ref_logps")) {
      int width = tensors.shape(name + "." + what).get(1).intValue();
      float[] theirs = tensors.floats(take(name + "." + what));
      double worst = 0;
      double[][] rows = ours.get(what);
      for (int i = 0; i < rows.length; i++) {
        for (int t = 0; t < rows[i].length; t++) {
          worst = larger(worst, Math.abs(rows[i][t] - theirs[i * width + t]));
        }
      }
      report.within("%s.grpo.%s.%s".formatted(model, name, what), worst, Tolerance.VALUES);
    }
  }

  private void gradients(String at, TrainableModel trained, JsonNode expected, boolean first) {
    double worstNorm = 0;
    double worst = 0;
    for (String name : ExpectedTensors.of(trained.config()).keySet()) {
      float[] gradient = trained.gradient(name);
      double theirs = TrainingChecks.reference(expected.path("grad_norms"), name).asDouble();
      double away = Math.abs(Numbers.norm(gradient) - theirs) / Math.max(theirs, LEAST_NORM);
      worstNorm = larger(worstNorm, away);
      for (String candidate : TrainingChecks.names(name)) {
        if (first && open.remove("grad." + candidate)) {
          worst = larger(worst, Numbers.relative(gradient, tensors.floats("grad." + candidate)));
        }
      }
    }
    report.within(at + ".grad_norms (worst)", worstNorm, Tolerance.GRADIENT);
    if (first) {
      report.within(model + ".grpo.grad.* (worst)", worst, Tolerance.GRADIENT);
    }
  }

  /** Values of all targets, one after the other, by row. */
  private static double[][] ragged(float[] flat, double[][] mask) {
    double[][] rows = new double[mask.length][];
    int at = 0;
    for (int i = 0; i < rows.length; i++) {
      rows[i] = new double[mask[i].length];
      for (int t = 0; t < rows[i].length; t++) {
        rows[i][t] = flat[at++];
      }
    }
    return rows;
  }

  private static double larger(double worst, double value) {
    return Double.isNaN(value) ? Double.POSITIVE_INFINITY : Math.max(worst, value);
  }

  private static String words(JsonNode variant) {
    List<String> words = new ArrayList<>();
    variant.fieldNames().forEachRemaining(key -> words.add(key + "=" + variant.path(key).asText()));
    return String.join(" ", words);
  }

  private String take(String key) {
    open.remove(key);
    return key;
  }
}
