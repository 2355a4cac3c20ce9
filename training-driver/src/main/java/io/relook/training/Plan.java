package io.relook.training;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.LocalSpark;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.preset.Preset;
import io.relook.preset.PresetReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;

/**
 * What a preset's run would do and take, before it runs. The loop itself runs on a few of the
 * questions, in a lakehouse that goes away again, beside what the engine alone takes; the rest is
 * arithmetic.
 */
public final class Plan {
  /** Questions of each split that are looked at, and fewer where the model is slow. Our choice. */
  private static final int FEW = 16;

  /** What the loop on the few may take, about. Our choice. */
  private static final double SECONDS = 30;

  /**
   * @param data folder of the preset's files, or null
   * @param measure run a part of it
   */
  public record Config(
      Path presets, String preset, Path data, boolean measure, List<String> overrides) {
    Preset read(String... more) {
      return PresetReader.read(
          presets,
          preset,
          Stream.concat(overrides.stream(), Stream.of(more)).toArray(String[]::new));
    }
  }

  /**
   * @param notMeasured why, or null
   * @param measured seconds that the measurement took
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Result(
      String preset,
      String notMeasured,
      Double measured,
      List<PlanStages.Stage> stages,
      Figure seconds,
      List<PlanMemory.Part> generation,
      List<PlanMemory.Part> training,
      List<PlanMemory.Part> executor,
      long free,
      List<PlanMemory.Part> travels,
      List<PlanMemory.Part> checkpoints,
      List<String> notes) {}

  private final Config config;

  public Plan(Config config) {
    this.config = config;
  }

  /** Makes the plan and prints it, as a table or as JSON. */
  public void print(PrintWriter out, boolean json) {
    print(make(), out, json);
  }

  static void print(Result result, PrintWriter out, boolean json) {
    if (json) {
      try {
        out.println(
            JsonMapper.builder()
                .build()
                .writerWithDefaultPrettyPrinter()
                .writeValueAsString(result));
      } catch (JsonProcessingException e) {
        throw new IllegalStateException(e);
      }
    } else {
      new PlanTable(out).print(result);
    }
    out.flush();
  }

  /**
   * Seconds of several runs together, each from the measurement of one of them; empty where the
   * measurement did not reach every stage.
   */
  public static Optional<Double> seconds(Config measured, List<Config> runs) {
    Plan plan = new Plan(measured);
    List<Preset> presets = runs.stream().map(Config::read).toList();
    SparkSession spark = LocalSpark.session("relook plan");
    try {
      Path place = Policies.scratch("relook-plan");
      try {
        Measured seen = plan.measure(spark, measured.read(), place);
        double sum = 0;
        for (Preset preset : presets) {
          for (PlanStages.Stage stage :
              new PlanStages(preset, seen.data, seen.speed, seen.seen).all()) {
            if (stage.seconds() == null) {
              return Optional.empty();
            }
            sum += stage.seconds().value();
          }
        }
        return Optional.of(sum);
      } finally {
        delete(place);
      }
    } finally {
      spark.stop();
    }
  }

  Result make() {
    Preset preset = config.read();
    boolean there = Files.isRegularFile(Path.of(preset.model(), "config.json"));
    if (!preset.model().equals("embedded") && !there) {
      throw PlanErrors.noModel(preset.model());
    }
    SparkSession spark = LocalSpark.session("relook plan");
    try {
      return make(spark, preset);
    } finally {
      spark.stop();
    }
  }

  Result make(SparkSession spark, Preset preset) {
    Path place = Policies.scratch("relook-plan");
    try {
      return make(spark, preset, place);
    } finally {
      delete(place);
    }
  }

  /**
   * What the arithmetic starts from.
   *
   * @param reason why nothing ran, or null
   */
  private record Measured(
      PlanData data, PlanMemory memory, long free, String reason, Speed speed, Seen seen) {}

  private Measured measure(SparkSession spark, Preset preset, Path place) {
    Lakehouse lakehouse = Lakehouse.open(spark, place.resolve("first").toString());
    // As a run begins: the first commit pays for what Spark does once.
    lakehouse.merge(
        Table.RUNS,
        List.of(Rows.RUN.toRow(new Rows.Run("plan", PresetReader.yaml(preset), Instant.now()))));
    BasePolicy from = BasePolicy.of(lakehouse, preset);
    PlanData data = PlanData.read(lakehouse, preset, config.data, from.folder(), FEW);
    if (data.few().isEmpty()) {
      throw PlanErrors.noQuestions();
    }
    PlanMemory memory = new PlanMemory(preset, data, Checkpoint.readConfig(from.folder()));
    long free = MemoryCheck.free();
    String reason = config.measure ? doesNotFit(memory, place, free) : "as asked";
    if (reason != null) {
      return new Measured(data, memory, free, reason, null, null);
    }
    Speed speed = Speed.measure(lakehouse, preset, from.uri(), data.few());
    return new Measured(
        data, memory, free, null, speed, look(lakehouse, preset, data, speed, from, place));
  }

