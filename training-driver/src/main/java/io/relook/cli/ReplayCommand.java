package io.relook.cli;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.LocalSpark;
import io.relook.training.Replay;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code relook replay}: a training step again, from the tables alone. */
@Command(
    name = "replay",
    mixinStandardHelpOptions = true,
    description =
        "Trains a step again from the rows that it read, and compares loss, gradient norm and weights with what was committed. Equal bits need the same kind of processor, engine.threads and train.shards.")
final class ReplayCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--lakehouse",
      required = true,
      description = "folder, Hadoop URI or catalog.schema")
  private String lakehouse;

  @Option(names = "--run", defaultValue = "demo", description = "default ${DEFAULT-VALUE}")
  private String run;

  @Option(names = "--iteration", defaultValue = "1", description = "default ${DEFAULT-VALUE}")
  private int iteration;

  @Option(names = "--stage", defaultValue = "grpo", description = "sft or grpo (the default)")
  private String stage;

  @Option(names = "--step", required = true)
  private int step;

  @Override
  public Integer call() {
    SparkSession spark = LocalSpark.session("relook replay");
    try (Lakehouse place = Lakehouse.open(spark, lakehouse)) {
      Replay.Result result =
          new Replay(place, new Replay.Config(run, iteration, stage, step)).run();
      print(result);
      return result.isEqual() ? 0 : 1;
    } finally {
      spark.stop();
    }
  }

  private void print(Replay.Result result) {
    PrintWriter out = spec.commandLine().getOut();
    out.printf("from %s%n", result.from());
    out.printf("%4s  %22s %22s  %22s %22s%n", "step", "loss", "again", "gradient norm", "again");
    for (Replay.Step done : result.steps()) {
      out.printf(
          "%4d  %22s %22s  %22s %22s%n",
          done.step(), done.loss(), done.replayedLoss(), done.norm(), done.replayedNorm());
    }
    for (Replay.Step done : result.steps()) {
      if (done.rescored() > 0) {
        out.printf(
            "step %d: %d samples have another accuracy by the answers of that time%n",
            done.step(), done.rescored());
      }
    }
    out.printf("weights after step %d: SHA-256 %s%n", step, result.replayedSha256());
    if (result.sha256() == null) {
      out.println("no version of this step was saved: losses and norms alone were compared");
    } else if (!result.sha256().equals(result.replayedSha256())) {
      out.printf("the version that was saved has  %s%n", result.sha256());
    }
    out.println(result.isEqual() ? "equal" : "not equal");
    out.flush();
  }
}
