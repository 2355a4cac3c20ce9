package io.relook.model.text.jinja;

import java.time.Clock;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * transformers' {@code strftime_now}: the local time in the form of glibc's strftime in the C
 * locale, with its flags {@code - _ 0 ^ #}.
 */
final class Strftime {
  private static final Pattern DIRECTIVE = Pattern.compile("%([-_0^#]*)[EO]?(.)", Pattern.DOTALL);

  private static final int LONGEST = 16;

  /** Those that stand for several others. */
  private static final Map<String, String> COMPOUND =
      Map.of(
          "c", "%a %b %e %H:%M:%S %Y",
          "D", "%m/%d/%y",
          "x", "%m/%d/%y",
          "F", "%Y-%m-%d",
          "R", "%H:%M",
          "T", "%H:%M:%S",
          "X", "%H:%M:%S",
          "r", "%I:%M:%S %p");

  private static final Map<String, String> NAMES =
      Map.of("a", "EEE", "A", "EEEE", "b", "MMM", "h", "MMM", "B", "MMMM", "p", "a", "P", "a");

  private final LocalDateTime now;
  private final Clock clock;

  private Strftime(Clock clock) {
    this.now = LocalDateTime.now(clock);
    this.clock = clock;
  }

  static Text now(Clock clock, Text format) {
    return new Strftime(clock).formatted(format);
  }

  private Text formatted(Text format) {
    Text.Builder out = Text.builder();
    for (int i = 0; i < format.length(); i++) {
      Matcher directive =
          DIRECTIVE.matcher(
              format.at(i) == '%'
                  ? format.part(i, Math.min(i + LONGEST, format.length())).toString()
                  : "");
      String shown = directive.lookingAt() ? shown(directive.group(1), directive.group(2)) : null;
      if (shown == null) {
        out.add(format.points()[i]);
      } else {
        out.add(shown);
        i += directive.end() - 1;
      }
    }
    return out.build();
  }

  /** What a directive stands for; null where it is none, and stays as it is. */
  private String shown(String flags, String directive) {
    if (flags.isEmpty() && COMPOUND.containsKey(directive)) {
      return formatted(Text.of(COMPOUND.get(directive))).toString();
    }
    if (NAMES.containsKey(directive)) {
      return name(flags, directive);
    }
    int week = now.getDayOfWeek().getValue() % 7;
    return switch (directive) {
      case "C" -> number(flags, now.getYear() / 100, 2, '0');
      case "d" -> number(flags, now.getDayOfMonth(), 2, '0');
      case "e" -> number(flags, now.getDayOfMonth(), 2, ' ');
      case "g" -> number(flags, now.get(IsoFields.WEEK_BASED_YEAR) % 100, 2, '0');
      case "G" -> number(flags, now.get(IsoFields.WEEK_BASED_YEAR), 4, '0');
      case "H" -> number(flags, now.getHour(), 2, '0');
      case "I" -> number(flags, now.get(ChronoField.CLOCK_HOUR_OF_AMPM), 2, '0');
      case "j" -> number(flags, now.getDayOfYear(), 3, '0');
      case "k" -> number(flags, now.getHour(), 2, ' ');
      case "l" -> number(flags, now.get(ChronoField.CLOCK_HOUR_OF_AMPM), 2, ' ');
      case "m" -> number(flags, now.getMonthValue(), 2, '0');
      case "M" -> number(flags, now.getMinute(), 2, '0');
      case "s" -> number(flags, now.atZone(clock.getZone()).toEpochSecond(), 1, '0');
      case "S" -> number(flags, now.getSecond(), 2, '0');
      case "u" -> number(flags, now.getDayOfWeek().getValue(), 1, '0');
      case "U" -> number(flags, (now.getDayOfYear() + 6 - week) / 7, 2, '0');
      case "V" -> number(flags, now.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2, '0');
      case "w" -> number(flags, week, 1, '0');
      case "W" -> number(flags, (now.getDayOfYear() + 6 - (week + 6) % 7) / 7, 2, '0');
      case "y" -> number(flags, now.getYear() % 100, 2, '0');
      case "Y" -> number(flags, now.getYear(), 4, '0');
      case "f" -> flags.isEmpty() ? "%06d".formatted(now.getNano() / 1000) : unsupported(directive);
      case "z", "Z" -> "";
      case "n" -> "\n";
      case "t" -> "\t";
      case "%" -> "%";
      default ->
          COMPOUND.containsKey(directive) || directive.matches("[1-9+]")
              ? unsupported(directive)
              : null;
    };
  }

  private String name(String flags, String directive) {
    String name = now.format(DateTimeFormatter.ofPattern(NAMES.get(directive), Locale.US));
    boolean lower = directive.equals("P") || directive.equals("p") && flags.contains("#");
    boolean upper = flags.contains("^") || flags.contains("#");
    return lower ? name.toLowerCase(Locale.ROOT) : upper ? name.toUpperCase(Locale.ROOT) : name;
  }

  private static String number(String flags, long value, int width, char pad) {
    char fill = pad;
    for (char flag : flags.toCharArray()) {
      fill = flag == '_' ? ' ' : flag == '0' || flag == '-' ? flag : fill;
    }
    String digits = String.valueOf(value);
    return fill == '-'
        ? digits
        : String.valueOf(fill).repeat(Math.max(0, width - digits.length())) + digits;
  }

  private static String unsupported(String directive) {
    throw TemplateErrors.unsupported("'%%%s' of strftime_now so".formatted(directive));
  }
}
