package io.relook.model.text.jinja;

import java.time.Clock;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;

/** transformers' {@code strftime_now}: the local time in the form of C's strftime, in English. */
final class Strftime {
  private static final Map<String, String> FORMS =
      Map.ofEntries(
          Map.entry("a", "EEE"),
          Map.entry("A", "EEEE"),
          Map.entry("b", "MMM"),
          Map.entry("B", "MMMM"),
          Map.entry("h", "MMM"),
          Map.entry("c", "EEE MMM ppd HH:mm:ss yyyy"),
          Map.entry("d", "dd"),
          Map.entry("-d", "d"),
          Map.entry("e", "ppd"),
          Map.entry("D", "MM/dd/yy"),
          Map.entry("x", "MM/dd/yy"),
          Map.entry("F", "yyyy-MM-dd"),
          Map.entry("f", "SSSSSS"),
          Map.entry("H", "HH"),
          Map.entry("-H", "H"),
          Map.entry("I", "hh"),
          Map.entry("-I", "h"),
          Map.entry("j", "DDD"),
          Map.entry("m", "MM"),
          Map.entry("-m", "M"),
          Map.entry("M", "mm"),
          Map.entry("-M", "m"),
          Map.entry("p", "a"),
          Map.entry("r", "hh:mm:ss a"),
          Map.entry("R", "HH:mm"),
          Map.entry("S", "ss"),
          Map.entry("-S", "s"),
          Map.entry("T", "HH:mm:ss"),
          Map.entry("X", "HH:mm:ss"),
          Map.entry("u", "e"),
          Map.entry("y", "yy"),
          Map.entry("Y", "yyyy"),
          Map.entry("Z", "''"),
          Map.entry("z", "''"),
          Map.entry("n", "'\n'"),
          Map.entry("t", "'\t'"),
          Map.entry("%", "'%'"));

  private Strftime() {}

  static Text now(Clock clock, Text format) {
    LocalDateTime now = LocalDateTime.now(clock);
    Text.Builder out = Text.builder();
    for (int i = 0; i < format.length(); i++) {
      if (format.at(i) != '%') {
        out.add(format.points()[i]);
        continue;
      }
      int end = Math.min(format.length(), i + 2);
      if (end < format.length() && format.at(i + 1) == '-') {
        end++;
      }
      String directive = format.part(i + 1, end).toString();
      String form = FORMS.get(directive);
      if (form == null) {
        throw TemplateErrors.unsupported("'%%%s' of strftime_now".formatted(directive));
      }
      // Weeks of the root locale begin on Monday, as %u counts.
      Locale locale = directive.equals("u") ? Locale.ROOT : Locale.US;
      out.add(now.format(DateTimeFormatter.ofPattern(form, locale)));
      i = end - 1;
    }
    return out.build();
  }
}
