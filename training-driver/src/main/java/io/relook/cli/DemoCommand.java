package io.relook.cli;

import io.relook.training.RunDriver;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code relook demo}: one iteration of the whole loop, from pictures to an updated policy. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description =
        "Runs one iteration of the loop on generated scenes, or on a folder's pictures. The same command resumes it.")
final class DemoCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--lakehouse",
      description = "folder, Hadoop URI or catalog.schema (default .relook/PRESET)")
  private String lakehouse;

  @Option(names = "--preset", description = "a file of conf/presets, or a path (default demo)")
  private String preset;

  @Option(names = "--short", description = "the preset demo-short: a few minutes")
  private boolean brief;

  @Option(
      names = "--data",
      description = "folder of pictures and questions, as the preset's ingest says")
  private Path data;

  @Parameters(paramLabel = "KEY=VALUE", description = "of the preset, such as grpo.steps=3")
  private String[] overrides = {};

  @Option(
      names = "--other-preset",
      description = "go on although the run began with other settings")
  private boolean otherPreset;

  @Option(names = "--explain", description = "show the query behind each figure")
  private boolean explain;

  @Override
  public Integer call() {
    String home = System.getenv().getOrDefault("RELOOK_HOME", ".");
    String name = preset != null ? preset : brief ? "demo-short" : "demo";
    String place = lakehouse != null ? lakehouse : place(home, name);
    return new RunDriver(spec.commandLine().getOut(), Path.of(home, "conf", "presets"), explain)
        .run(new RunDriver.Request("demo", name, place, data, otherPreset, List.of(overrides)));
  }

  /** The lakehouse of a preset where none is named. */
  static String place(String home, String preset) {
    return Path.of(home, ".relook", name(preset)).toAbsolutePath().toString();
  }

  /** A preset's name, also where it is a path. */
  static String name(String preset) {
    return Path.of(preset).getFileName().toString().replace(".yaml", "");
  }
}
