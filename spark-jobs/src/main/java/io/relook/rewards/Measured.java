package io.relook.rewards;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An answer and its unit: {@code 5 cm}, {@code €5}, {@code 3\text{ apples}}, {@code 12 m/s^2},
 * {@code 5 years old}. A unit that only one of two answers names is left out; two must be of one
 * kind, and their numbers are compared in one measure: {@code 50 cm} is {@code 0.5 m} and not
 * {@code 50 m}.
 *
 * @param units what the unit may be ({@code °}); empty where there is none
 */
record Measured(String body, List<Unit> units) {
  private static final Pattern BEHIND =
      Pattern.compile(
          "(?i)(?<=[^\\s,]) ?,? (?:old|tall|long|wide|high|deep|thick|away|apart|each|in total|in all|total|altogether)$");

  /** {@code 5 (cm)}. */
  private static final Pattern BRACKET =
      Pattern.compile("([^()\\[\\]]*\\d) ?[(\\[] ?([^()\\[\\]\\d]{1,20}) ?[)\\]]");

  private static final Pattern PREFIX =
      Pattern.compile(
          "^([+-]?) ?(\\\\?[A-Z]{0,2}\\p{Sc}|\\\\(?:euro|pounds)(?![a-zA-Z])|[A-Z]{3}(?= |\\d)|Rs\\.?|RM|CHF|kr) ?(?=[+-]?[\\d.\\\\])(.*)$",
          Pattern.DOTALL);

  /** Of money alone: {@code $5k}, {@code €1.5M}. */
  private static final Pattern THOUSANDS = Pattern.compile("(?<=^[\\d.,]{1,20})([kKMB])$");

  private static final Function<MatchResult, String> SCALE =
      m -> Map.of("K", " thousand", "M", " million", "B", " billion").get(m.group().toUpperCase());

  /** Where a unit may begin. */
  private static final Pattern START =
      Pattern.compile(
          "(?<![\\p{L}\\\\^])(?:(?=\\p{L})|(?=[°'\"\\p{Sc}])|(?=/ ?\\p{L}))"
              + "|(?=\\\\(?:text|mathrm|textrm|textbf|mathbf|mbox|rm|circ|degree|Omega|mu|euro|pounds)(?![a-zA-Z]))"
              + "|(?=\\\\[,;:! ~$])|(?=\\^ ?\\{? ?(?:°|\\\\circ))|(?<=\\d)(?=\\p{IsHan})");

  /**
   * Between the parts of {@code 1 h 30 min}, {@code 5 ft, 6 in}, {@code 2 hours and 15 minutes}.
   */
  private static final Pattern PARTS =
      Pattern.compile("(?<=[^\\d\\s.,/^+*-]|\\p{L}\\.) ?,? ?(?:and )?(?=\\d)");

  private static final Pattern PART = Pattern.compile("(\\d+(?:\\.\\d+)?) ?([^\\d\\s][^\\d]*)");

  private static final int MOST_PARTS = 4;

  private static final Pattern LETTER = Pattern.compile("[a-zA-Z]");

  /** Letters that may be a unit without a space. */
  private static final String CLOSE = "mgshLVWNJCF";

  private static final int LONGEST = 50;

  /**
   * Parts a text from its unit.
   *
   * @param close whether a letter right behind a number is a unit ({@code 5m}), not a symbol
   */
  static Measured of(String text, boolean close) {
    Matcher bracket = BRACKET.matcher(text);
    boolean named = bracket.matches() && !UnitReader.read(bracket.group(2)).isEmpty();
    String plain = named ? bracket.group(1) + " " + bracket.group(2) : text;
    String rest = BEHIND.matcher(plain).replaceFirst("");
    rest = rest.chars().anyMatch(Character::isDigit) ? rest : plain;
    Measured behind = behind(rest, close);
    Matcher prefix = PREFIX.matcher(behind.body);
    if (!prefix.matches()) {
      return behind;
    }
    List<Unit> money = Unit.named(prefix.group(2).replaceFirst("^\\\\(?=\\p{Sc})", ""));
    money = money.isEmpty() ? UnitReader.read(prefix.group(2)) : money;
    String body = prefix.group(1) + THOUSANDS.matcher(prefix.group(3).strip()).replaceFirst(SCALE);
    if (money.isEmpty()) {
      return behind;
    }
    boolean rate = behind.units.stream().anyMatch(u -> u.kind().contains("^-"));
    return new Measured(
        body,
        rate ? UnitReader.products(money, behind.units) : UnitReader.any(money, behind.units));
  }

