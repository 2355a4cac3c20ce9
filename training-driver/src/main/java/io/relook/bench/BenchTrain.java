package io.relook.bench;

import ai.djl.Device;
import io.relook.lakehouse.LocalSpark;
import io.relook.model.checkpoint.Adapter;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.LoraConfig;
import io.relook.model.checkpoint.ModelConfig;
import io.relook.model.checkpoint.Modules;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.Objective;
import io.relook.model.engine.PolicyRow;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainedParts;
import io.relook.model.engine.TrainingRow;
import io.relook.model.torch.TorchProgram;
import io.relook.preset.Preset;
import io.relook.training.Gradients;
import io.relook.training.MicroBatches;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Optimizer steps on the workload's fixed completions, as the peers' bench_grpo and bench_sft make
 * them. GRPO: one step over all N × K sequences, clip 0.2, mean over the tokens of a sequence, then
 * over sequences. SFT: one step for every {@code --batch} completions in the workload's order, mean
 * over their tokens. Both: gradient norm clipped at 1, AdamW, rate 1e-6.
 *
 * <p>With {@code --shards} the passes of a step are spread as {@code train.shards} spreads them.
 *
 * <p>A forward pass has at most as many tokens as {@code --batch} of the longest sequences of its
 * step; {@link MicroBatches} puts those of one prompt together, which then counts once.
 */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    description = "Times GRPO or SFT steps: forward, backward, clipping, AdamW.")
final class BenchTrain implements Callable<Integer> {
  private static final Objective GRPO = Objective.Policy.clipped(0.2, 0.2, 1);
  private static final Objective SFT = new Objective.CrossEntropy();
  private static final double LONGEST_GRADIENT = 1;
  private static final double RATE = 1e-6;

  @Mixin private BenchOptions options;

  @Option(
      names = "--stage",
      defaultValue = "grpo",
      description = "grpo or sft (default ${DEFAULT-VALUE})")
  private String stage;

  @Option(
      names = "--batch",
      defaultValue = "8",
      description =
          "sequences of the longest length a forward pass; sft: also completions a step (default ${DEFAULT-VALUE})")
  private int batch;

  @Option(
      names = "--dtype",
      defaultValue = "float32",
      description =
          "float32, or autocast: float32 weights and bfloat16 products (default ${DEFAULT-VALUE})")
  private String dtype;

  @Option(
      names = "--variants",
      split = ",",
      defaultValue = "full",
      description =
          "full: every weight is trained; frozen: the picture half is not; lora: rank 16 on all linear layers of the text half (default ${DEFAULT-VALUE})")
  private List<String> variants;

  @Option(
      names = "--checkpointing",
      description = "keep each block's input alone for the gradient and run the block again")
  private boolean checkpointing;

  @Option(
      names = "--shards",
      description =
          "spread each step over so many Spark tasks, as train.shards does (default 0: without Spark); -Dspark.master names the cluster")
  private int shards;

  @Override
  public Integer call() {
    options.require("--stage", List.of(stage), List.of("grpo", "sft"));
    options.require("--dtype", List.of(dtype), List.of("float32", "autocast"));
    options.require("--variants", variants, List.of("full", "frozen", "lora"));
    if (batch < 1 || shards < 0) {
      throw options.usage("--batch is at least 1, --shards is not negative");
    }
    Workload work = options.readWorkload();
    try (JavaSparkContext spark = spark();
        TorchProgram program = TorchProgram.load(Device.cpu(), options.threads());
        Checkpoint checkpoint = Checkpoint.open(options.model(), new Configuration())) {
      Machine machine = Machine.measure(program, options.peakSeconds());
      for (String variant : variants) {
        try (TrainableModel model = load(program, checkpoint, variant)) {
          model.setRecompute(checkpointing);
          options.print(measure(model, gradients(spark, variant), work, variant, machine));
        }
      }
    }
    return 0;
  }

  /** Null without shards. */
  private JavaSparkContext spark() {
    return shards == 0
        ? null
        : new JavaSparkContext(LocalSpark.session("relook bench").sparkContext());
  }

