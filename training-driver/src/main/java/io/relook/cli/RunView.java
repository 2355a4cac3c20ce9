package io.relook.cli;

import io.relook.lakehouse.Rows;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * A run in some lines of text.
 *
 * @param bars of the curves, from low to high
 */
record RunView(String bars) {
  private static final int LAST_STEPS = 10;
  private static final int CURVE = 60;
  private static final int REASON = 40;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);
  private static final String STEP = "%-5s %5s %10s %7s %7s %9s %9s %8s %8s %9s %9s %8s %s";

  /** What a terminal would obey is a space. */
  List<String> lines(WatchedRun run, Instant now) {
    List<String> lines = new ArrayList<>();
    lines.add("run %s, %s".formatted(run.runId(), TIME.format(now)));
    lines.add(stage(run, now));
    if (!run.versions().isEmpty()) {
      WatchedRun.Version newest = run.versions().get(run.versions().size() - 1);
      lines.add(
          "newest version %s, %s ago"
              .formatted(newest.name(), length(Duration.between(newest.committedAt(), now))));
    }
    if (!run.steps().isEmpty()) {
      steps(run.steps(), lines);
    }
    if (!run.evaluations().isEmpty()) {
      lines.add("");
      run.evaluations().forEach(e -> lines.add(evaluation(e)));
    }
    lines.replaceAll(line -> line.replaceAll("\\p{Cc}", " ").stripTrailing());
    return lines;
  }

  private static String stage(WatchedRun run, Instant now) {
    if (run.stages().isEmpty()) {
      return "no stage has begun";
    }
    Rows.Stage newest = run.newest();
    Instant began = newest.startedAt();
    return run.hasEnded()
        ? "ended at %s with %s, iteration %d"
            .formatted(
                TIME.format(began.plusNanos((long) (newest.seconds() * 1e9))),
                newest.stage(),
                newest.iteration())
        : "%s, iteration %d, for %s"
            .formatted(newest.stage(), newest.iteration(), length(Duration.between(began, now)));
  }

  /** Curves over the newest step's stage, and the last steps of all. */
  private void steps(List<WatchedRun.Step> steps, List<String> lines) {
    WatchedRun.Step newest = steps.get(steps.size() - 1);
    List<WatchedRun.Step> stage =
        steps.stream()
            .filter(s -> s.iteration() == newest.iteration() && s.stage().equals(newest.stage()))
            .toList();
    lines.add(
        "%d steps of %s, iteration %d".formatted(stage.size(), newest.stage(), newest.iteration()));
    curve("loss", stage, WatchedRun.Step::loss, lines);
    curve("reward", stage, WatchedRun.Step::reward, lines);
    lines.add("");
    lines.add(
        STEP.formatted(
            "stage",
            "step",
            "loss",
            "reward",
            "groups",
            "gradient",
            "kl",
            "entropy",
            "clipped",
            "gap",
            "tokens/s",
            "seconds",
            ""));
    steps
        .subList(Math.max(0, steps.size() - LAST_STEPS), steps.size())
        .forEach(step -> lines.add(step(step)));
  }

  private void curve(
      String name,
      List<WatchedRun.Step> steps,
      Function<WatchedRun.Step, Double> value,
      List<String> lines) {
    double[] values =
        steps.stream().map(value).mapToDouble(v -> v == null ? Double.NaN : v).toArray();
    double[] finite = Arrays.stream(values).filter(Double::isFinite).toArray();
    if (finite.length > 0) {
      lines.add(
          "%-7s %s  %s to %s"
              .formatted(
                  name,
                  new Sparkline(bars, CURVE).of(values),
                  number(Arrays.stream(finite).min().getAsDouble()),
                  number(Arrays.stream(finite).max().getAsDouble())));
    }
  }

  private static String step(WatchedRun.Step step) {
    String skipped =
        step.skipped() != null
            ? "skipped: " + step.skipped()
            : step.right() != null && step.right() == 0 ? "no sample is right" : "";
    return STEP.formatted(
        step.stage(),
        step.step(),
        number(step.loss()),
        number(step.reward()),
        step.groups() == null ? "-" : step.groupsUsed() + "/" + step.groups(),
        number(step.gradientNorm()),
        number(step.divergence()),
        number(step.entropy()),
        number(step.clipFraction()),
        number(step.samplerGap()),
        String.format(Locale.ROOT, "%.0f", step.tokens() / step.seconds()),
        String.format(Locale.ROOT, "%.1f", step.seconds()),
        skipped.length() > REASON ? skipped.substring(0, REASON - 3) + "..." : skipped);
  }

  private static String evaluation(WatchedRun.Evaluation evaluation) {
    return String.format(
        Locale.ROOT,
        "%s, %s: %d of %d right, %.1f %%, 95 %% interval %.1f to %.1f",
        evaluation.benchmark(),
        evaluation.version(),
        evaluation.right(),
        evaluation.questions(),
        100.0 * evaluation.right() / evaluation.questions(),
        100 * evaluation.interval().low(),
        100 * evaluation.interval().high());
  }

  private static String number(Double value) {
    if (value == null) {
      return "-";
    }
    double size = Math.abs(value);
    boolean plain = size == 0 || size >= 1e-3 && size < 1e4 || !Double.isFinite(size);
    return String.format(Locale.ROOT, plain ? "%.4f" : "%.1e", value);
  }

  private static String length(Duration time) {
    long seconds = Math.max(0, time.toSeconds());
    return seconds < 60
        ? seconds + " s"
        : seconds < 3600
            ? "%d min %d s".formatted(seconds / 60, seconds % 60)
            : "%d h %d min".formatted(seconds / 3600, seconds / 60 % 60);
  }
}
