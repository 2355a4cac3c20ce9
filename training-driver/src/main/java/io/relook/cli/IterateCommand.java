package io.relook.cli;

import io.relook.training.RunDriver;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code relook iterate}: a preset's run, its recipe first. */
@Command(
    name = "iterate",
    mixinStandardHelpOptions = true,
    description = "Prints a preset's recipe and runs it; the same command resumes it.")
final class IterateCommand implements Callable<Integer> {
  @Mixin private RunOptions options;

  @Parameters(index = "0", paramLabel = "PRESET", description = "a file of conf/presets, or a path")
  private String preset;

  @Parameters(
      index = "1..*",
      paramLabel = "KEY=VALUE",
      description = "of the preset, such as iterations=2")
  private List<String> overrides = List.of();

  @Option(names = "--run", description = "the run's name (default: the preset's)")
  private String run;

  @Override
  public Integer call() {
    String name = run != null ? run : RunOptions.name(preset);
    RunDriver.Request request = options.request(name, preset, overrides);
    RunDriver driver = options.driver();
    driver.printRecipe(request);
    return driver.run(request);
  }
}
