package io.relook.cli;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.LocalSpark;
import io.relook.training.CleanUp;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code relook clean-up}: what nobody keeps goes. */
@Command(
    name = "clean-up",
    mixinStandardHelpOptions = true,
    description =
        "Removes weights that no run keeps and table files that no kept version came from, and joins small files.")
final class CleanUpCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--lakehouse",
      required = true,
      description = "folder, Hadoop URI or catalog.schema")
  private String lakehouse;

  @Option(
      names = "--older-than",
      paramLabel = "HOURS",
      defaultValue = "168",
      description =
          "table files that were replaced longer ago go (default ${DEFAULT-VALUE}); with fewer a query that runs may lose its files")
  private double hours;

  @Parameters(
      paramLabel = "KEY=VALUE",
      description = "of each run's preset, such as keep.last=1 or keep.replay=false")
  private String[] overrides = {};

  @Override
  public Integer call() {
    SparkSession spark = LocalSpark.session("relook clean-up");
    try (Lakehouse place = Lakehouse.open(spark, lakehouse)) {
      Duration olderThan = Duration.ofSeconds(Math.round(hours * 3600));
      CleanUp.Result result = new CleanUp(place, olderThan, overrides).run();
      PrintWriter out = spec.commandLine().getOut();
      result.done().forEach(line -> out.println("removed " + line));
      result.kept().forEach(out::println);
      out.printf("%d removals; tables are compact%n", result.done().size());
      out.flush();
      return 0;
    } finally {
      spark.stop();
    }
  }
}