  private Result make(SparkSession spark, Preset preset, Path place) {
    long began = System.nanoTime();
    Measured measured = measure(spark, preset, place);
    List<String> notes = new ArrayList<>();
    if (measured.seen != null && measured.seen.ended() != null) {
      notes.add("The loop on a few questions ended early: " + measured.seen.ended());
    }
    List<PlanStages.Stage> stages =
        new PlanStages(preset, measured.data, measured.speed, measured.seen).all();
    Figure sftSteps =
        stages.stream()
            .filter(s -> s.name().equals("sft"))
            .findFirst()
            .map(PlanStages.Stage::steps)
            .orElse(Figure.exact(0));
    boolean all = stages.stream().allMatch(s -> s.seconds() != null);
    return new Result(
        config.preset,
        measured.reason,
        measured.reason == null ? (System.nanoTime() - began) / 1e9 : null,
        stages,
        all ? Figure.measured(stages.stream().mapToDouble(s -> s.seconds().value()).sum()) : null,
        measured.memory.generation(),
        measured.memory.training(),
        measured.memory.executor(),
        measured.free,
        measured.memory.travels(),
        measured.memory.checkpoints(sftSteps),
        notes);
  }

  private Seen look(
      Lakehouse first, Preset preset, PlanData data, Speed speed, BasePolicy from, Path place) {
    int few = few(preset, data, speed);
    Preset small =
        config.read(
            "data.trainQuestions=" + Math.min(few, preset.data().trainQuestions()),
            "data.testQuestions=" + Math.min(few, preset.data().testQuestions()),
            "sft.epochs=1",
            "sft.steps=0",
            "grpo.steps=2",
            "grpo.queries=" + Math.min(few, preset.grpo().queries()));
    Lakehouse lakehouse = first;
    if (few < FEW) {
      lakehouse = Lakehouse.open(first.spark(), place.resolve("fewer").toString());
      PlanData.takeIn(lakehouse, preset, config.data, few);
    }
    return Seen.run(lakehouse, small, from);
  }

  /** As many as the time allows, at least two. */
  private static int few(Preset preset, PlanData data, Speed speed) {
    int few = FEW;
    while (few > 2 && seconds(preset, data, speed, few) > SECONDS) {
      few /= 2;
    }
    return few;
  }

  /** About: a roll-out twice and half of one, two GRPO steps, examples of twice the length. */
  private static double seconds(Preset preset, PlanData data, Speed speed, int few) {
    int samples = preset.rollout().samples();
    double length = Arrays.stream(speed.lengths()).average().orElse(0);
    double prompt = data.promptTokens();
    int queries = Math.min(few, preset.grpo().queries());
    double sampled = (2.5 * few * samples + 2.0 * queries * preset.grpo().samples()) * length;
    double trained =
        few * 6 * (prompt + 2 * length)
            + 2.0 * queries * (prompt + preset.grpo().samples() * length);
    return 5 * speed.load()
        + 8.0 * few * prompt * speed.promptToken()
        + sampled / preset.engine().slots() * speed.step()
        + trained * speed.trainedToken()
        + 3 * speed.save();
  }

  /** Why the model cannot be run here, or null. */
  private static String doesNotFit(PlanMemory memory, Path place, long free) {
    double needed =
        Stream.of(memory.generation(), memory.training(), memory.executor())
            .flatMap(List::stream)
            .mapToDouble(part -> part.bytes().value())
            .sum();
    if (needed > free) {
      return "it needs %.1f GB of memory, %.1f GB are free".formatted(needed / 1e9, free / 1e9);
    }
    double disk = 5 * 4.0 * memory.policy().values() + 5 * 8.0 * memory.policy().learnt();
    double space = place.toFile().getUsableSpace();
    return disk > space
        ? "five versions need %.1f GB in %s, %.1f GB are free"
            .formatted(disk / 1e9, place.getParent(), space / 1e9)
        : null;
  }

  private static void delete(Path folder) {
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.delete(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path done, IOException e) throws IOException {
              Files.delete(done);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new RelookException(
          RelookException.Category.STORAGE,
          "Cannot delete %s: %s. Nothing needs it.".formatted(folder, e.getMessage()),
          e);
    }
  }
}