  private Gradients gradients(JavaSparkContext spark, String variant) {
    if (spark == null) {
      return Gradients.here();
    }
    Preset.Train train =
        new Preset.Train(
            dtype.equals("autocast") ? "bfloat16" : dtype,
            variant.equals("frozen") ? List.of("language") : null,
            variant.equals("lora")
                ? new Preset.Lora(16, 32, false, "all-linear", ".*visual.*")
                : null,
            checkpointing,
            shards,
            0,
            null,
            new Preset.AdamW(0.9, 0.999, 1e-8));
    return Gradients.onSpark(spark, variant, options.model(), train, options.threads());
  }

  private TrainableModel load(TorchProgram program, Checkpoint checkpoint, String variant) {
    TrainableModel.Setup setup =
        switch (variant) {
          case "frozen" -> TrainableModel.Setup.of(new TrainedParts(false, false, true));
          case "lora" -> TrainableModel.Setup.of(adapter(checkpoint.config()));
          default -> TrainableModel.Setup.of(TrainedParts.all());
        };
    ComputeType type = dtype.equals("autocast") ? ComputeType.BFLOAT16 : ComputeType.FLOAT32;
    return TrainableModel.load(program, checkpoint, setup.in(type));
  }

  /** What the peers train: A from a fixed seed, B zero. */
  private static Adapter adapter(ModelConfig config) {
    LoraConfig lora =
        new LoraConfig(16, 32, false, new Modules.AllLinear(), new Modules.Matching(".*visual.*"));
    return Adapter.fresh(lora, config, 0);
  }

  /** All steps of one repeat: the first one's loss, and seconds. */
  private record Pass(double loss, double compute, double update, Map<String, Double> parts) {
    double seconds() {
      return compute + update;
    }

    double part(String name) {
      return parts.getOrDefault(name, 0.0);
    }

    /** To start the tasks, with their rows, and to bring their gradients here. */
    double fetching() {
      return part("wait_for_shards") - part("values of shards") - part("shards");
    }
  }

  private Measurement measure(
      TrainableModel model, Gradients gradients, Workload work, String variant, Machine machine) {
    boolean grpo = stage.equals("grpo");
    List<List<List<TrainingRow>>> steps = grpo ? List.of(policyStep(work)) : supervisedSteps(work);
    Pass warmUp = run(model, gradients, steps);
    Machine.Others others = new Machine.Others();
    List<Pass> passes = new ArrayList<>();
    for (int i = 0; i < options.repeats(); i++) {
      passes.add(run(model, gradients, steps));
    }
    double busy = others.cores();
    int sequences = work.fixed().size();
    long useful = work.fixed().stream().mapToLong(f -> f.ids().length).sum();
    long processed = steps.stream().flatMap(List::stream).mapToLong(BenchTrain::tokens).sum();
    Operations operations = new Operations(model.config());
    double needed = operations.training(work, variant);
    double peak = machine.peak(dtype.equals("float32") ? dtype : "bfloat16") * 1e9;
    int count = steps.size();
    Measurement line =
        options
            .line(stage + "_relook", "variant", variant, dtype, machine)
            .put("checkpointing", checkpointing)
            .put("batch", batch)
            .put("sequences", sequences)
            .put("steps", count)
            .put("image", work.imageField())
            .put("repeats", options.repeats())
            .spread("sequences_per_s", passes, p -> sequences / p.seconds(), 2)
            .spread("useful_tokens_per_s", passes, p -> useful / p.seconds(), 1)
            .spread("processed_tokens_per_s", passes, p -> processed / p.seconds(), 1)
            .spread(grpo ? "seconds" : "step_s", passes, p -> p.seconds() / count, 3)
            .spread("forward_backward_s", passes, p -> p.compute / count, 3)
            .spread("optimizer_s", passes, p -> p.update / count, 4)
            .put("padding_share", 0.0, 3)
            .put("model_tflop", needed / 1e12, 3);
    if (grpo) {
      line.put("shared_prefix_tflop", operations.trainingWithSharedPrefix(work, variant) / 1e12, 3);
    }
    if (shards > 0) {
      putShards(line, passes, count, model.trainedValues());
    }
    return line.spread("share_of_matmul_peak", passes, p -> needed / p.seconds() / peak, 3)
        .put("loss", warmUp.loss, 9)
        .put("others_busy_cores", busy, 2)
        .put("peak_rss_gb", Machine.peakMemory(), 2);
  }

