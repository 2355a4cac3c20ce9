package io.relook.training;

import ai.djl.Device;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.CheckpointWriter;
import io.relook.model.engine.Completion;
import io.relook.model.engine.ComputeType;
import io.relook.model.engine.GenerationRequest;
import io.relook.model.engine.Generator;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.Sampling;
import io.relook.model.engine.VisionLanguageModel;
import io.relook.model.image.ImageProcessor;
import io.relook.model.text.TextProcessor;
import io.relook.model.torch.TorchProgram;
import io.relook.scenes.PretrainingText;
import io.relook.scenes.SceneGenerator;
import io.relook.scenes.SceneQuestion;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code relook pretrain}: the embedded base model, from random weights. */
@Command(
    name = "pretrain",
    mixinStandardHelpOptions = true,
    description = "Makes the embedded base model from random weights on generated scenes.")
public final class PretrainCommand implements Callable<Integer> {
  /** Held-out questions come from another seed than every training run's. */
  private static final long HELD_OUT = 1_000_003;

  /** A way to ask about a scene, and how a right answer ends. */
  private record Asked(
      String how,
      Function<SceneQuestion, String> user,
      Function<SceneQuestion, String> rightEnding) {}

  private static final List<Asked> ASKED =
      List.of(
          new Asked("alone", SceneQuestion::question, PretrainCommand::answer),
          new Asked(
              "told to look",
              q -> q.question() + PretrainingText.LOOK_AGAIN,
              PretrainCommand::answer),
          new Asked("to describe", q -> PretrainingText.DESCRIBE, SceneQuestion::description));

  @Spec private CommandSpec spec;

  @Option(names = "--out", required = true, description = "folder of the checkpoint")
  private Path out;

  @Option(names = "--seed", defaultValue = "1")
  private long seed;

  @Option(names = "--steps", defaultValue = "8000", description = "of the first part")
  private int steps;

  @Option(
      names = "--last-steps",
      defaultValue = "4500",
      description = "of the last part, in which reflections are given")
  private int lastSteps;

  @Option(names = "--batch", defaultValue = "16", description = "examples a step")
  private int batch;

  @Option(names = "--micro", defaultValue = "16", description = "examples a pass")
  private int micro;

  @Option(names = "--rate", defaultValue = "1e-3", description = "the first part's peak")
  private double rate;

  @Option(names = "--last-rate", defaultValue = "5e-4", description = "the last part's peak")
  private double lastRate;

  @Option(names = "--threads", defaultValue = "2")
  private int threads;

  @Option(
      names = "--questions",
      defaultValue = "500",
      description = "held-out questions at the end")
  private int questions;

  @Override
  public Integer call() throws Exception {
    PrintWriter log = spec.commandLine().getOut();
    Pretrainer.Config config =
        new Pretrainer.Config(
            out,
            seed,
            new Pretrainer.Part(steps, rate),
            new Pretrainer.Part(lastSteps, lastRate),
            batch,
            micro,
            250);
    try (TorchProgram program = TorchProgram.load(Device.cpu(), threads)) {
      new Pretrainer(config, program, log).run();
      Path rounded = out.resolveSibling(out.getFileName() + "-bf16");
      new CheckpointWriter(new Configuration()).round(out, rounded);
      log.printf("bf16 checkpoint in %s%n", rounded);
      evaluate(program, rounded, log);
    }
    return 0;
  }

  private static String answer(SceneQuestion question) {
    return "<answer>" + question.answer() + "</answer>";
  }

  private void evaluate(TorchProgram program, Path folder, PrintWriter log) {
    try (Checkpoint checkpoint = Checkpoint.open(folder.toString(), new Configuration());
        TextProcessor text = TextProcessor.load(folder);
        VisionLanguageModel model =
            VisionLanguageModel.load(
                program,
                checkpoint,
                VisionLanguageModel.Options.cpu(ComputeType.FLOAT32, threads))) {
      Prompts prompts = new Prompts(text, ImageProcessor.load(folder));
      for (Asked asked : ASKED) {
        evaluate(model, text, prompts, asked, log);
      }
    }
  }

  /** Accuracy of K = 8 samples at temperature 1, and how many questions are unstable. */
  private void evaluate(
      VisionLanguageModel model, TextProcessor text, Prompts prompts, Asked how, PrintWriter log) {
    SceneGenerator scenes = new SceneGenerator(HELD_OUT);
    List<GenerationRequest> requests = new ArrayList<>();
    List<SceneQuestion> asked = new ArrayList<>();
    for (int i = 0; i < questions; i++) {
      SceneQuestion question = scenes.question(i);
      asked.add(question);
      Prompt prompt = prompts.of(question.png(), how.user().apply(question));
      List<String> keys = new ArrayList<>();
      for (int k = 0; k < 8; k++) {
        keys.add(i + "/" + k);
      }
      Sampling sampling = Sampling.ofPolicy(96, model.config().eosTokenIds());
      requests.add(GenerationRequest.of(prompt, sampling, keys));
    }
    Map<Integer, Integer> right = new HashMap<>();
    Generator.Options options = Generator.Options.forSamples(8).withStreamsFor(model);
    new Generator(model, ids -> text.decode(ids), options)
        .generate(requests, c -> count(c, how.rightEnding(), asked, right));
    int unstable = (int) right.values().stream().filter(n -> n > 0 && n < 8).count();
    int sum = right.values().stream().mapToInt(Integer::intValue).sum();
    log.printf(
        "%d held-out questions, asked %s, 8 samples each at temperature 1: accuracy %.3f, unstable %.3f%n",
        questions, how.how(), sum / 8.0 / questions, unstable / (double) questions);
    Map<String, int[]> byTemplate = new TreeMap<>();
    for (int i = 0; i < questions; i++) {
      int[] cell = byTemplate.computeIfAbsent(asked.get(i).template(), t -> new int[2]);
      cell[0] += right.getOrDefault(i, 0);
      cell[1] += 8;
    }
    byTemplate.forEach((t, n) -> log.printf("  %-16s %.3f%n", t, n[0] / (double) n[1]));
    log.flush();
  }

  private static void count(
      Completion completion,
      Function<SceneQuestion, String> rightEnding,
      List<SceneQuestion> asked,
      Map<Integer, Integer> right) {
    int index = Integer.parseInt(completion.rowKey().split("/")[0]);
    String wanted = rightEnding.apply(asked.get(index));
    right.merge(index, completion.text().endsWith(wanted) ? 1 : 0, Integer::sum);
  }
}
