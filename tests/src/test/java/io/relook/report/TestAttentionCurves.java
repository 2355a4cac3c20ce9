package io.relook.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import io.relook.report.AttentionCurves.Curve;
import io.relook.report.AttentionCurves.Curves;
import io.relook.report.AttentionCurves.Estimate;
import io.relook.report.AttentionCurves.Policy;
import io.relook.report.AttentionCurves.Result;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Curves of the embedded policy on traces that are written by hand, in a run's evaluation. */
class TestAttentionCurves {
  private static final String PLAIN = "I count the shapes one by one. <answer>2</answer>";
  private static final String LOOKS =
      "One, two things. <reflection>Look, é 😀 again.</reflection> Two of them. <answer>2</answer>";
  private static final int HEADS = 6 * 4;

  @TempDir private static Path folder;

  private static ReportedRun run;
  private static Lakehouse lakehouse;
  private static Result result;
  private static final AtomicLong COMPUTED = new AtomicLong();

  private static final Policy POLICY = new Policy("base", "r", "r/0/base/0");

  @BeforeAll
  static void look() {
    run = ReportedRun.unpacked(folder);
    lakehouse = Lakehouse.open(TestSession.spark(), folder.resolve("lakehouse").toString());
    lakehouse.merge(
        Table.CHECKPOINTS,
        List.of(
            Rows.CHECKPOINT.toRow(
                new Rows.CheckpointRow(
                    POLICY.policyVersion(),
                    "r",
                    0,
                    "base",
                    0,
                    run.base().toString(),
                    null,
                    null,
                    Instant.parse("2026-01-02T03:04:05Z"),
                    null,
                    null))));
    lakehouse.merge(
        Table.IMAGES, List.of(Rows.IMAGE.toRow(new Rows.Image("i", run.scene().png(), 224, 224))));
    List<Row> rows = new ArrayList<>();
    rows.add(trajectory("t5", "q1", "evaluation", run.completion(PLAIN), "i"));
    rows.add(trajectory("t4", "q2", "evaluation", run.completion(LOOKS), "i"));
    rows.add(trajectory("t3", "q3", "evaluation", run.completion(PLAIN + " It is so."), "i"));
    rows.add(trajectory("t2", "q4", "evaluation", run.completion(PLAIN), "lost"));
    rows.add(trajectory("t1", "q5", "evaluation", new int[0], "i"));
    rows.add(trajectory("t0", "q6", "evaluation", run.completion("Beyond the most."), "i"));
    rows.add(trajectory("rl", "q1", "rl", run.completion(PLAIN), "i"));
    lakehouse.merge(Table.TRAJECTORIES, rows);
    result = curves(4);
  }

  private static Result curves(int most) {
    return new AttentionCurves(lakehouse, 1, most).run(List.of(POLICY), COMPUTED::set);
  }

  private static Row trajectory(
      String id, String query, String phase, int[] completion, String image) {
    return Rows.TRAJECTORY.toRow(
        new Rows.Trajectory(
            id,
            "r",
            1,
            phase,
            0,
            query,
            0,
            POLICY.policyVersion(),
            null,
            IntStream.of(run.prompt().ids()).boxed().toList(),
            IntStream.of(completion).boxed().toList(),
            IntStream.of(completion).mapToObj(i -> -0.5f).toList(),
            run.text().decode(completion, true),
            "stop",
            null,
            0.0,
            96,
            List.of(image),
            run.text().fingerprint() + ":12544-50176:bicubic"));
  }

  private static Curves curves() {
    return result.policies().get(0);
  }

  @Test
  void everyTokenIsInOneTenth() {
    Curve without = curves().without();
    Curve with = curves().with();
    int plain = run.completion(PLAIN).length + run.completion(PLAIN + " It is so.").length;
    assertEquals(List.of(2, 1), List.of(without.traces(), with.traces()));
    assertEquals(plain, without.tokens());
    assertEquals(plain, without.bins().stream().mapToLong(Estimate::tokens).sum());
    assertEquals(
        run.completion(LOOKS).length, with.bins().stream().mapToLong(Estimate::tokens).sum());
    for (Curve curve : List.of(without, with)) {
      for (int bin = 0; bin < AttentionCurves.BINS; bin++) {
        double mean = curve.bins().get(bin).mean();
        assertTrue(mean > 0 && mean < 1, "share " + mean);
        double even = curve.even().get(bin);
        assertTrue(even > 0 && even < 1, "even share " + even);
        assertTrue(bin == 0 || even < curve.even().get(bin - 1), "more is seen later");
      }
    }
  }

