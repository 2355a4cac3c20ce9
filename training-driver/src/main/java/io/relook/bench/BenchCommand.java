package io.relook.bench;

import io.relook.training.BenchTables;
import picocli.CommandLine.Command;

/** {@code relook bench}: the peers' workloads on our side. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Runs a benchmark workload and prints one JSON line a measurement.",
    subcommands = {
      BenchGenerate.class,
      BenchTrain.class,
      BenchLoad.class,
      BenchRandom.class,
      BenchTables.class
    })
public final class BenchCommand {}
