package io.relook.cli;

import io.relook.bench.BenchCommand;
import io.relook.lakehouse.RelookException;
import io.relook.parity.ParityCommand;
import io.relook.report.ReportCommand;
import io.relook.training.PretrainCommand;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line, {@code ./relook}. Exit codes: 0, 1 (failed), 2 (usage). */
@Command(
    name = "relook",
    mixinStandardHelpOptions = true,
    description = "Trains vision-language models to look again, on Spark and Delta Lake.",
    subcommands = {
      BenchCommand.class,
      ParityCommand.class,
      PretrainCommand.class,
      ReportCommand.class,
      DemoCommand.class,
      IterateCommand.class,
      StudyCommand.class,
      PlanCommand.class,
      ReplayCommand.class,
      CleanUpCommand.class,
      SqlCommand.class,
      WatchCommand.class
    })
public final class Relook {
  private Relook() {}

  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Relook())
        .setExecutionExceptionHandler(
            (error, command, parsed) -> {
              Optional<RelookException> known = known(error);
              if (known.isPresent()) {
                command.getErr().println("relook: " + known.get().getMessage());
              } else {
                error.printStackTrace(command.getErr());
              }
              return 1;
            });
  }

  /** What was thrown on purpose: in a Spark task it arrives as a cause. */
  private static Optional<RelookException> known(Throwable error) {
    return Stream.iterate(error, Objects::nonNull, Throwable::getCause)
        .filter(RelookException.class::isInstance)
        .map(RelookException.class::cast)
        .findFirst();
  }
}
