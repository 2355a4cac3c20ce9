package io.relook.cli;

import io.relook.bench.BenchCommand;
import io.relook.lakehouse.RelookException;
import io.relook.parity.ParityCommand;
import io.relook.training.PretrainCommand;
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
      DemoCommand.class,
      SqlCommand.class
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
              if (error instanceof RelookException) {
                command.getErr().println("relook: " + error.getMessage());
              } else {
                error.printStackTrace(command.getErr());
              }
              return 1;
            });
  }
}
