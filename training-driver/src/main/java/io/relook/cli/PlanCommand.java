package io.relook.cli;

import io.relook.training.Plan;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code relook plan}: what a run would do and take. */
@Command(
    name = "plan",
    mixinStandardHelpOptions = true,
    description =
        "Says what a preset's run would do and take: rows, tokens, memory, hours, bytes. Measures for about a minute.")
final class PlanCommand implements Callable<Integer> {
  enum Format {
    table,
    json
  }

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "PRESET", description = "a file of conf/presets, or a path")
  private String preset;

  @Parameters(
      index = "1..*",
      paramLabel = "KEY=VALUE",
      description = "of the preset, such as grpo.steps=3")
  private List<String> overrides = List.of();

  @Option(
      names = "--data",
      description = "folder of pictures and questions, as the preset's ingest says")
  private Path data;

  @Option(names = "--model", description = "checkpoint folder in place of the preset's model")
  private Path model;

  @Option(
      names = "--no-measure",
      description = "count only: no hours, and the model's weights are not needed")
  private boolean countOnly;

  @Option(
      names = "--format",
      defaultValue = "table",
      description = "${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE})")
  private Format format;

  @Override
  public Integer call() {
    List<String> all = new ArrayList<>(overrides);
    if (model != null) {
      all.add("model=" + model);
    }
    String home = System.getenv().getOrDefault("RELOOK_HOME", ".");
    new Plan(new Plan.Config(Path.of(home, "conf", "presets"), preset, data, !countOnly, all))
        .print(spec.commandLine().getOut(), format == Format.json);
    return 0;
  }
}
