package io.relook.jobs;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a reflection r tells of the right answer g and of the picture I, in nats a token, by the
 * policy itself (the paper names information gain and gives no formula; this one is our choice):
 *
 * <pre>
 * answer gain = (log p(g | I, x, s, r) − log p(g | I, x, s)) / |g|
 * visual gain = (log p(r | I, x, s) − log p(r | masked I, x, s)) / |r|
 * </pre>
 *
 * x is the question, s the reasoning before; masked is a picture of the same size in one colour,
 * the mean that pictures are normalised by, so that its pixels are about 0.
 */
final class InformationGain {
  private final GivenTokens tokens;

  /** {@code tokens} of the policy that judges. */
  InformationGain(GivenTokens tokens) {
    this.tokens = tokens;
  }

  /**
   * @param before the prompt with the reasoning: x and s
   * @param reflection with its tags
   * @param answerTag what stands before an answer
   * @param answer the right one, with what its first token holds of the tag; empty where it is not
   *     known
   */
  record Asked(
      String id,
      List<String> imageIds,
      int[] before,
      int[] reflection,
      int[] answerTag,
      int[] answer) {}

  /** Null where it could not be computed: no answer is known, or there is no picture. */
  record Gain(Double answer, Double visual) {
    static final Gain NONE = new Gain(null, null);
  }

  /** By id. */
  Map<String, Gain> of(List<Asked> all) {
    List<GivenTokens.Asked> rows = new ArrayList<>();
    for (Asked asked : all) {
      if (asked.answer.length > 0) {
        int[] without = join(asked.before, asked.answerTag);
        int[] with = join(asked.before, asked.reflection, asked.answerTag);
        rows.add(row(asked, "answer", false, without, asked.answer));
        rows.add(row(asked, "answer, told", false, with, asked.answer));
      }
      if (!asked.imageIds.isEmpty()) {
        rows.add(row(asked, "reflection", false, asked.before, asked.reflection));
        rows.add(row(asked, "reflection, blind", true, asked.before, asked.reflection));
      }
    }
    Map<String, double[]> scores = tokens.logProbs(rows);
    Map<String, Gain> gains = new HashMap<>();
    for (Asked asked : all) {
      gains.put(
          asked.id,
          new Gain(
              difference(scores, asked.id, "answer, told", "answer"),
              difference(scores, asked.id, "reflection", "reflection, blind")));
    }
    return gains;
  }

  private static Double difference(
      Map<String, double[]> scores, String id, String more, String less) {
    double[] a = scores.get(id + " " + more);
    double[] b = scores.get(id + " " + less);
    return a == null || b == null
        ? null
        : (DoubleStream.of(a).sum() - DoubleStream.of(b).sum()) / a.length;
  }

  private static GivenTokens.Asked row(
      Asked asked, String what, boolean masked, int[] prompt, int[] completion) {
    return new GivenTokens.Asked(asked.id + " " + what, asked.imageIds, masked, prompt, completion);
  }

  private static int[] join(int[]... parts) {
    return Stream.of(parts).flatMapToInt(IntStream::of).toArray();
  }
}
