package io.relook.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code relook demo}: one iteration of the whole loop, from pictures to an updated policy. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description =
        "Runs one iteration of the loop on generated scenes, or on a folder's pictures. The same command resumes it.")
final class DemoCommand implements Callable<Integer> {
  @Mixin private RunOptions options;

  @Option(names = "--preset", description = "a file of conf/presets, or a path (default demo)")
  private String preset;

  @Option(names = "--short", description = "the preset demo-short: a few minutes")
  private boolean brief;

  @Parameters(paramLabel = "KEY=VALUE", description = "of the preset, such as grpo.steps=3")
  private String[] overrides = {};

  @Override
  public Integer call() {
    String name = preset != null ? preset : brief ? "demo-short" : "demo";
    return options.driver().run(options.request("demo", name, List.of(overrides)));
  }
}
