package io.relook.report;

import io.relook.report.AttentionCurves.Curve;
import io.relook.report.AttentionCurves.Curves;
import io.relook.report.AttentionCurves.Estimate;
import io.relook.report.AttentionCurves.Result;
import io.relook.report.AttentionCurves.Span;
import java.math.BigDecimal;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Attention curves as SVG, a panel a policy: the traces' tenths on the left, the reflection and
 * what stands around it on the right, on one scale that begins at 0. Every value tells itself when
 * it is pointed at.
 */
final class AttentionFigure {
  private static final int PANEL_WIDTH = 580;
  private static final int PANEL_HEIGHT = 330;
  private static final int HEAD = 64;
  private static final int LEFT = 60;
  private static final int TOP = 66;
  private static final int HEIGHT = 210;
  private static final int CURVES = 320;
  private static final int SPAN_LEFT = LEFT + CURVES + 30;
  private static final int SPAN = 150;

  private static final String WITHOUT = "#0b62a4";
  private static final String WITH = "#c14a09";
  private static final String AROUND = "#1b7f3b";

  private final StringBuilder out = new StringBuilder();
  private final double step;
  private final double top;

  private AttentionFigure(Result result) {
    double most =
        result.policies().stream()
            .flatMap(AttentionFigure::values)
            .filter(Objects::nonNull)
            .mapToDouble(Double::doubleValue)
            .max()
            .orElse(0);
    this.step = step(most);
    this.top = step * Math.max(1, Math.ceil(most / step - 1e-9));
  }

  static String of(Result result) {
    return new AttentionFigure(result).draw(result.policies());
  }

  private static Stream<Double> values(Curves curves) {
    Span span = curves.span();
    return Stream.concat(
        Stream.of(curves.without(), curves.with())
            .flatMap(
                c ->
                    Stream.concat(
                        c.even().stream(), c.bins().stream().flatMap(AttentionFigure::ends))),
        Stream.of(span.before(), span.inside(), span.after()).flatMap(AttentionFigure::ends));
  }

  private static Stream<Double> ends(Estimate estimate) {
    return Stream.of(estimate.mean(), estimate.high());
  }

  /** 1, 2 or 5 times a power of ten, so that there are at most five steps. */
  private static double step(double most) {
    double power = Math.pow(10, Math.floor(Math.log10(Math.max(most, 1e-6) / 5)));
    for (double factor : new double[] {1, 2, 5}) {
      if (most / (factor * power) <= 5) {
        return factor * power;
      }
    }
    return 10 * power;
  }

