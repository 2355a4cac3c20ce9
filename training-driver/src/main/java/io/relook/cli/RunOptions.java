package io.relook.cli;

import io.relook.training.RunDriver;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What commands that run a preset share. */
final class RunOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--lakehouse",
      description = "folder, Hadoop URI or catalog.schema (default .relook/PRESET)")
  private String lakehouse;

  @Option(
      names = "--data",
      description = "folder of pictures and questions, as the preset's ingest says")
  private Path data;

  @Option(
      names = "--other-preset",
      description = "go on although the run began with other settings")
  private boolean otherPreset;

  @Option(
      names = "--update-answers",
      description = "known questions take the answers of the data where these differ")
  private boolean updateAnswers;

  @Option(names = "--explain", description = "show the query behind each figure")
  private boolean explain;

  RunDriver driver() {
    return new RunDriver(spec.commandLine().getOut(), Path.of(home(), "conf", "presets"), explain);
  }

  RunDriver.Request request(String run, String preset, List<String> overrides) {
    String place = lakehouse != null ? lakehouse : place(preset);
    return new RunDriver.Request(run, preset, place, data, otherPreset, updateAnswers, overrides);
  }

  /** The lakehouse of a preset where none is named. */
  static String place(String preset) {
    return Path.of(home(), ".relook", name(preset)).toAbsolutePath().toString();
  }

  /** A preset's name, also where it is a path. */
  static String name(String preset) {
    return Path.of(preset).getFileName().toString().replace(".yaml", "");
  }

  private static String home() {
    return System.getenv().getOrDefault("RELOOK_HOME", ".");
  }
}
