package io.relook.report;

import io.relook.report.AttentionCurves.Curve;
import io.relook.report.AttentionCurves.Estimate;
import io.relook.report.AttentionCurves.Span;
import io.relook.report.LookingTrace.Part;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/** Means over traces of each trace's mean over some of its tokens. */
final class TraceMeans {
  private static final int BINS = AttentionCurves.BINS;

  /** Which of a trace's tokens count. */
  private interface Tokens {
    IntStream of(LookingTrace trace);
  }

  private TraceMeans() {}

  static Curve curve(List<LookingTrace> traces) {
    List<Estimate> bins = new ArrayList<>();
    List<Double> even = new ArrayList<>();
    for (int i = 0; i < BINS; i++) {
      int bin = i;
      bins.add(mean(traces, t -> t.bin(bin, BINS)));
      OptionalDouble spread =
          traces.stream().flatMapToDouble(t -> t.evenShare(t.bin(bin, BINS)).stream()).average();
      even.add(spread.isPresent() ? spread.getAsDouble() : null);
    }
    return new Curve(
        traces.size(),
        traces.stream().mapToLong(LookingTrace::tokens).sum(),
        bins,
        even,
        difference(traces, t -> t.bin(BINS - 1, BINS), t -> t.bin(0, BINS)));
  }

  static Span span(List<LookingTrace> traces) {
    Tokens before = t -> t.part(Part.BEFORE);
    Tokens inside = t -> t.part(Part.INSIDE);
    Tokens after = t -> t.part(Part.AFTER);
    return new Span(
        mean(traces, before),
        mean(traces, inside),
        mean(traces, after),
        difference(traces, inside, before),
        difference(traces, after, before));
  }

  private static Estimate mean(List<LookingTrace> traces, Tokens tokens) {
    List<Double> values = new ArrayList<>();
    long count = 0;
    for (LookingTrace trace : traces) {
      trace.share(tokens.of(trace)).ifPresent(values::add);
      count += tokens.of(trace).count();
    }
    return estimate(values, count);
  }

  /** Of traces that have both. */
  private static Estimate difference(List<LookingTrace> traces, Tokens tokens, Tokens less) {
    List<Double> values = new ArrayList<>();
    long count = 0;
    for (LookingTrace trace : traces) {
      OptionalDouble first = trace.share(tokens.of(trace));
      OptionalDouble second = trace.share(less.of(trace));
      if (first.isPresent() && second.isPresent()) {
        values.add(first.getAsDouble() - second.getAsDouble());
        count += tokens.of(trace).count() + less.of(trace).count();
      }
    }
    return estimate(values, count);
  }

  private static Estimate estimate(List<Double> values, long tokens) {
    double[] all = values.stream().mapToDouble(Double::doubleValue).toArray();
    if (all.length == 0) {
      return new Estimate(null, null, null, 0, 0);
    }
    double mean = Arrays.stream(all).average().orElseThrow();
    if (all.length == 1) {
      return new Estimate(mean, null, null, 1, tokens);
    }
    Bootstrap interval = Bootstrap.of(all);
    return new Estimate(mean, interval.low(), interval.high(), all.length, tokens);
  }
}