  private String draw(List<Curves> policies) {
    int columns = Math.max(1, Math.min(2, policies.size()));
    int width = columns * PANEL_WIDTH;
    int height = HEAD + (policies.size() + columns - 1) / columns * PANEL_HEIGHT;
    add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#1b2129\">",
        width, height, width, height);
    add("<title>Attention to picture tokens over relative position</title>");
    add("<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>", width, height);
    legend();
    for (int i = 0; i < policies.size(); i++) {
      add(
          "<g transform=\"translate(%d %d)\">",
          i % columns * PANEL_WIDTH, HEAD + i / columns * PANEL_HEIGHT);
      panel(policies.get(i));
      add("</g>");
    }
    add("</svg>");
    return out.toString();
  }

  private void legend() {
    add("<g class=\"legend\">");
    key(LEFT, 20, "without", WITHOUT, "traces without a reflection");
    key(LEFT + 210, 20, "with", WITH, "traces with one");
    key(LEFT, 42, "span", AROUND, "the reflection, and as many tokens around it");
    add("<path d=\"M%d,42h24\" stroke=\"#5b6673\" stroke-dasharray=\"3 3\"/>", LEFT + 320);
    text(LEFT + 350, 46, "start", "attention spread evenly");
    add("</g>");
  }

  private void key(int x, int y, String kind, String colour, String said) {
    add("<path d=\"M%d,%dh24\" stroke=\"%s\" stroke-width=\"2\"/>", x, y, colour);
    add("<circle cx=\"%d\" cy=\"%d\" r=\"4\" %s/>", x + 12, y, marker(kind, colour));
    text(x + 30, y + 4, "start", said);
  }

  /** Full or hollow, so that the lines differ without their colours too. */
  private static String marker(String kind, String colour) {
    return "fill=\"%s\" stroke=\"%s\" stroke-width=\"2\""
        .formatted(kind.equals("with") ? "#ffffff" : colour, colour);
  }

  private void panel(Curves curves) {
    add(
        "<text x=\"%d\" y=\"18\" font-size=\"14\" font-weight=\"bold\">%s</text>",
        LEFT, escaped(curves.policy().name()));
    text(
        LEFT,
        36,
        "start",
        counts("without", curves.without()) + "; " + counts("with", curves.with()));
    axes();
    curve("without", "without a reflection", WITHOUT, curves.without());
    curve("with", "with a reflection", WITH, curves.with());
    span(curves.span());
  }

  private static String counts(String name, Curve curve) {
    return String.format(
        Locale.ROOT, "%s: %,d traces, %,d tokens", name, curve.traces(), curve.tokens());
  }

  private void axes() {
    for (int i = 0; i * step <= top * (1 + 1e-9); i++) {
      double y = y(i * step);
      add(
          "<path d=\"M%d,%.2fh%d M%d,%.2fh%d\" stroke=\"#d9dde3\"/>",
          LEFT, y, CURVES, SPAN_LEFT, y, SPAN);
      text(LEFT - 6, y + 4, "end", label(i * step));
    }
    for (int i = 0; i <= 5; i++) {
      text(LEFT + i * CURVES / 5.0, TOP + HEIGHT + 18, "middle", label(i / 5.0));
    }
    text(LEFT + CURVES / 2.0, TOP + HEIGHT + 38, "middle", "relative position of the token");
    add(
        "<text transform=\"translate(16 %d) rotate(-90)\" text-anchor=\"middle\">share of attention on picture tokens</text>",
        TOP + HEIGHT / 2);
    List<String> parts = List.of("before", "inside", "after");
    for (int i = 0; i < parts.size(); i++) {
      text(around(i), TOP + HEIGHT + 18, "middle", parts.get(i));
    }
    text(SPAN_LEFT + SPAN / 2.0, TOP + HEIGHT + 38, "middle", "the reflection");
  }

  private void curve(String kind, String said, String colour, Curve curve) {
    List<Estimate> bins = curve.bins();
    List<Integer> banded =
        IntStream.range(0, bins.size()).boxed().filter(i -> bins.get(i).low() != null).toList();
    if (!banded.isEmpty()) {
      String highs = points(banded, i -> bins.get(i).high());
      List<Integer> back = banded.stream().sorted(Comparator.reverseOrder()).toList();
      String lows = points(back, i -> bins.get(i).low());
      add("<polygon points=\"%s %s\" fill=\"%s\" fill-opacity=\"0.15\"/>", highs, lows, colour);
    }
    List<Integer> known =
        IntStream.range(0, bins.size()).boxed().filter(i -> bins.get(i).mean() != null).toList();
    add(
        "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-dasharray=\"3 3\"/>",
        points(known, curve.even()::get), colour);
    add(
        "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>",
        points(known, i -> bins.get(i).mean()), colour);
    for (int i : known) {
      value(kind, colour, x(i), bins.get(i), said + ", " + Result.place(i));
    }
  }

  private interface Height {
    Double of(int bin);
  }

  private String points(List<Integer> bins, Height height) {
    return bins.stream()
        .map(i -> String.format(Locale.ROOT, "%.2f,%.2f", x(i), y(height.of(i))))
        .collect(Collectors.joining(" "));
  }

  private void span(Span span) {
    List<Estimate> parts = List.of(span.before(), span.inside(), span.after());
    List<String> names = List.of("before", "inside", "after");
    for (int i = 0; i < parts.size(); i++) {
      Estimate part = parts.get(i);
      if (part.low() != null) {
        add(
            "<path d=\"M%.2f,%.2fV%.2f\" stroke=\"%s\" stroke-width=\"2\"/>",
            around(i), y(part.low()), y(part.high()), AROUND);
      }
      if (part.mean() != null) {
        value("span", AROUND, around(i), part, names.get(i));
      }
    }
  }

  private void value(String kind, String colour, double x, Estimate value, String place) {
    String interval =
        value.low() == null
            ? ""
            : String.format(Locale.ROOT, " (95 %% %.4f to %.4f)", value.low(), value.high());
    add(
        "<circle class=\"%s\" cx=\"%.2f\" cy=\"%.2f\" r=\"4\" %s><title>%s: %.4f%s, traces: %d, tokens: %d</title></circle>",
        kind,
        x,
        y(value.mean()),
        marker(kind, colour),
        place,
        value.mean(),
        interval,
        value.traces(),
        value.tokens());
  }

  /** The middle of a bin. */
  private static double x(int bin) {
    return LEFT + CURVES * (bin + 0.5) / AttentionCurves.BINS;
  }

  private static double around(int part) {
    return SPAN_LEFT + SPAN * (part + 0.5) / 3;
  }

  private double y(double share) {
    return TOP + HEIGHT * (1 - share / top);
  }

  private static String label(double value) {
    return new BigDecimal(String.format(Locale.ROOT, "%.6g", value))
        .stripTrailingZeros()
        .toPlainString();
  }

  private void text(double x, double y, String anchor, String text) {
    add("<text x=\"%.2f\" y=\"%.2f\" text-anchor=\"%s\">%s</text>", x, y, anchor, escaped(text));
  }

  private void add(String format, Object... values) {
    out.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  /** What XML has no character for is U+FFFD. */
  private static String escaped(String text) {
    return text.replaceAll("[^\\t\\n\\r -\\uD7FF\\uE000-\\uFFFD\\x{10000}-\\x{10FFFF}]", "\uFFFD")
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;");
  }
}
