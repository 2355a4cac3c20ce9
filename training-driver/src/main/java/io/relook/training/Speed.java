package io.relook.training;

import ai.djl.Device;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Rows;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.GenerationRequest;
import io.relook.model.engine.Generator;
import io.relook.model.engine.Objective;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.Sampling;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.spark.ModelPool;
import io.relook.model.spark.PromptSampler;
import io.relook.model.torch.TorchProgram;
import io.relook.preset.Preset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;

/**
 * What the engine alone takes on this machine, in seconds.
 *
 * @param load a policy for generation
 * @param promptToken of a prompt with its pictures
 * @param step of all slots
 * @param trainedToken forward and back
 * @param update clipping and AdamW
 * @param save a version with its optimizer
 * @param lengths of the completions that were sampled
 */
record Speed(
    double load,
    double promptToken,
    double step,
    double trainedToken,
    double update,
    double save,
    int[] lengths) {
  /** What each of the two parts may take, about. Our choice. */
  private static final double SECONDS = 10;

  private record Generated(
      double load, double promptToken, double step, List<List<int[]>> completions) {}

  static Speed measure(Lakehouse lakehouse, Preset preset, String uri, List<Prompt> few) {
    Policies policies = new Policies(lakehouse, "speed", preset.train(), preset.keep());
    Rows.CheckpointRow base = policies.base(uri);
    TorchProgram program = ModelPool.program(Device.cpu(), preset.engine().threads());
    Generated generated = generate(program, preset, base, few);
    List<List<TrainingRow>> families = new ArrayList<>();
    for (int i = 0; i < generated.completions.size(); i++) {
      Prompt prompt = few.get(i);
      families.add(generated.completions.get(i).stream().map(c -> row(prompt, c)).toList());
    }
    try (TrainableModel model = policies.load(program, base, Optional.empty())) {
      List<TrainingRow> pack = families.get(0);
      double token = pass(model, pack);
      List<TrainingRow> all = families.stream().flatMap(List::stream).toList();
      int budget = Math.max(preset.sft().tokenBudget(), preset.grpo().tokenBudget());
      List<TrainingRow> large = MicroBatches.of(all, budget).get(0);
      if (2 * token * tokens(large) < SECONDS) {
        pass(model, large);
        token = pass(model, large);
      }
      long began = System.nanoTime();
      model.clipGradient(1);
      model.step(0, TrainableModel.AdamW.standard());
      long updated = System.nanoTime();
      policies.save(model, 0, "speed", 1, base.policyVersion());
      return new Speed(
          generated.load,
          generated.promptToken,
          generated.step,
          token,
          (updated - began) / 1e9,
          (System.nanoTime() - updated) / 1e9,
          generated.completions.stream()
              .flatMap(List::stream)
              .mapToInt(completion -> completion.length)
              .toArray());
    }
  }

  private static Generated generate(
      TorchProgram program, Preset preset, Rows.CheckpointRow base, List<Prompt> few) {
    ComputeType type = ComputeType.of(preset.engine().dtype());
    long began = System.nanoTime();
    try (Checkpoint checkpoint = Checkpoint.open(base.uri(), new Configuration());
        VisionLanguageModel model =
            VisionLanguageModel.load(
                program,
                checkpoint,
                VisionLanguageModel.Options.cpu(type, preset.engine().threads()))) {
      double load = (System.nanoTime() - began) / 1e9;
      int samples = preset.rollout().samples();
      Sampling sampling =
          new Sampling(
              preset.rollout().temperature(),
              0,
              1,
              0,
              1,
              model.config().eosTokenIds(),
              List.of(),
              0,
              preset.rollout().maxNewTokens());
      Generator generator =
          new Generator(
              model,
              ids -> "",
              PromptSampler.options(preset.engine(), samples).withStreamsFor(model));
      long first = System.nanoTime();
      run(generator, few.subList(0, 1), samples, sampling);
      double one = (System.nanoTime() - first) / 1e9;
      int count = (int) Math.max(1, Math.min(few.size(), SECONDS / one));
      List<Prompt> prompts = few.subList(0, count);
      List<List<int[]>> completions = new ArrayList<>();
      Generator.Times times = run(generator, prompts, samples, sampling, completions);
      return new Generated(
          load,
          times.prefillSeconds() / prompts.stream().mapToInt(Prompt::length).sum(),
          times.decodeSeconds() / Math.max(1, times.steps()),
          completions);
    }
  }

  private static void run(
      Generator generator, List<Prompt> prompts, int samples, Sampling sampling) {
    run(generator, prompts, samples, sampling, new ArrayList<>());
  }

  /** Adds each prompt's completions to {@code all}. */
  private static Generator.Times run(
      Generator generator,
      List<Prompt> prompts,
      int samples,
      Sampling sampling,
      List<List<int[]>> all) {
    List<GenerationRequest> requests = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      int place = i;
      all.add(Collections.synchronizedList(new ArrayList<>()));
      List<String> keys = IntStream.range(0, samples).mapToObj(k -> place + "/" + k).toList();
      requests.add(GenerationRequest.of(prompts.get(i), sampling, keys));
    }
    return generator.generate(
        requests,
        done -> {
          if (done.error() != null) {
            throw PlanErrors.sample(done.error());
          }
          all.get(Integer.parseInt(done.rowKey().split("/")[0])).add(done.tokens());
        });
  }

  private static TrainingRow row(Prompt prompt, int[] completion) {
    float[] weights = new float[completion.length];
    Arrays.fill(weights, 1f / completion.length);
    return TrainingRow.supervised(prompt, completion, weights);
  }

  /** Seconds a token. */
  private static double pass(TrainableModel model, List<TrainingRow> pack) {
    long began = System.nanoTime();
    model.forwardBackward(pack, new Objective.CrossEntropy());
    return (System.nanoTime() - began) / 1e9 / tokens(pack);
  }

  /** A prompt counts once. */
  private static long tokens(List<TrainingRow> pack) {
    return pack.stream().map(TrainingRow::prompt).distinct().mapToLong(Prompt::length).sum()
        + pack.stream().mapToLong(row -> row.completion().length).sum();
  }
}
