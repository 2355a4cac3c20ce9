package io.relook.report;

import io.relook.lakehouse.LocalSpark;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.text.TextProcessor;
import io.relook.report.RunReport.Group;
import io.relook.report.RunReport.Picture;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code relook report}: a run as one HTML file that opens offline. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description =
        "Writes a run as one HTML file: recipe, curves, tables, and trajectories to look at.")
public final class ReportCommand implements Callable<Integer> {
  private static final long MOST_BYTES = 64L << 20;

  @Spec private CommandSpec spec;

  @Option(
      names = "--lakehouse",
      description = "folder, Hadoop URI or catalog.schema (default .relook/demo)")
  private String lakehouse;

  @Option(names = "--run", description = "default: the one that started last")
  private String run;

  @Option(names = "--out", description = "the file (default report-RUN.html)")
  private Path out;

  @Option(
      names = "--groups",
      defaultValue = "40",
      description = "most groups of samples that are shown (default ${DEFAULT-VALUE})")
  private int groups;

  @Option(
      names = "--attention",
      description = "computes what the shown tokens look at, with the policies that sampled them")
  private boolean attention;

  @Option(
      names = "--threads",
      defaultValue = "2",
      description = "of the engine (default ${DEFAULT-VALUE})")
  private int threads;

  @Override
  public Integer call() {
    String home = System.getenv().getOrDefault("RELOOK_HOME", ".");
    String place =
        lakehouse != null
            ? lakehouse
            : Path.of(home, ".relook", "demo").toAbsolutePath().toString();
    SparkSession spark = LocalSpark.session("relook report");
    RunTables tables = RunTables.of(spark, place, run);
    RunReport report = ReportPage.bounded(read(tables), MOST_BYTES);
    Path file =
        out != null
            ? out
            : Path.of("report-%s.html".formatted(tables.run().replaceAll("[^\\w.-]", "_")));
    String page = ReportPage.of(report);
    try {
      Files.writeString(file, page);
    } catch (IOException e) {
      throw ReportErrors.unwritable(file, e);
    }
    PrintWriter log = spec.commandLine().getOut();
    report.notes().forEach(log::println);
    log.printf(
        "run %s: %d groups of samples, %.1f MB in %s%n",
        report.run(), report.groups().size(), page.length() / 1e6, file);
    log.flush();
    return 0;
  }

  private RunReport read(RunTables tables) {
    List<String> notes = new ArrayList<>(tables.notes());
    GroupChooser.Choice choice = GroupChooser.choose(tables, groups);
    if (choice.groups().size() < choice.all()) {
      notes.add(
          "%d of the run's %d groups of samples are shown (--groups)."
              .formatted(choice.groups().size(), choice.all()));
    }
    RunPolicies policies = new RunPolicies(tables.spark().table(Table.CHECKPOINTS.tableName()));
    Optional<TextProcessor> tokenizer = policies.tokenizer();
    ShownGroups shown;
    try {
      shown = ShownGroups.read(tables, choice.groups(), tokenizer.orElse(null));
    } finally {
      tokenizer.ifPresent(TextProcessor::close);
    }
    if (tokenizer.isEmpty()) {
      notes.add("Tokens are not told apart: none of the run's checkpoints is there any more.");
    }
    List<Group> looked = shown.groups();
    if (attention) {
      looked = new AttentionMaps(policies, threads).of(shown);
    }
    return new RunReport(
        tables.run(),
        tables.startedAt(),
        notes,
        RecipeText.settings(tables.preset()),
        Summary.of(tables),
        Curves.of(tables),
        looked,
        pictures(shown.images()));
  }

  private static Map<String, Picture> pictures(Map<String, Rows.Image> images) {
    Map<String, Picture> pictures = new TreeMap<>();
    images.forEach((id, image) -> pictures.put(id, Pictures.of(image)));
    return pictures;
  }
}
