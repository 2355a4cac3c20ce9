package io.relook.report;

import static org.apache.spark.sql.functions.col;

import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.checkpoint.ModelConfig;
import io.relook.model.text.TextProcessor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Attention to picture tokens over relative position, of policies' evaluation traces without and
 * with a reflection → {@code attention}. Computed in float32 with the policy that sampled the
 * trace; rows that are there already are not computed again. A value is the mean over traces of
 * each trace's mean, every trace counting once (our choice), with the 95 % bootstrap interval over
 * traces.
 */
public final class AttentionCurves {
  /** Parts of a trace that a curve has a value for. */
  public static final int BINS = 10;

  /** A commit holds about so many shares. */
  private static final long SHARES_A_COMMIT = 2_000_000;

  /** A policy by the name that the figure shows, and the run whose evaluation is looked at. */
  public record Policy(String name, String runId, String policyVersion) {}

  /**
   * A mean over traces.
   *
   * @param mean null where there is no trace
   * @param low null where there are fewer than two traces, as {@code high}
   * @param tokens those of the traces that are in it
   */
  public record Estimate(Double mean, Double low, Double high, int traces, long tokens) {}

  /**
   * Some of a policy's traces.
   *
   * @param bins tenths of the traces, in order; a trace of fewer than ten tokens is not in all
   * @param even what {@code bins} would be if attention were spread evenly over all tokens seen
   * @param drift the last tenth less the first, of traces that have both
   */
  public record Curve(
      int traces, long tokens, List<Estimate> bins, List<Double> even, Estimate drift) {}

  /**
   * The first reflection of each trace that has one, the tags included, and as many tokens before
   * it and behind it, fewer where there are fewer.
   *
   * @param insideLessBefore of traces that have both, as {@code afterLessBefore}
   */
  public record Span(
      Estimate before,
      Estimate inside,
      Estimate after,
      Estimate insideLessBefore,
      Estimate afterLessBefore) {}

  /**
   * A policy's curves.
   *
   * @param evaluated trajectories that the run's evaluation of the policy has
   * @param leftOut how many of them could not be looked at, by the reason
   */
  public record Curves(
      Policy policy,
      long evaluated,
      Map<String, Integer> leftOut,
      Curve without,
      Curve with,
      Span span) {}

  /** A value by its place: a row for a table or a file. */
  public record Figure(
      String policy,
      String curve,
      String place,
      Double mean,
      Double low,
      Double high,
      int traces,
      long tokens) {}

  /** Of each policy, in the order in which they were asked for. */
  public record Result(List<Curves> policies) {
    public Result {
      policies = List.copyOf(policies);
    }

    /** A figure that needs nothing else. */
    public String svg() {
      return AttentionFigure.of(this);
    }

    /** Every value of the curves, as rows. */
    public List<Figure> figures() {
      List<Figure> figures = new ArrayList<>();
      for (Curves curves : policies) {
        String name = curves.policy.name;
        add(figures, name, "without reflection", curves.without);
        add(figures, name, "with reflection", curves.with);
        figures.add(figure(name, "span", "before", curves.span.before));
        figures.add(figure(name, "span", "inside", curves.span.inside));
        figures.add(figure(name, "span", "after", curves.span.after));
        figures.add(figure(name, "span", "inside less before", curves.span.insideLessBefore));
        figures.add(figure(name, "span", "after less before", curves.span.afterLessBefore));
      }
      return figures;
    }

    private static void add(List<Figure> figures, String policy, String name, Curve curve) {
      for (int bin = 0; bin < BINS; bin++) {
        figures.add(figure(policy, name, place(bin), curve.bins.get(bin)));
        figures.add(
            new Figure(
                policy,
                name + ", spread evenly",
                place(bin),
                curve.even.get(bin),
                null,
                null,
                curve.bins.get(bin).traces,
                curve.bins.get(bin).tokens));
      }
      figures.add(figure(policy, name, "last tenth less first", curve.drift));
    }

    private static Figure figure(String policy, String curve, String place, Estimate value) {
      return new Figure(
          policy, curve, place, value.mean, value.low, value.high, value.traces, value.tokens);
    }

    /** A bin's ends. */
    static String place(int bin) {
      return "%d to %d %%".formatted(bin * 100 / BINS, (bin + 1) * 100 / BINS);
    }
  }

  private record Chosen(Policy policy, long evaluated, long usable, List<Rows.Trajectory> rows) {}

  private final Lakehouse lakehouse;
  private final int threads;
  private final int most;

  /**
   * @param threads of the engine
   * @param most trajectories a policy: those first by question and sample, so that policies are
   *     compared on the same questions
   */
  public AttentionCurves(Lakehouse lakehouse, int threads, int most) {
    this.lakehouse = lakehouse;
    this.threads = threads;
    this.most = most;
  }

  /** {@code progress} hears how many trajectories were computed so far, of all policies. */
  public Result run(List<Policy> policies, LongConsumer progress) {
    lakehouse.spark().sparkContext().setJobGroup("attention", "attention curves", false);
    List<Chosen> chosen = policies.stream().map(this::chosen).toList();
    List<String> missing =
        chosen.stream()
            .filter(c -> c.rows.isEmpty())
            .map(c -> "run %s, policy %s".formatted(c.policy.runId, c.policy.policyVersion))
            .toList();
    if (!missing.isEmpty()) {
      throw ReportErrors.notEvaluated(missing);
    }
    RunPolicies checkpoints = new RunPolicies(lakehouse.read(Table.CHECKPOINTS));
    AtomicLong done = new AtomicLong();
    Runnable computed = () -> progress.accept(done.incrementAndGet());
    return new Result(chosen.stream().map(c -> curves(c, checkpoints, computed)).toList());
  }

