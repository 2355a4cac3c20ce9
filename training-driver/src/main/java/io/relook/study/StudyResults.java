package io.relook.study;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.lakehouse.Lakehouse;
import io.relook.report.AttentionCurves;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A study's figures from its tables: {@code results.md} for people, {@code results.json}. */
final class StudyResults {
  /**
   * An arm less another on a test set, in shares of the questions.
   *
   * @param low of the paired 95 % interval
   */
  record Comparison(
      String arm,
      String against,
      String testSet,
      double mean,
      double low,
      double high,
      int seeds,
      int questions) {}

  /** An arm on a test set, over its seeds. */
  private record Line(Arm arm, TestSet set, double accuracy, StudyTables.Looks looks) {}

  /** Traces of a policy whose attention is looked at; our choice. */
  private static final int LOOKED_AT = 200;

  private final Lakehouse lakehouse;
  private final StudyTables tables;
  private final List<TestSet> sets;
  private final List<Arm> arms;
  private final int seeds;

  StudyResults(Lakehouse lakehouse, List<Arm> arms, String split, int seeds) {
    this.lakehouse = lakehouse;
    this.tables = new StudyTables(lakehouse);
    this.sets = TestSet.of(lakehouse, split);
    this.arms = arms;
    this.seeds = seeds;
  }

  /** Each trained arm against the base and against GRPO alone. */
  List<Comparison> comparisons() {
    List<Comparison> all = new ArrayList<>();
    for (TestSet set : sets) {
      for (Arm arm : arms) {
        for (Arm against : List.of(Arm.BASE, Arm.GRPO)) {
          if (arm != against && (against == Arm.BASE || arms.contains(against))) {
            all.add(compare(arm, against, set));
          }
        }
      }
    }
    return all;
  }

  private Comparison compare(Arm arm, Arm against, TestSet set) {
    int questions = set.questions().size();
    double[][] differences = new double[seeds][questions];
    for (int seed = 1; seed <= seeds; seed++) {
      Map<String, Double> ours = tables.right(arm.run(seed), set);
      // The base policy is the same for every seed.
      Map<String, Double> theirs = tables.right(against.run(against == Arm.BASE ? 1 : seed), set);
      for (int q = 0; q < questions; q++) {
        String id = set.questions().get(q).queryId();
        differences[seed - 1][q] = ours.get(id) - theirs.get(id);
      }
    }
    PairedBootstrap.Interval interval = PairedBootstrap.of(differences);
    return new Comparison(
        arm.name(),
        against.name(),
        set.name(),
        interval.mean(),
        interval.low(),
        interval.high(),
        seeds,
        questions);
  }

  /**
   * Writes the files.
   *
   * @param threads of the engine that computes attention
   */
  void write(Path folder, String command, int threads) throws IOException {
    Files.createDirectories(folder);
    AttentionCurves.Result attention =
        new AttentionCurves(lakehouse, threads, LOOKED_AT).run(looked(), done -> {});
    Files.writeString(folder.resolve("results-attention.svg"), attention.svg());
    List<Comparison> comparisons = comparisons();
    Files.writeString(
        folder.resolve("results.json"),
        new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(comparisons) + "\n");
    Files.writeString(folder.resolve("results.md"), text(comparisons, attention, command));
  }

  /** The base policy, and what each arm made of it with the first seed. */
  private List<AttentionCurves.Policy> looked() {
    return Stream.concat(Stream.of(Arm.BASE), arms.stream())
        .map(
            arm ->
                new AttentionCurves.Policy(
                    arm.name(), arm.run(1), tables.policy(arm.run(1), sets.get(0))))
        .toList();
  }

  private String text(
      List<Comparison> comparisons, AttentionCurves.Result attention, String command) {
    StringBuilder text = new StringBuilder();
    text.append("# What looking again is worth\n\nWritten by `").append(command).append("`, ");
    text.append(seeds).append(" seeds an arm; greedy answers to ");
    text.append(
        String.join(
            " and ",
            sets.stream().map(s -> s.questions().size() + " questions of " + s.name()).toList()));
    text.append(
        ", asked once of each last policy. The recipes: `conf/presets/study.yaml` and `ablation-*`;"
            + " designs compared before, on validation questions: `docs/designs.md`."
            + " Differences are in points, with paired 95 % intervals (bootstrap over seeds and"
            + " questions); `results.json` has the same figures.\n");
    List<Line> lines = lines();
    for (TestSet set : sets) {
      text.append("\n## ").append(set.name()).append("\n\n");
      text.append("| arm | what | accuracy | against the base | against GRPO alone |\n");
      text.append("|---|---|---|---|---|\n");
      for (Line line : of(lines, set)) {
        text.append(
            String.format(
                Locale.ROOT,
                "| `%s` | %s | %.1f %% | %s | %s |%n",
                line.arm.name(),
                line.arm.what(),
                100 * line.accuracy,
                cell(comparisons, line, Arm.BASE),
                cell(comparisons, line, Arm.GRPO)));
      }
      looks(text, of(lines, set));
    }
    attention(text, attention);
    budgets(text);
    return text.toString();
  }

