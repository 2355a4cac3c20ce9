package io.relook.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.report.AttentionCurves.Curve;
import io.relook.report.AttentionCurves.Estimate;
import io.relook.report.AttentionCurves.Span;
import io.relook.report.LookingTrace.Part;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;

final class TestTraceMeans {
  /** Ten tokens, 0.0 to 0.9, of which 4 and 5 are a reflection. */
  private static final LookingTrace TEN =
      trace(new double[] {0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9}, 4, 6);

  private static LookingTrace trace(double[] shares, int from, int to) {
    boolean[] reflection = new boolean[shares.length];
    for (int i = from; i < to; i++) {
      reflection[i] = true;
    }
    return new LookingTrace(shares, LookingTrace.even(4, 10, shares.length), reflection);
  }

  @Test
  void aTokenStandsInTheTenthOfItsRelativePosition() {
    assertArrayEquals(new int[] {3}, TEN.bin(3, 10).toArray());
    LookingTrace three = trace(new double[3], 0, 0);
    assertArrayEquals(new int[] {0}, three.bin(0, 10).toArray());
    assertArrayEquals(new int[] {1}, three.bin(3, 10).toArray(), "1 / 3");
    assertArrayEquals(new int[] {2}, three.bin(6, 10).toArray(), "2 / 3");
    assertArrayEquals(new int[] {}, three.bin(9, 10).toArray());
    LookingTrace longer = trace(new double[23], 0, 0);
    assertArrayEquals(new int[] {21, 22}, longer.bin(9, 10).toArray());
    assertEquals(23, IntStream.range(0, 10).mapToLong(b -> longer.bin(b, 10).count()).sum());
  }

  @Test
  void aReflectionHasAsManyTokensAroundIt() {
    assertArrayEquals(new int[] {2, 3}, TEN.part(Part.BEFORE).toArray());
    assertArrayEquals(new int[] {4, 5}, TEN.part(Part.INSIDE).toArray());
    assertArrayEquals(new int[] {6, 7}, TEN.part(Part.AFTER).toArray());
    LookingTrace atTheEnd = trace(new double[5], 1, 5);
    assertArrayEquals(new int[] {0}, atTheEnd.part(Part.BEFORE).toArray(), "fewer are there");
    assertArrayEquals(new int[] {}, atTheEnd.part(Part.AFTER).toArray());
    boolean[] twice = {false, true, true, false, true, false};
    LookingTrace another = new LookingTrace(new double[6], new double[6], twice);
    assertArrayEquals(new int[] {3}, another.part(Part.AFTER).toArray(), "4 is the next one's");
  }

  @Test
  void aQueryThatSpreadsEvenlyLooksAtThePictureByItsShareOfWhatItSees() {
    assertArrayEquals(new double[] {0.4, 4 / 11.0}, LookingTrace.even(4, 10, 2), 1e-12);
  }

  @Test
  void everyTraceCountsOnce() {
    LookingTrace slow = trace(new double[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0, 0);
    LookingTrace quick = trace(new double[] {1}, 0, 0);
    Curve curve = TraceMeans.curve(List.of(slow, quick));
    assertEquals(2, curve.traces());
    assertEquals(11, curve.tokens());
    assertEquals(0.5, curve.bins().get(0).mean());
    assertEquals(2, curve.bins().get(0).tokens());
    assertEquals(
        new Estimate(0.0, null, null, 1, 1), curve.bins().get(9), "the short one is not in");
    assertEquals(1, curve.drift().traces());
  }

  @Test
  void twoTracesAreTheEndsOfTheirInterval() {
    double[] twenty = new double[20];
    Arrays.fill(twenty, 0.5);
    twenty[18] = 0.25;
    twenty[19] = 0.125;
    LookingTrace one = trace(twenty, 0, 0);
    LookingTrace other = trace(new double[] {1, 1, 1, 1, 1, 1, 1, 1, 1, 0.0625}, 0, 0);
    Curve curve = TraceMeans.curve(List.of(one, other));
    assertEquals(new Estimate(0.75, 0.5, 1.0, 2, 3), curve.bins().get(0));
    assertEquals(new Estimate(0.125, 0.0625, 0.1875, 2, 3), curve.bins().get(9));
    assertEquals(new Estimate(-0.625, -0.9375, -0.3125, 2, 6), curve.drift());
    assertEquals(((0.4 + 4 / 11.0) / 2 + 0.4) / 2, curve.even().get(0), 1e-12);
  }

  @Test
  void aDifferenceIsOfTracesThatHaveBoth() {
    LookingTrace whole = trace(new double[] {0.5, 0.75, 1, 0.25, 0.125, 0}, 1, 3);
    LookingTrace atOnce = trace(new double[] {0.25, 0.5, 0.5}, 0, 1);
    Span span = TraceMeans.span(List.of(whole, atOnce));
    assertEquals(new Estimate(0.5, null, null, 1, 1), span.before());
    assertEquals(new Estimate((0.875 + 0.25) / 2, 0.25, 0.875, 2, 3), span.inside());
    assertEquals(new Estimate((0.1875 + 0.5) / 2, 0.1875, 0.5, 2, 3), span.after());
    assertEquals(new Estimate(0.375, null, null, 1, 3), span.insideLessBefore());
    assertEquals(new Estimate(-0.3125, null, null, 1, 3), span.afterLessBefore());
  }

  @Test
  void theSpansDifferenceIsOfEachTraceItself() {
    Span span = TraceMeans.span(List.of(TEN, TEN));
    assertEquals(0.25, span.before().mean(), 1e-12);
    assertEquals(0.45, span.inside().mean(), 1e-12);
    assertEquals(0.65, span.after().mean(), 1e-12);
    assertEquals(0.2, span.insideLessBefore().mean(), 1e-12);
    assertEquals(0.2, span.insideLessBefore().low(), 1e-12, "traces alike leave no doubt");
    assertNull(TraceMeans.span(List.of()).inside().mean());
  }

  @Test
  void theFigureIsWellFormedAndTellsItsValues() throws Exception {
    AttentionCurves.Policy policy = new AttentionCurves.Policy("<b>&\u0000", "r", "p");
    AttentionCurves.Result result =
        new AttentionCurves.Result(
            List.of(AttentionCurves.of(policy, 2, Map.of(), List.of(TEN, TEN))));
    String svg = result.svg();
    var document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
    assertEquals("svg", document.getDocumentElement().getTagName());
    assertTrue(svg.contains("inside: 0.4500 (95 % 0.4500 to 0.4500), traces: 2, tokens: 4"), svg);
    assertTrue(svg.contains("&lt;b&gt;&amp;"), "a name is text");
    assertEquals(10 + 10 + 1 + 10 + 10 + 1 + 5, result.figures().size());
  }
}
