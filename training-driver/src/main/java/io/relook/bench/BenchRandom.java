package io.relook.bench;

import io.relook.training.EmbeddedModel;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Random weights for a folder that has a {@code config.json}: a checkpoint of any size. */
@Command(
    name = "random",
    mixinStandardHelpOptions = true,
    description = "Writes random float32 weights beside a folder's config.json.")
final class BenchRandom implements Callable<Integer> {
  @Parameters(paramLabel = "FOLDER", description = "folder with config.json")
  private Path folder;

  @Option(names = "--seed", defaultValue = "1")
  private long seed;

  @Override
  public Integer call() {
    EmbeddedModel.randomise(folder, seed);
    return 0;
  }
}
