package io.relook.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** What both benchmarks are told. */
final class BenchOptions {
  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Parameters(paramLabel = "WORKLOAD", description = "folder made by make_workload.py")
  private Path workload;

  @Option(names = "--model", required = true, description = "checkpoint folder")
  private String model;

  @Option(names = "--prompts", description = "only the first so many prompts of the workload")
  private int prompts;

  @Option(
      names = "--threads",
      defaultValue = "2",
      description = "engine threads (default ${DEFAULT-VALUE})")
  private int threads;

  @Option(
      names = "--repeats",
      defaultValue = "3",
      description =
          "measured repeats (default ${DEFAULT-VALUE}); one unmeasured warm-up comes first")
  private int repeats;

  @Option(
      names = "--peak-seconds",
      defaultValue = "2",
      description = "spent on each figure of the machine (default ${DEFAULT-VALUE})")
  private double peakSeconds;

  String model() {
    return model;
  }

  int threads() {
    return threads;
  }

  int repeats() {
    return repeats;
  }

  double peakSeconds() {
    return peakSeconds;
  }

  Workload readWorkload() {
    if (threads < 1 || repeats < 1 || prompts < 0) {
      throw usage("--threads and --repeats are at least 1, --prompts is not negative");
    }
    return Workload.read(workload, prompts);
  }

  /** The line's beginning, as the peers' begin. */
  Measurement line(String name, String way, String value, String dtype, Machine machine) {
    return new Measurement(name)
        .put(way, value)
        .put("size", size())
        .put("dtype", dtype)
        .put("threads", threads)
        .put(machine);
  }

  /** Each value must be one of those that are built. */
  void require(String option, List<String> values, List<String> built) {
    for (String value : values) {
      if (!built.contains(value)) {
        throw usage(
            "%s %s is not built; there is: %s".formatted(option, value, String.join(", ", built)));
      }
    }
  }

  void print(Measurement line) {
    spec.commandLine().getOut().println(line);
    spec.commandLine().getOut().flush();
  }

  ParameterException usage(String problem) {
    return new ParameterException(spec.commandLine(), problem);
  }

  /** As the script that made the checkpoint calls it, or else the folder's name. */
  private String size() {
    Path made = Path.of(model).resolve("bench.json");
    if (!Files.exists(made)) {
      return Path.of(model).toAbsolutePath().normalize().getFileName().toString();
    }
    try {
      return new ObjectMapper().readTree(made.toFile()).path("size").asText();
    } catch (IOException e) {
      throw new RelookException(
          Category.DATA, "Cannot read %s: %s.".formatted(made, e.getMessage()), e);
    }
  }
}
