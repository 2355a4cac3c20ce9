package io.relook.cli;

import io.relook.study.StudyRun;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code relook study}: what looking again is worth. */
@Command(
    name = "study",
    mixinStandardHelpOptions = true,
    description =
        "Trains the study's arms with several seeds, asks the test questions and writes results.md and results.json; the same command resumes it.")
final class StudyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--lakehouse",
      description = "folder, Hadoop URI or catalog.schema (default .relook/study)")
  private String lakehouse;

  @Option(
      names = "--data",
      description = "folder of easy-VQA (its easy_vqa/data); without it generated scenes alone")
  private Path data;

  @Option(names = "--arms", split = ",", description = "such as grpo,vre (default: all)")
  private List<String> arms = List.of();

  @Option(names = "--seeds", defaultValue = "3", description = "an arm (default 3)")
  private int seeds;

  @Option(
      names = "--validation",
      description = "ask the validation questions instead, to choose a design")
  private boolean validation;

  @Option(names = "--long", description = "four times the questions and updates")
  private boolean longer;

  @Option(
      names = "--no-estimate",
      description = "begin without the measurement, which takes minutes")
  private boolean noEstimate;

  @Option(names = "--estimate", description = "say how long it would take, and end")
  private boolean estimateOnly;

  @Option(
      names = "--out",
      description =
          "folder of results.md and results.json (default docs, with --validation .relook/validation)")
  private Path out;

  @Override
  public Integer call() throws Exception {
    String home = System.getenv().getOrDefault("RELOOK_HOME", ".");
    String place = lakehouse != null ? lakehouse : RunOptions.place("study");
    StudyRun study =
        new StudyRun(
            Path.of(home, "conf", "presets"),
            place,
            data,
            arms,
            validation ? "validation" : "test",
            seeds,
            longer ? 4 : 1,
            spec.commandLine().getOut());
    if (!noEstimate) {
      study.estimate();
    }
    if (!estimateOnly) {
      study.run(out != null ? out : Path.of(home, validation ? ".relook/validation" : "docs"));
    }
    return 0;
  }
}
