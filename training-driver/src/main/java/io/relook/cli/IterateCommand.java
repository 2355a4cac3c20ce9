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

/** {@code relook iterate}: a preset's run, its recipe first. */
@Command(
    name = "iterate",
    mixinStandardHelpOptions = true,
    description = "Prints a preset's recipe and runs it; the same command resumes it.")
final class IterateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "PRESET", description = "a file of conf/presets, or a path")
  private String preset;

  @Parameters(
      index = "1..*",
      paramLabel = "KEY=VALUE",
      description = "of the preset, such as iterations=2")
  private List<String> overrides = List.of();

  @Option(names = "--run", description = "the run's name (default: the preset's)")
  private String run;

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

  @Option(names = "--explain", description = "show the query behind each figure")
  private boolean explain;

  @Override
  public Integer call() {
    String home = System.getenv().getOrDefault("RELOOK_HOME", ".");
    String place = lakehouse != null ? lakehouse : DemoCommand.place(home, preset);
    String name = run != null ? run : DemoCommand.name(preset);
    RunDriver driver =
        new RunDriver(spec.commandLine().getOut(), Path.of(home, "conf", "presets"), explain);
    RunDriver.Request request =
        new RunDriver.Request(name, preset, place, data, otherPreset, overrides);
    driver.printRecipe(request);
    return driver.run(request);
  }
}