  private List<Line> lines() {
    List<Line> lines = new ArrayList<>();
    for (TestSet set : sets) {
      lines.add(line(Arm.BASE, set, 1));
      arms.forEach(arm -> lines.add(line(arm, set, seeds)));
    }
    return lines;
  }

  private Line line(Arm arm, TestSet set, int runs) {
    double right = 0;
    StudyTables.Looks all = null;
    for (int seed = 1; seed <= runs; seed++) {
      Map<String, Double> answers = tables.right(arm.run(seed), set);
      right += answers.values().stream().mapToDouble(Double::doubleValue).average().orElse(0);
      StudyTables.Looks looks = tables.looks(arm.run(seed), set);
      all = all == null ? looks : all.plus(looks);
    }
    return new Line(arm, set, right / runs, all);
  }

  private static List<Line> of(List<Line> lines, TestSet set) {
    return lines.stream().filter(line -> line.set == set).toList();
  }

  private static String cell(List<Comparison> comparisons, Line line, Arm against) {
    return comparisons.stream()
        .filter(
            c ->
                c.arm().equals(line.arm.name())
                    && c.against().equals(against.name())
                    && c.testSet().equals(line.set.name()))
        .findFirst()
        .map(
            c ->
                String.format(
                    Locale.ROOT,
                    "%+.1f (%+.1f to %+.1f)",
                    100 * c.mean(),
                    100 * c.low(),
                    100 * c.high()))
        .orElse("");
  }

  private static void looks(StringBuilder text, List<Line> lines) {
    text.append(
        "\nTraces that look again; the answer before the reflection and after it; and, where the"
            + " picture is exchanged behind a right trace's pre-reasoning, whether the answer is"
            + " the new picture's (noticed) or the old one's (kept). None before: asked for an answer"
            + " in place of its reflection, the trace opens another tag:\n\n");
    text.append("| arm | tokens a trace | look again | right→right | wrong→right | right→wrong |");
    text.append(" wrong→wrong | none before | noticed | kept |\n");
    text.append("|---|---|---|---|---|---|---|---|---|---|\n");
    for (Line line : lines) {
      StudyTables.Looks looks = line.looks;
      Map<String, Long> flows = looks.flows();
      text.append(
          String.format(
              Locale.ROOT,
              "| `%s` | %.1f | %.1f %% | %d | %d | %d | %d | %d | %d of %d | %d |%n",
              line.arm.name(),
              looks.tokens(),
              100.0 * looks.looking() / looks.traces(),
              flows.get("right→right"),
              flows.get("wrong→right"),
              flows.get("right→wrong"),
              flows.get("wrong→wrong"),
              looks.silent(),
              looks.noticed(),
              looks.swapped(),
              looks.kept()));
    }
  }

  private static void attention(StringBuilder text, AttentionCurves.Result result) {
    text.append(
        "\n## Attention to the picture\n\n![over relative position](results-attention.svg)");
    text.append(
        "\n\nShares of attention on picture tokens, mean over layers and heads, of the first ");
    text.append(LOOKED_AT)
        .append(
            " evaluated traces of a policy, first seed, with 95 % intervals. A share falls as the text grows even where nothing drifts: the figure's dashed line is attention spread evenly over all tokens seen.");
    text.append("\n\n| policy | last tenth less first, no reflection | the same, with one |");
    text.append(
        " inside the reflection less before | after it less before |\n|---|---|---|---|---|\n");
    for (AttentionCurves.Curves curves : result.policies()) {
      text.append("| `").append(curves.policy().name()).append("` | ");
      text.append(
          Stream.of(
                  curves.without().drift(),
                  curves.with().drift(),
                  curves.span().insideLessBefore(),
                  curves.span().afterLessBefore())
              .map(StudyResults::cell)
              .collect(Collectors.joining(" | ")));
      text.append(" |\n");
    }
  }

  private static String cell(AttentionCurves.Estimate value) {
    return value.low() == null
        ? "%d traces".formatted(value.traces())
        : String.format(
            Locale.ROOT, "%+.4f (%+.4f to %+.4f)", value.mean(), value.low(), value.high());
  }

  private void budgets(StringBuilder text) {
    text.append("\n## What each arm was given\n\nMeans over the seeds; the base policy's pass");
    text.append(
        " rates count for each arm.\n\n| arm | tokens sampled | updates |\n|---|---|---|\n");
    for (Arm arm : arms) {
      double tokens = 0;
      double updates = 0;
      for (int seed = 1; seed <= seeds; seed++) {
        StudyTables.Budget budget = tables.budget(arm.run(seed), Arm.BASE.run(seed));
        tokens += budget.sampledTokens() / (double) seeds;
        updates += budget.updates() / (double) seeds;
      }
      text.append(
          String.format(Locale.ROOT, "| `%s` | %.0f | %.0f |%n", arm.name(), tokens, updates));
    }
  }
}