  /** What travels, and the seconds of a step that its parts take, of the slowest shard. */
  private void putShards(Measurement line, List<Pass> passes, int steps, long values) {
    line.put("shards", shards)
        .put("megabytes_each_way", 4e-6 * values, 1)
        .spread("send_values_s", passes, p -> p.part("send_weights") / steps, 4)
        .spread("receive_values_s", passes, p -> p.part("values of shards") / steps, 4)
        .spread("shard_gradient_s", passes, p -> p.part("shards") / steps, 3)
        .spread("fetch_gradients_s", passes, p -> p.fetching() / steps, 4)
        .spread("add_gradients_s", passes, p -> p.part("add_gradients") / steps, 4);
  }

  /** The peers count clipping to the backward pass in GRPO, to the optimizer in SFT. */
  private Pass run(TrainableModel model, Gradients gradients, List<List<List<TrainingRow>>> steps) {
    boolean grpo = stage.equals("grpo");
    double compute = 0;
    double update = 0;
    double first = Double.NaN;
    Map<String, Double> parts = new TreeMap<>();
    for (List<List<TrainingRow>> step : steps) {
      long began = System.nanoTime();
      Gradients.Done done = gradients.add(model, step, grpo ? GRPO : SFT);
      double loss = done.outcomes().stream().mapToDouble(TrainableModel.Outcome::loss).sum();
      Map<String, Double> slowest = new TreeMap<>();
      done.seconds()
          .forEach(
              (part, seconds) ->
                  slowest.merge(part.replaceFirst("shard .*", "shards"), seconds, Math::max));
      slowest.forEach((part, seconds) -> parts.merge(part, seconds, Double::sum));
      long backward = System.nanoTime();
      model.clipGradient(LONGEST_GRADIENT);
      long clipped = System.nanoTime();
      model.step(RATE, TrainableModel.AdamW.standard());
      long middle = grpo ? clipped : backward;
      compute += (middle - began) / 1e9;
      update += (System.nanoTime() - middle) / 1e9;
      first = Double.isNaN(first) ? loss : first;
    }
    return new Pass(first, compute, update, parts);
  }

  private List<List<TrainingRow>> policyStep(Workload work) {
    List<TrainingRow> rows = new ArrayList<>();
    for (Workload.Fixed fixed : work.fixed()) {
      int length = fixed.ids().length;
      rows.add(
          new TrainingRow(
              work.prompts().get(fixed.prompt()),
              fixed.ids(),
              PolicyRow.of(
                  filled(length, 1f / length / work.fixed().size()),
                  filled(length, fixed.advantage()),
                  fixed.oldLogProbs())));
    }
    return microBatches(rows);
  }

  private List<List<List<TrainingRow>>> supervisedSteps(Workload work) {
    List<List<List<TrainingRow>>> steps = new ArrayList<>();
    for (int at = 0; at < work.fixed().size(); at += batch) {
      List<Workload.Fixed> part =
          work.fixed().subList(at, Math.min(work.fixed().size(), at + batch));
      int targets = part.stream().mapToInt(f -> f.ids().length).sum();
      List<TrainingRow> rows = new ArrayList<>();
      for (Workload.Fixed fixed : part) {
        Prompt prompt = work.prompts().get(fixed.prompt());
        float[] weights = filled(fixed.ids().length, 1f / targets);
        rows.add(TrainingRow.supervised(prompt, fixed.ids(), weights));
      }
      steps.add(microBatches(rows));
    }
    return steps;
  }

  private List<List<TrainingRow>> microBatches(List<TrainingRow> rows) {
    int longest = rows.stream().mapToInt(TrainingRow::length).max().orElse(0);
    return MicroBatches.of(rows, batch * longest);
  }

  /** What the linear layers see: a prompt once in each pass. */
  private static long tokens(List<TrainingRow> micro) {
    return micro.stream().map(TrainingRow::prompt).distinct().mapToLong(Prompt::length).sum()
        + micro.stream().mapToLong(row -> row.completion().length).sum();
  }

  private static float[] filled(int length, float value) {
    float[] values = new float[length];
    Arrays.fill(values, value);
    return values;
  }
}