  @Test
  void theSpanIsTheTokensOfTheReflectionWithItsTags() {
    int[] ids = run.completion(LOOKS);
    boolean[] within = new TokenPieces(run.text()).reflection(IntStream.of(ids).boxed().toList());
    int[] inside = IntStream.range(0, ids.length).filter(i -> within[i]).toArray();
    int[] said = Arrays.copyOfRange(ids, inside[0], inside[inside.length - 1] + 1);
    assertEquals(inside.length, said.length, "the tokens lie side by side");
    assertEquals(
        "<reflection>Look, é 😀 again.</reflection>", run.text().decode(said, false).strip());
    assertEquals(inside.length, curves().span().inside().tokens());
    assertEquals(
        Math.min(inside.length, inside[0]), curves().span().before().tokens(), "what is there");
  }

  @Test
  void theTableHasEachHeadAndTheMeanOfItsRowsIsTheCurve() {
    List<Row> rows =
        lakehouse
            .read(Table.ATTENTION)
            .where("trajectory_id = 't4'")
            .orderBy("layer", "head")
            .collectAsList();
    assertEquals(HEADS, rows.size());
    double[] mean = new double[run.completion(LOOKS).length];
    for (Row row : rows) {
      List<Float> shares = Rows.ATTENTION.fromRow(row).shares();
      for (int i = 0; i < mean.length; i++) {
        assertTrue(shares.get(i) >= 0 && shares.get(i) < 1.0001, "a share");
        mean[i] += (double) shares.get(i) / HEADS;
      }
    }
    double[] tenths = new double[AttentionCurves.BINS];
    int[] tokens = new int[AttentionCurves.BINS];
    for (int i = 0; i < mean.length; i++) {
      int tenth = i * AttentionCurves.BINS / mean.length;
      tenths[tenth] += mean[i];
      tokens[tenth]++;
    }
    assertArrayEquals(
        IntStream.range(0, tenths.length).mapToDouble(i -> tenths[i] / tokens[i]).toArray(),
        curves().with().bins().stream().mapToDouble(Estimate::mean).toArray(),
        1e-9);
  }

  @Test
  void whatCannotBeLookedAtIsTold() {
    assertEquals(6, curves().evaluated());
    assertEquals(
        Map.of("It has an error, no tokens or no picture.", 1, "The table images has no lost.", 1),
        curves().leftOut());
    assertEquals(0, lakehouse.read(Table.ATTENTION).where("trajectory_id IN ('t0', 'rl')").count());
  }

  @Test
  void rowsThatAreThereAreNotComputedAgainUnlessTheyAreIncomplete() {
    Lakehouse own = Lakehouse.open(TestSession.spark(), folder.resolve("own").toString());
    for (Table table : List.of(Table.CHECKPOINTS, Table.IMAGES)) {
      own.merge(table, lakehouse.read(table));
    }
    own.merge(
        Table.TRAJECTORIES,
        lakehouse.read(Table.TRAJECTORIES).where("trajectory_id IN ('t3', 't4', 't5')"));
    own.merge(
        Table.ATTENTION,
        lakehouse
            .read(Table.ATTENTION)
            .where("trajectory_id <> 't5' OR layer < 3")
            .withColumn("shares", functions.expr("transform(shares, s -> CAST(0.25 AS FLOAT))")));
    COMPUTED.set(0);
    Curves again =
        new AttentionCurves(own, 1, 4).run(List.of(POLICY), COMPUTED::set).policies().get(0);
    assertEquals(1, COMPUTED.get(), "t5 alone");
    assertEquals(0.25, again.with().bins().get(0).mean(), 1e-12);
    assertNotEquals(0.25, again.without().bins().get(0).mean(), 1e-3);
    assertEquals(HEADS, own.read(Table.ATTENTION).where("trajectory_id = 't5'").count());
    COMPUTED.set(0);
    Result third = new AttentionCurves(own, 1, 4).run(List.of(POLICY), COMPUTED::set);
    assertEquals(0, COMPUTED.get());
    assertEquals(again, third.policies().get(0), "the same numbers from the rows");
  }

  @Test
  void policiesThatWereNotEvaluatedAreTold() {
    RelookException error =
        assertThrows(
            RelookException.class,
            () ->
                new AttentionCurves(lakehouse, 1, 4)
                    .run(
                        List.of(POLICY, new Policy("a", "s", "v"), new Policy("b", "r", "w")),
                        done -> {}));
    assertTrue(error.getMessage().contains("run s, policy v; run r, policy w"));
  }
}