  private Chosen chosen(Policy policy) {
    Dataset<Row> all =
        lakehouse
            .read(Table.TRAJECTORIES)
            .where(
                col("run_id")
                    .equalTo(policy.runId)
                    .and(col("phase").equalTo(Phase.EVALUATION.word()))
                    .and(col("policy_version").equalTo(policy.policyVersion)));
    Dataset<Row> usable =
        all.where("finish <> 'error' AND size(completion_ids) > 0 AND size(image_ids) > 0");
    List<Rows.Trajectory> rows =
        usable.orderBy("query_id", "sample", "trajectory_id").limit(most).collectAsList().stream()
            .map(Rows.TRAJECTORY::fromRow)
            .toList();
    return new Chosen(policy, all.count(), usable.count(), rows);
  }

  private Curves curves(Chosen chosen, RunPolicies checkpoints, Runnable computed) {
    Map<String, Integer> leftOut = new TreeMap<>();
    if (chosen.usable < chosen.evaluated) {
      leftOut.put(
          "It has an error, no tokens or no picture.", (int) (chosen.evaluated - chosen.usable));
    }
    List<LookingTrace> traces = new ArrayList<>();
    try (Checkpoint checkpoint = checkpoints.open(chosen.policy.policyVersion);
        TextProcessor text = TextProcessor.load(checkpoint.folder())) {
      Map<String, double[]> shares = shares(chosen.rows, checkpoint, leftOut, computed);
      TokenPieces pieces = new TokenPieces(text);
      int picture = text.pictureTokenId();
      for (Rows.Trajectory t : chosen.rows) {
        if (shares.containsKey(t.trajectoryId())) {
          traces.add(
              new LookingTrace(
                  shares.get(t.trajectoryId()),
                  LookingTrace.even(
                      Collections.frequency(t.promptIds(), picture),
                      t.promptIds().size(),
                      t.completionIds().size()),
                  pieces.reflection(t.completionIds())));
        }
      }
    }
    return of(chosen.policy, chosen.evaluated, leftOut, traces);
  }

  /** What the table has, and the rest computed; one that cannot be says why in {@code leftOut}. */
  private Map<String, double[]> shares(
      List<Rows.Trajectory> rows,
      Checkpoint checkpoint,
      Map<String, Integer> leftOut,
      Runnable computed) {
    ModelConfig.Text config = checkpoint.config().text();
    int heads = config.layers() * config.heads();
    HeadMeans there = read(rows);
    Map<String, double[]> shares = new TreeMap<>();
    List<Rows.Trajectory> open = new ArrayList<>();
    for (Rows.Trajectory t : rows) {
      there
          .of(t.trajectoryId(), heads, t.completionIds().size())
          .ifPresentOrElse(mean -> shares.put(t.trajectoryId(), mean), () -> open.add(t));
    }
    if (!open.isEmpty()) {
      HeadMeans means = compute(open, checkpoint, leftOut, computed);
      open.forEach(
          t -> means.of(t.trajectoryId()).ifPresent(mean -> shares.put(t.trajectoryId(), mean)));
    }
    return shares;
  }

  private HeadMeans read(List<Rows.Trajectory> rows) {
    HeadMeans means = new HeadMeans();
    lakehouse
        .read(Table.ATTENTION)
        .where(
            col("trajectory_id")
                .isInCollection(
                    rows.stream().map(Rows.Trajectory::trajectoryId).collect(Collectors.toSet())))
        .orderBy("trajectory_id", "layer", "head")
        .toLocalIterator()
        .forEachRemaining(row -> means.add(Rows.ATTENTION.fromRow(row)));
    return means;
  }

  private HeadMeans compute(
      List<Rows.Trajectory> rows,
      Checkpoint checkpoint,
      Map<String, Integer> leftOut,
      Runnable computed) {
    HeadMeans means = new HeadMeans();
    Map<String, Rows.Image> images = images(rows);
    List<Row> pending = new ArrayList<>();
    long shares = 0;
    try (PolicyProbe probe = new PolicyProbe(checkpoint, threads)) {
      for (Rows.Trajectory t : rows) {
        try {
          for (Rows.Attention head : probe.heads(t, images)) {
            means.add(head);
            pending.add(Rows.ATTENTION.toRow(head));
            shares += head.shares().size();
          }
        } catch (RelookException e) {
          leftOut.merge(e.getMessage(), 1, Integer::sum);
        }
        computed.run();
        if (shares >= SHARES_A_COMMIT) {
          lakehouse.replace(Table.ATTENTION, pending);
          pending.clear();
          shares = 0;
        }
      }
    }
    lakehouse.replace(Table.ATTENTION, pending);
    return means;
  }

  private Map<String, Rows.Image> images(List<Rows.Trajectory> rows) {
    Set<String> ids = new HashSet<>();
    rows.forEach(t -> ids.addAll(t.imageIds()));
    Map<String, Rows.Image> images = new TreeMap<>();
    lakehouse
        .read(Table.IMAGES)
        .where(col("image_id").isInCollection(ids))
        .collectAsList()
        .forEach(row -> images.put(row.getAs("image_id"), Rows.IMAGE.fromRow(row)));
    return images;
  }

  /** Of traces whose shares are known. */
  static Curves of(
      Policy policy, long evaluated, Map<String, Integer> leftOut, List<LookingTrace> traces) {
    Map<Boolean, List<LookingTrace>> reflect =
        traces.stream().collect(Collectors.partitioningBy(LookingTrace::reflects));
    return new Curves(
        policy,
        evaluated,
        leftOut,
        TraceMeans.curve(reflect.get(false)),
        TraceMeans.curve(reflect.get(true)),
        TraceMeans.span(reflect.get(true)));
  }
}
