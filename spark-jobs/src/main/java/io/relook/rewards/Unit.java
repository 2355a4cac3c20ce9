package io.relook.rewards;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The unit behind an answer. A unit that only one of two answers names is left out; two must be of
 * one kind, and their numbers are compared in one measure: {@code 50 cm} is {@code 0.5 m} and not
 * {@code 50 m}. Plain words are units only where they are known; text in LaTeX braces behind a
 * number is a unit of its own name ({@code 3 \text{ apples}}).
 *
 * @param kind of what is measured
 * @param size in the kind's first unit
 */
record Unit(String kind, Fraction size) {
  private static final Map<String, Unit> KNOWN = known();

  /** An answer without its unit, which may be null. */
  record Measured(String body, Unit unit) {}

  /** The unit's own size in the other's; empty where they are of two kinds. */
  Optional<Fraction> in(Unit other) {
    return kind.equals(other.kind)
        ? other.size.reciprocal().flatMap(size::times)
        : Optional.empty();
  }

  /** Parts an answer of at least one character from its unit. */
  static Measured split(String answer) {
    int end = answer.length();
    while (end > 0 && ". \\~".indexOf(answer.charAt(end - 1)) >= 0) {
      end--;
    }
    String text = answer.substring(0, end);
    int power = 1;
    for (String exponent : new String[] {"^2", "^3", "^{2}", "^{3}", "²", "³"}) {
      if (text.endsWith(exponent)) {
        power = exponent.contains("2") || exponent.equals("²") ? 2 : 3;
        end -= exponent.length();
      }
    }
    Measured measured =
        text.substring(0, end).endsWith("}")
            ? quoted(text.substring(0, end), power)
            : plain(text.substring(0, end), power);
    return measured == null ? new Measured(text, null) : measured;
  }

  /** {@code 3 \text{ cm}}: null where nothing stands before it, or no command. */
  private static Measured quoted(String text, int power) {
    int open = text.lastIndexOf('{');
    int command = open < 0 ? -1 : text.lastIndexOf('\\', open);
    if (command < 1
        || !text.substring(command, open).matches("\\\\(text|textbf|textrm|mathrm|mbox)")) {
      return null;
    }
    String inside = text.substring(open + 1, text.length() - 1).replaceAll("[~.\\s]+|\\\\,", " ");
    String body = text.substring(0, command).strip();
    int own = power;
    if (inside.endsWith("^2") || inside.endsWith("^3")) {
      own = inside.charAt(inside.length() - 1) - '0';
      inside = inside.substring(0, inside.length() - 2);
    }
    String name = inside.strip();
    if (body.isEmpty()
        || !name.matches("[A-Za-z]+([ /][A-Za-z]+){0,3}")
        || name.matches("(?i)(.* )?(or|and|not)( .*)?")) {
      return null;
    }
    Unit unit = named(name).orElse(new Unit(name.toLowerCase(Locale.ROOT), Fraction.ONE));
    return new Measured(body, unit.toPower(own));
  }

  /** {@code 3 cm}, {@code 3 square units}: null where the words are not known as a unit. */
  private static Measured plain(String text, int power) {
    Measured measured = null;
    int start = text.length();
    for (int words = 0; words < 2; words++) {
      int end = start;
      while (end > 0 && text.charAt(end - 1) == ' ') {
        end--;
      }
      start = end;
      while (start > 0 && isWord(text.charAt(start - 1))) {
        start--;
      }
      String body = text.substring(0, start).strip();
      if (start == end || body.isEmpty() || text.charAt(start - 1) == '\\') {
        return measured;
      }
      String name = text.substring(start).strip();
      Optional<Unit> unit = named(name);
      boolean behind =
          name.length() > 1
              ? body.chars().anyMatch(c -> c >= '0' && c <= '9' || c == '\\')
              : text.charAt(start - 1) == ' ' && Quantity.parse(body).isPresent();
      if (unit.isPresent() && behind) {
        measured = new Measured(body, unit.get().toPower(power));
      }
    }
    return measured;
  }

  private static boolean isWord(char c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '/';
  }

  private static Optional<Unit> named(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    for (String[] prefix : new String[][] {{"square ", "sq ", "2"}, {"cubic ", "cu ", "3"}}) {
      for (int i = 0; i < 2; i++) {
        if (lower.startsWith(prefix[i])) {
          int power = Integer.parseInt(prefix[2]);
          return Optional.ofNullable(KNOWN.get(lower.substring(prefix[i].length())))
              .map(u -> u.toPower(power));
        }
      }
    }
    Unit exact = KNOWN.get(name);
    return Optional.ofNullable(exact == null && name.length() > 1 ? KNOWN.get(lower) : exact);
  }

  private Unit toPower(int power) {
    return power == 1 ? this : new Unit(kind + "^" + power, size.power(power).orElse(Fraction.ONE));
  }

  private static Map<String, Unit> known() {
    Map<String, Unit> known = new HashMap<>();
    add(known, "length", 1, 1000, "mm", "millimeter", "millimetre");
    add(known, "length", 1, 100, "cm", "centimeter", "centimetre");
    add(known, "length", 1, 10, "dm", "decimeter", "decimetre");
    add(known, "length", 1, 1, "m", "meter", "metre");
    add(known, "length", 1000, 1, "km", "kilometer", "kilometre");
    add(known, "length", 254, 10000, "inch", "inche");
    add(known, "length", 3048, 10000, "ft", "foot", "feet");
    add(known, "length", 9144, 10000, "yd", "yard");
    add(known, "length", 1609344, 1000, "mi", "mile");
    add(known, "mass", 1, 1000, "mg", "milligram");
    add(known, "mass", 1, 1, "g", "gram");
    add(known, "mass", 1000, 1, "kg", "kilogram");
    add(known, "time", 1, 1000, "ms", "millisecond");
    add(known, "time", 1, 1, "s", "sec", "second");
    add(known, "time", 60, 1, "min", "minute");
    add(known, "time", 3600, 1, "h", "hr", "hour");
    add(known, "time", 86400, 1, "day");
    add(known, "time", 604800, 1, "week");
    add(known, "months", 1, 1, "month");
    add(known, "months", 12, 1, "yr", "year");
    add(known, "litre", 1, 1000, "ml", "mL", "milliliter", "millilitre");
    add(known, "litre", 1, 1, "l", "L", "liter", "litre");
    add(known, "money", 1, 100, "cent");
    add(known, "money", 1, 1, "dollar");
    add(known, "angle", 1, 1, "degree", "deg");
    add(known, "unit", 1, 1, "unit");
    add(known, "speed", 1, 1, "m/s");
    add(known, "speed", 1000, 3600, "km/h");
    add(known, "speed", 1609344, 3600000, "mph");
    for (String own : new String[] {"N", "J", "W", "V", "A", "K", "Hz", "Pa", "kPa", "mol"}) {
      known.put(own, new Unit(own, Fraction.ONE));
    }
    return Map.copyOf(known);
  }

  private static void add(
      Map<String, Unit> known, String kind, long size, long parts, String... names) {
    Fraction exact =
        Fraction.of(size).times(Fraction.of(parts).reciprocal().orElseThrow()).orElseThrow();
    for (String name : names) {
      known.put(name, new Unit(kind, exact));
      if (name.length() > 2) {
        known.put(name + "s", new Unit(kind, exact));
      }
    }
  }
}
