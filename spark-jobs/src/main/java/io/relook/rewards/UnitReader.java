package io.relook.rewards;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the words and signs of a unit: products, quotients and powers of known ones ({@code
 * kg*m/s^2}, {@code square feet}, {@code miles per hour}), and what is counted, a noun ({@code 5
 * books}, {@code 3 red apples}).
 */
final class UnitReader {
  private static final int MOST = 64;
  private static final int MOST_FACTORS = 4;

  /** LaTeX and what it says in plain characters. */
  private static final String[][] COMMANDS = {
    {
      "\\\\(?:text|mathrm|textrm|textbf|mathbf|textit|mathit|mathsf|mbox|rm|bf|operatorname)(?![a-zA-Z])",
      " "
    },
    {"\\^ ?\\{? ?(?:\\\\circ(?![a-zA-Z])|°) ?\\}?|\\\\(?:circ|degree)(?![a-zA-Z])", "°"},
    {"\\\\(?:cdot|times)(?![a-zA-Z])", "*"},
    {"\\\\Omega(?![a-zA-Z])", "Ω"},
    {"\\\\mu(?![a-zA-Z])", "μ"},
    {"\\\\euro(?![a-zA-Z])", "€"},
    {"\\\\pounds(?![a-zA-Z])", "£"},
    {"\\\\(?=[$/])", ""},
    {"\\^ ?\\{ ?([+-]?\\d) ?\\}", "^$1"},
    {"\\\\[,;:! ]|[{}]|\\\\quad", " "},
  };

  /** {@code $m^2$}. */
  private static final Pattern DOLLARS = Pattern.compile("^\\$([^$]+)\\$$");

  private static final Pattern SPACES = Pattern.compile("\\s+");

  private static final Pattern FACTOR =
      Pattern.compile("(.*?) ?(?:\\^ ?\\(?([+-]?\\d)\\)?| (squared|cubed))?");

  private static final Pattern POWER =
      Pattern.compile("(?i)(?:(square|sq\\.?|cubic|cu\\.?) |(平方|立方))(.+)");

  /** {@code cm2}, {@code m3}: of lengths alone. */
  private static final Pattern AREA = Pattern.compile("(\\p{L}{1,2})([23])");

  private static final Pattern NOUN =
      Pattern.compile(
          "[\\p{L}&&\\p{IsLatin}][\\p{L}&&\\p{IsLatin}'-]*(?: [\\p{L}&&\\p{IsLatin}'-]+){0,3}");

  private static final Pattern COUNTED =
      Pattern.compile("(?:个|個|只|支|枝|张|張|条|辆|件|台|本|朵|棵|颗|匹|头|把|座|枚|名|位|根|片)\\p{IsHan}{0,6}");

  /** Words that change the number, or say that it is none or not the only one. */
  private static final Set<String> STOP =
      Set.of(
          ("or and not plus minus over under to from less more fewer than out at "
                  + "least most about hundred thousand million billion trillion lakh crore "
                  + "dozen gross score half halves third quarter fourth fifth sixth seventh "
                  + "eighth ninth tenth hundredth thousandth millionth percent percentage pct "
                  + "permille no none nor neither either else is was are its this as unless "
                  + "always yes isn't aren't zero one two three four five six seven eight nine "
                  + "ten eleven twelve twenty thirty forty fifty root power squared cubed if "
                  + "but except without versus vs divided multiplied modulo mod base between "
                  + "maybe perhaps wrong false")
              .split(" "));

  private static final Map<String, String> IRREGULAR =
      Map.ofEntries(
          Map.entry("people", "person"),
          Map.entry("men", "man"),
          Map.entry("women", "woman"),
          Map.entry("children", "child"),
          Map.entry("mice", "mouse"),
          Map.entry("geese", "goose"),
          Map.entry("teeth", "tooth"),
          Map.entry("feet", "foot"),
          Map.entry("dice", "die"),
          Map.entry("oxen", "ox"),
          Map.entry("sheep", "sheep"),
          Map.entry("fish", "fish"),
          Map.entry("deer", "deer"),
          Map.entry("aircraft", "aircraft"),
          Map.entry("cattle", "cattle"),
          Map.entry("vertices", "vertex"),
          Map.entry("indices", "index"),
          Map.entry("bacteria", "bacterium"));

  private UnitReader() {}

  /** A unit's text without LaTeX: {@code \text{ cm}^2} is {@code cm^2}. */
  static String undressed(String text) {
    String plain = text;
    if (text.indexOf('\\') >= 0 || text.indexOf('{') >= 0) {
      for (String[] same : COMMANDS) {
        plain = plain.replaceAll(same[0], same[1]);
      }
    }
    plain = DOLLARS.matcher(plain).replaceFirst("$1");
    plain = plain.replace('~', ' ').replace('·', '*').replace('×', '*').replace('⋅', '*');
    plain = SPACES.matcher(plain).replaceAll(" ").replace(" ^", "^").strip();
    boolean abbreviated = plain.length() > 1 && plain.endsWith(".");
    return abbreviated ? plain.substring(0, plain.length() - 1) : plain;
  }

  /** All that the text may mean; empty where it is no known unit. */
  static List<Unit> read(String text) {
    String plain = undressed(text);
    List<Unit> whole = factor(plain);
    if (!whole.isEmpty()) {
      return whole;
    }
    if (plain.isEmpty() || Character.isDigit(plain.charAt(0))) {
      return List.of();
    }
    String[] parts = plain.split(" ?/ ?| ?\\bper (?:a |one )?|每", -1);
    List<Unit> read = parts[0].isBlank() ? List.of(new Unit("", Fraction.ONE)) : product(parts[0]);
    for (int i = 1; i < parts.length && !read.isEmpty(); i++) {
      List<Unit> below = product(parts[i].strip());
      read = products(read, below.stream().flatMap(u -> power(u, -1).stream()).toList());
    }
    return read;
  }

