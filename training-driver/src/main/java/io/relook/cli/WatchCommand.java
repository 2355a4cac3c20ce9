package io.relook.cli;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.LocalSpark;
import io.relook.lakehouse.RelookException;
import java.nio.charset.Charset;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code relook watch}: a run as it goes, from its tables alone, until it ends. */
@Command(
    name = "watch",
    mixinStandardHelpOptions = true,
    description = "Shows a run's stage, steps and evaluations until it ends. Reads tables only.")
final class WatchCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--lakehouse",
      description = "folder, Hadoop URI or catalog.schema (default .relook/demo)")
  private String lakehouse;

  @Option(names = "--run", description = "its name (default: the run that was started last)")
  private String run;

  @Option(names = "--once", description = "show it as it is now, and end")
  private boolean once;

  @Option(
      names = "--every",
      paramLabel = "SECONDS",
      defaultValue = "5",
      description = "between two looks (default ${DEFAULT-VALUE})")
  private int seconds;

  @Override
  public Integer call() throws InterruptedException {
    if (seconds < 1) {
      throw new ParameterException(spec.commandLine(), "--every must be 1 second or more");
    }
    String place = lakehouse != null ? lakehouse : RunOptions.place("demo");
    boolean terminal = !once && System.console() != null && !"dumb".equals(System.getenv("TERM"));
    Screen screen = new Screen(spec.commandLine().getOut(), terminal);
    boolean blocks = Charset.defaultCharset().newEncoder().canEncode(Sparkline.BLOCKS);
    RunView view = new RunView(blocks ? Sparkline.BLOCKS : Sparkline.ASCII);
    SparkSession spark = LocalSpark.session("relook watch");
    try {
      RunReader reader = RunReader.of(Lakehouse.open(spark, place), place, run);
      for (WatchedRun now = reader.read(); ; now = reader.read()) {
        screen.show(view.lines(now, Instant.now()));
        if (once || now.hasEnded()) {
          return 0;
        }
        TimeUnit.SECONDS.sleep(seconds);
      }
    } catch (RelookException | InterruptedException e) {
      throw e;
    } catch (Exception e) {
      throw new RelookException(
          RelookException.Category.STORAGE,
          "Cannot read the run's tables at %s: %s."
              .formatted(place, String.valueOf(e.getMessage()).lines().findFirst().orElse("")),
          e);
    }
  }
}