  /**
   * A sum in units of one kind, from the greatest to the smallest, in the smallest: {@code 1 h 30
   * min}, {@code 5'6"}. Each part is less than one of the part before it.
   */
  static Optional<Measured> sum(String text) {
    String[] parts = PARTS.split(UnitReader.undressed(text), MOST_PARTS + 1);
    if (parts.length < 2 || parts.length > MOST_PARTS) {
      return Optional.empty();
    }
    return UnitReader.read(PART.matcher(parts[0]).replaceFirst("$2")).stream()
        .flatMap(unit -> sum(parts, unit.kind()).stream())
        .findFirst();
  }

  private static Optional<Measured> sum(String[] parts, String kind) {
    Fraction sum = Fraction.ZERO;
    Optional<Fraction> above = Optional.empty();
    for (String each : parts) {
      Matcher part = PART.matcher(each);
      Optional<Fraction> size =
          part.matches()
              ? UnitReader.read(part.group(2)).stream()
                  .filter(unit -> unit.kind().equals(kind))
                  .map(Unit::size)
                  .findFirst()
              : Optional.empty();
      Optional<Fraction> measure =
          size.flatMap(Fraction.of(new BigDecimal(part.matches() ? part.group(1) : "0"))::times);
      if (measure.isEmpty() || above.filter(a -> a.compareTo(measure.get()) <= 0).isPresent()) {
        return Optional.empty();
      }
      sum = sum.plus(measure.get()).orElse(sum);
      above = size;
    }
    String body = sum.numerator() + "/" + sum.denominator();
    return Optional.of(new Measured(body, List.of(new Unit(kind, Fraction.ONE))));
  }

  private static Measured behind(String text, boolean close) {
    int first = 0;
    while (first < text.length() && !isDigit(text.charAt(first)) && text.charAt(first) != '\\') {
      first++;
    }
    if (first == text.length()) {
      return new Measured(text, List.of());
    }
    Matcher start = START.matcher(text);
    int from = Math.max(first + 1, text.length() - LONGEST);
    for (boolean found = from < text.length() && start.find(from); found; found = start.find()) {
      int at = start.start();
      String body = text.substring(0, at).replaceFirst("(?:\\s|~|\\\\[,;:! ])+$", "");
      String tail = text.substring(at);
      if (body.startsWith("$") && tail.startsWith("$")) {
        body = body.substring(1);
        tail = tail.substring(1);
      }
      if (body.endsWith("{") && tail.endsWith("}")) {
        body = body.substring(0, body.length() - 1).strip();
      }
      if (!body.isEmpty() && !body.endsWith("\\")) {
        boolean spaced = body.length() < at || tail.startsWith("\\");
        List<Unit> units = units(body, tail, spaced, close);
        if (!units.isEmpty()) {
          return new Measured(body, units);
        }
      }
    }
    return new Measured(text, List.of());
  }

  private static List<Unit> units(String body, String tail, boolean spaced, boolean close) {
    List<Unit> known = UnitReader.read(tail);
    String name = UnitReader.undressed(tail);
    if (name.isEmpty()) {
      return List.of();
    }
    if (!known.isEmpty()) {
      boolean letter = LETTER.matcher(name.replaceFirst("\\^.*", "")).matches();
      boolean sign = !Character.isLetter(name.charAt(0));
      boolean behind =
          letter || sign
              ? isNumber(body) && (!letter || spaced || close && CLOSE.contains(name))
              : body.chars().anyMatch(c -> isDigit((char) c) || c == '\\');
      return behind ? known : List.of();
    }
    boolean quoted = tail.startsWith("\\");
    Optional<Quantity> number = Quantity.parse(body);
    boolean apart = spaced || Character.isIdeographic(name.codePointAt(0));
    return apart && (quoted || number.isPresent())
        ? UnitReader.noun(name, quoted || number.get().isOne()).map(List::of).orElse(List.of())
        : List.of();
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** A number in whatever form: nothing of it is a symbol or an angle's function. */
  private static boolean isNumber(String body) {
    return Quantity.parse(body).isPresent()
        || MeaningReader.read(body)
            .filter(Meaning.Value.class::isInstance)
            .map(value -> ((Meaning.Value) value).expression())
            .filter(e -> !e.any(part -> part instanceof Expression.Symbol || part.isFunction()))
            .isPresent();
  }
}