  private static List<Unit> product(String text) {
    List<Unit> whole = factor(text);
    if (!whole.isEmpty()) {
      return whole;
    }
    List<Unit> read = List.of(new Unit("", Fraction.ONE));
    String[] factors = text.split(" ?\\* ?|(?<=\\p{L})-(?=\\p{L})| ", MOST_FACTORS + 1);
    for (int i = 0; i < factors.length && !read.isEmpty(); i++) {
      List<Unit> next = i == MOST_FACTORS ? List.of() : factor(factors[i]);
      boolean angle = i > 0 && factors[i - 1].equals("°") && !next.isEmpty();
      read = angle ? any(read, next) : products(read, next);
    }
    return read;
  }

  /** Both, where a text has two units that make no third: {@code $5 USD}. */
  static List<Unit> any(List<Unit> left, List<Unit> right) {
    Set<Unit> all = new LinkedHashSet<>(left);
    all.addAll(right);
    return List.copyOf(all);
  }

  /** Each of the one with each of the other. */
  static List<Unit> products(List<Unit> left, List<Unit> right) {
    List<Unit> products = new ArrayList<>();
    for (Unit one : left) {
      for (Unit other : right) {
        if (products.size() < MOST) {
          one.size()
              .times(other.size())
              .map(size -> new Unit(kind(one.kind() + " " + other.kind(), 1), size))
              .ifPresent(products::add);
        }
      }
    }
    return products;
  }

  private static List<Unit> factor(String text) {
    List<Unit> named = Unit.named(text);
    if (!named.isEmpty()) {
      return named;
    }
    Matcher squared = POWER.matcher(text);
    if (squared.matches()) {
      String word = squared.group(1) == null ? squared.group(2) : squared.group(1);
      int power = word.toLowerCase(Locale.ROOT).matches("s.*|平方") ? 2 : 3;
      return factor(squared.group(3)).stream().flatMap(u -> power(u, power).stream()).toList();
    }
    Matcher plain = AREA.matcher(text);
    if (plain.matches()) {
      int power = plain.group(2).charAt(0) - '0';
      return Unit.named(plain.group(1)).stream()
          .filter(unit -> unit.kind().equals("length"))
          .flatMap(unit -> power(unit, power).stream())
          .toList();
    }
    Matcher form = FACTOR.matcher(text);
    if (!form.matches() || form.group(2) == null && form.group(3) == null) {
      return List.of();
    }
    int power =
        form.group(2) != null
            ? Integer.parseInt(form.group(2))
            : form.group(3).charAt(0) == 's' ? 2 : 3;
    return Unit.named(form.group(1)).stream().flatMap(u -> power(u, power).stream()).toList();
  }

  private static Optional<Unit> power(Unit unit, int power) {
    return unit.size().power(power).map(size -> new Unit(kind(unit.kind(), power), size));
  }

  /** Kinds with their exponents in one order: {@code length time^-1}. */
  private static String kind(String kinds, int power) {
    TreeMap<String, Integer> exponents = new TreeMap<>();
    for (String each : kinds.strip().split(" +")) {
      String[] parts = each.split("\\^");
      exponents.merge(
          parts[0], power * (parts.length == 1 ? 1 : Integer.parseInt(parts[1])), Integer::sum);
    }
    StringBuilder kind = new StringBuilder();
    exponents.forEach(
        (name, exponent) -> {
          if (exponent != 0 && !name.isEmpty()) {
            kind.append(kind.length() == 0 ? "" : " ").append(name);
            kind.append(exponent == 1 ? "" : "^" + exponent);
          }
        });
    return kind.toString();
  }

  /**
   * What is counted, by its last word, or the one before "of" ({@code slices of pizza}); empty
   * where a word changes the number.
   *
   * @param any whether it need not be a plural: of one thing, or in the braces of LaTeX
   */
  static Optional<Unit> noun(String text, boolean any) {
    if (COUNTED.matcher(text).matches()) {
      return Optional.of(Unit.own("counted"));
    }
    if (!NOUN.matcher(text).matches()) {
      return Optional.empty();
    }
    String[] words = text.toLowerCase(Locale.ROOT).split(" ");
    if (words[0].equals("of")) {
      return Optional.empty();
    }
    for (String word : words) {
      if (STOP.contains(word) || STOP.contains(singular(word))) {
        return Optional.empty();
      }
    }
    int of = List.of(words).indexOf("of");
    String last = words[(of < 0 ? words.length : of) - 1];
    String one = singular(last);
    return last.length() > 2 && (any || !one.equals(last) || IRREGULAR.containsKey(last))
        ? Optional.of(Unit.own(one))
        : Optional.empty();
  }

  private static String singular(String word) {
    if (IRREGULAR.containsKey(word)) {
      return IRREGULAR.get(word);
    }
    if (word.length() < 4 || !word.endsWith("s") || word.endsWith("ss") || word.endsWith("us")) {
      return word;
    }
    if (word.endsWith("ies") && word.length() > 4) {
      return word.substring(0, word.length() - 3) + "y";
    }
    return word.matches(".*(?:ch|sh|ss|x|zz)es")
        ? word.substring(0, word.length() - 2)
        : word.substring(0, word.length() - 1);
  }
}
