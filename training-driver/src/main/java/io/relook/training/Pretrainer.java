package io.relook.training;

import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.CheckpointWriter;
import io.relook.model.checkpoint.DType;
import io.relook.model.checkpoint.TensorFile;
import io.relook.model.engine.Objective;
import io.relook.model.engine.Prompt;
import io.relook.model.engine.TrainableModel;
import io.relook.model.engine.TrainingRow;
import io.relook.model.image.ImageProcessor;
import io.relook.model.text.TextProcessor;
import io.relook.model.torch.TorchProgram;
import io.relook.preset.Preset;
import io.relook.scenes.PretrainingText;
import io.relook.scenes.SceneGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileUtil;

/**
 * Makes the embedded base model: supervised fine-tuning from random weights on generated scenes.
 * Example number n is a function of the seed and n, so a run that was stopped goes on with the same
 * result.
 */
final class Pretrainer {
  /**
   * @param out the checkpoint, with the optimizer beside it while the run lasts
   * @param first the first part
   * @param last the last part, with texts of its own
   * @param batch examples a step
   * @param micro examples a pass
   */
  record Config(Path out, long seed, Part first, Part last, int batch, int micro, int saveEvery) {
    int steps() {
      return first.steps + last.steps;
    }
  }

  /**
   * @param rate the peak of its learning rate
   */
  record Part(int steps, double rate) {
    /** Warm-up, then cosine. */
    LearningRate schedule() {
      return new LearningRate(rate, Preset.Schedule.COSINE, Math.min(100, steps / 10), steps);
    }
  }

  private static final String OPTIMIZER = "optimizer.safetensors";

  private final Config config;
  private final TorchProgram program;
  private final PrintWriter log;

  Pretrainer(Config config, TorchProgram program, PrintWriter log) {
    this.config = config;
    this.program = program;
    this.log = log;
  }

  /** Runs or goes on to the last step; returns the mean loss of the last 50 steps. */
  double run() throws Exception {
    takeOver();
    if (!Files.exists(config.out().resolve(OPTIMIZER))) {
      EmbeddedModel.unpack(config.out(), false);
      EmbeddedModel.randomise(config.out(), config.seed());
    }
    ExecutorService background = Executors.newSingleThreadExecutor(this::daemon);
    try (Checkpoint checkpoint = Checkpoint.open(config.out().toString(), new Configuration());
        TextProcessor text = TextProcessor.load(config.out());
        TrainableModel model = TrainableModel.load(program, checkpoint)) {
      if (Files.exists(config.out().resolve(OPTIMIZER))) {
        model.readOptimizer(new TensorFile(config.out().resolve(OPTIMIZER)));
      }
      Prompts prompts = new Prompts(text, ImageProcessor.load(config.out()));
      double smooth = 0;
      long began = System.nanoTime();
      int first = model.steps();
      Future<List<List<TrainingRow>>> next = background.submit(() -> batch(prompts, first));
      for (int step = first; step < config.steps(); step++) {
        List<List<TrainingRow>> micros = next.get();
        int following = step + 1;
        next = background.submit(() -> batch(prompts, following));
        double loss =
            model.forwardBackwardAll(micros, new Objective.CrossEntropy()).stream()
                .mapToDouble(TrainableModel.Outcome::loss)
                .sum();
        model.clipGradient(1);
        model.step(rate(step), new TrainableModel.AdamW(0.9, 0.98, 1e-8, 0.01));
        smooth = smooth == 0 ? loss : 0.98 * smooth + 0.02 * loss;
        if (following % 50 == 0) {
          double seconds = (System.nanoTime() - began) / 1e9;
          log.printf(
              "step %d of %d  loss %.4f  %.1f examples/s  %.0f s left%n",
              following,
              config.steps(),
              smooth,
              (following - first) * config.batch() / seconds,
              seconds / (following - first) * (config.steps() - following));
          log.flush();
        }
        if (following % config.saveEvery() == 0 || following == config.steps()) {
          save(model);
        }
      }
      return smooth;
    } finally {
      background.shutdownNow();
    }
  }

  private double rate(int step) {
    int first = config.first().steps();
    return step < first
        ? config.first().schedule().at(step)
        : config.last().schedule().at(step - first);
  }

  /** Weights and optimizer are of one step wherever it is killed: the folder's rename commits. */
  private void save(TrainableModel model) throws Exception {
    CheckpointWriter writer = new CheckpointWriter(new Configuration());
    Path part = beside(".part");
    FileUtil.fullyDelete(part.toFile());
    Files.createDirectories(part);
    model.write(writer, part.toString(), DType.F32);
    model.writeOptimizer(writer, part.resolve(OPTIMIZER).toString());
    Files.move(part, beside(".saved"), StandardCopyOption.ATOMIC_MOVE);
    takeOver();
  }

  /**
   * What was saved takes its place, also where an earlier process was killed at it; not where
   * somebody has deleted the policy since, to begin anew.
   */
  private void takeOver() throws IOException {
    Path saved = beside(".saved");
    if (!Files.exists(config.out())) {
      FileUtil.fullyDelete(saved.toFile());
    }
    for (String file : List.of("model.safetensors", OPTIMIZER)) {
      if (Files.exists(saved.resolve(file))) {
        Files.move(
            saved.resolve(file), config.out().resolve(file), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    FileUtil.fullyDelete(saved.toFile());
  }

  private Path beside(String suffix) {
    return config.out().resolveSibling(config.out().getFileName() + suffix);
  }

  /** One step's examples, sorted by length, in micro-batches; weights are 1 / all targets. */
  private List<List<TrainingRow>> batch(Prompts prompts, int step) {
    SceneGenerator scenes = new SceneGenerator(config.seed());
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < config.batch(); i++) {
      long index = (long) step * config.batch() + i;
      int first = config.first().steps();
      PretrainingText text =
          step < first
              ? PretrainingText.of(scenes, index, (double) step / first)
              : PretrainingText.last(scenes, index);
      examples.add(
          new Example(
              prompts.of(text.png(), text.user()),
              prompts.tokens(text.given()),
              prompts.answer(text.answer())));
    }
    int targets = examples.stream().mapToInt(e -> e.answer.length).sum();
    examples.sort(Comparator.comparingInt(Example::length));
    List<List<TrainingRow>> micros = new ArrayList<>();
    for (int at = 0; at < examples.size(); at += config.micro()) {
      List<TrainingRow> micro = new ArrayList<>();
      for (Example example : examples.subList(at, Math.min(examples.size(), at + config.micro()))) {
        int[] completion =
            IntStream.concat(IntStream.of(example.given), IntStream.of(example.answer)).toArray();
        float[] weights = new float[completion.length];
        Arrays.fill(weights, example.given.length, weights.length, 1f / targets);
        micro.add(TrainingRow.supervised(example.prompt, completion, weights));
      }
      micros.add(micro);
    }
    return micros;
  }

  private record Example(Prompt prompt, int[] given, int[] answer) {
    int length() {
      return prompt.length() + given.length + answer.length;
    }
  }

  private Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "relook-scenes");
    thread.setDaemon(true);
    return thread;
  }
}
