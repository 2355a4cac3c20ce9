package io.relook.jobs;

import static org.apache.spark.sql.functions.col;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.RunName;
import io.relook.lakehouse.Table;
import io.relook.preset.Preset;
import io.relook.preset.PresetReader;
import io.relook.rewards.Rewards;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** What a job was started with: {@code --name value} pairs, and {@code a.b=c} for the preset. */
record JobArguments(Map<String, String> options, Preset preset) {
  private static final Pattern OPTION =
      Pattern.compile("(\\[)?--([\\w-]+)(?: ([^\\[\\]\\s-][^\\]\\s]*))?");

  /** A command line that no job understands. */
  static final class UsageException extends Exception {
    private static final long serialVersionUID = 1;

    UsageException(String message) {
      super(message);
    }
  }

  /**
   * Reads a command line; every problem of it is in one message.
   *
   * @param usage such as {@code --lakehouse --preset [--policy] [--iteration 1]}: what has to be
   *     given, and in brackets what may be, with its default; one whose default is {@code false}
   *     may stand alone
   */
  static JobArguments parse(String usage, String... args) throws UsageException {
    Map<String, String> options = new HashMap<>();
    List<String> required = new ArrayList<>();
    Matcher known = OPTION.matcher(usage);
    while (known.find()) {
      options.put(known.group(2), known.group(3));
      if (known.group(1) == null) {
        required.add(known.group(2));
      }
    }
    List<String> overrides = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (int i = 0; i < args.length; i++) {
      if (!args[i].startsWith("--")) {
        overrides.add(args[i]);
      } else if (isFlag(options, args[i].substring(2))) {
        boolean said = i + 1 < args.length && args[i + 1].matches("true|false");
        options.put(args[i].substring(2), said ? args[++i] : "true");
      } else if (i + 1 == args.length || args[i + 1].startsWith("--")) {
        problems.add(args[i] + " needs a value");
      } else if (!options.containsKey(args[i].substring(2))) {
        problems.add("unknown option " + args[i++]);
      } else {
        options.put(args[i].substring(2), args[++i]);
      }
    }
    for (String name : required) {
      if (options.get(name) == null) {
        problems.add("--%s is missing".formatted(name));
      }
    }
    if (!options.getOrDefault("iteration", "1").matches("\\d{1,6}")) {
      problems.add("--iteration must be a whole number, not " + options.get("iteration"));
    }
    if (options.get("run") != null) {
      new RunName(options.get("run"));
    }
    if (!problems.isEmpty()) {
      throw new UsageException(String.join("; ", problems));
    }
    Path presets = Path.of(System.getenv().getOrDefault("RELOOK_HOME", "."), "conf", "presets");
    String[] changes = overrides.toArray(new String[0]);
    return new JobArguments(options, PresetReader.read(presets, options.get("preset"), changes));
  }

  /** An option's value, its default, or null. */
  String option(String name) {
    return options.get(name);
  }

  /** Whether an option was given that stands alone. */
  boolean flag(String name) {
    return options.get(name).equals("true");
  }

  /** Given already or not: its value is true or false. */
  private static boolean isFlag(Map<String, String> options, String name) {
    return options.get(name) != null && options.get(name).matches("true|false");
  }

  String run() {
    return option("run");
  }

  int iteration() {
    return Integer.parseInt(option("iteration"));
  }

  Phase phase() {
    for (Phase phase : Phase.values()) {
      if (phase.word().equals(option("phase"))) {
        return phase;
      }
    }
    throw new RelookException(
        Category.CONFIG,
        "There is no phase %s: it is one of %s."
            .formatted(option("phase"), Arrays.toString(Phase.values()).toLowerCase(Locale.ROOT)));
  }

  /** The questions of {@code --split}. */
  Dataset<Row> split(Lakehouse lakehouse) {
    return lakehouse.read(Table.QUERIES).where(col("split").equalTo(option("split")));
  }

  Rewards rewards(Lakehouse lakehouse) {
    return Rewards.of(lakehouse.spark(), preset.rewards());
  }

  /**
   * The policy of {@code --policy}: a version of the table {@code checkpoints}, or a checkpoint's
   * folder or URI, which becomes the run's base. Without the option it is the preset's model.
   */
  Rows.CheckpointRow policy(Lakehouse lakehouse) {
    String asked = option("policy") != null ? option("policy") : preset.model();
    Optional<Rows.CheckpointRow> version = version(lakehouse, asked);
    if (version.isPresent()) {
      if (version.get().removedAt() != null) {
        throw JobErrors.policy("its weights were given up at " + version.get().removedAt(), asked);
      }
      return version.get();
    }
    String base = "%s/0/base/0".formatted(run());
    String uri = checkpoint(lakehouse, asked);
    Rows.CheckpointRow row =
        new Rows.CheckpointRow(
            base, run(), 0, "base", 0, uri, null, null, Instant.now(), null, null);
    lakehouse.merge(Table.CHECKPOINTS, List.of(Rows.CHECKPOINT.toRow(row)));
    Rows.CheckpointRow committed = version(lakehouse, base).orElse(row);
    if (!committed.uri().equals(uri)) {
      throw JobErrors.policy("the run %s began from %s".formatted(run(), committed.uri()), asked);
    }
    return committed;
  }

  private static Optional<Rows.CheckpointRow> version(Lakehouse lakehouse, String version) {
    return lakehouse
        .read(Table.CHECKPOINTS)
        .where(col("policy_version").equalTo(version))
        .collectAsList()
        .stream()
        .findFirst()
        .map(Rows.CHECKPOINT::fromRow);
  }

  /** The checkpoint's whole URI; a name that is none must not become a run's base. */
  private static String checkpoint(Lakehouse lakehouse, String asked) {
    try {
      var path = new org.apache.hadoop.fs.Path(asked);
      FileSystem files = path.getFileSystem(lakehouse.spark().sessionState().newHadoopConf());
      if (files.exists(new org.apache.hadoop.fs.Path(path, "config.json"))) {
        return files.makeQualified(path).toString();
      }
    } catch (IOException | IllegalArgumentException e) {
      throw JobErrors.policy(e.getMessage(), asked);
    }
    throw JobErrors.policy(
        asked.equals("embedded")
            ? "the embedded model has no place that executors read: name a copy of spark-jobs/src/main/resources/embedded"
            : "it is no version in the table checkpoints and no folder with a config.json",
        asked);
  }
}
