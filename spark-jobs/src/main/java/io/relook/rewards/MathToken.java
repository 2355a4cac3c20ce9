package io.relook.rewards;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A word of mathematical text: LaTeX without its dress (spaces, dollar signs, sizes, fonts), plain
 * text, and what typography writes for both.
 *
 * @param text of a number without commas; a command without its backslash; a sign
 */
record MathToken(Kind kind, String text) {
  enum Kind {
    NUMBER,
    LETTER,
    WORD,
    COMMAND,
    SIGN
  }

  /** Commands that change nothing of what is said. */
  private static final Set<String> DRESS =
      Set.of(
          "left",
          "right",
          "big",
          "Big",
          "bigg",
          "Bigg",
          "bigl",
          "bigr",
          "Bigl",
          "Bigr",
          "quad",
          "qquad",
          "displaystyle",
          "textstyle",
          "limits",
          "boxed",
          "fbox",
          "mathbf",
          "mathbb",
          "mathcal",
          "boldsymbol",
          "bold",
          "vec",
          "overline",
          "bar",
          "hat",
          "angle",
          "operatorname",
          "textit",
          "mathit",
          "triangle",
          "rm",
          "thinspace");

  /** Commands whose braces hold text. */
  private static final Set<String> TEXT =
      Set.of("text", "mathrm", "textbf", "textrm", "mbox", "textnormal", "mathsf", "texttt");

  private static final Map<String, String> SAME =
      Map.ofEntries(
          Map.entry("dfrac", "frac"),
          Map.entry("tfrac", "frac"),
          Map.entry("cfrac", "frac"),
          Map.entry("leq", "le"),
          Map.entry("leqslant", "le"),
          Map.entry("geq", "ge"),
          Map.entry("geqslant", "ge"),
          Map.entry("lt", "<"),
          Map.entry("gt", ">"),
          Map.entry("neq", "ne"),
          Map.entry("cdot", "*"),
          Map.entry("times", "*"),
          Map.entry("ast", "*"),
          Map.entry("div", "/"),
          Map.entry("colon", ":"),
          Map.entry("lbrace", "\\{"),
          Map.entry("rbrace", "\\}"),
          Map.entry("lvert", "|"),
          Map.entry("rvert", "|"),
          Map.entry("vert", "|"),
          Map.entry("mid", "|"),
          Map.entry("langle", "("),
          Map.entry("rangle", ")"),
          Map.entry("degree", "°"),
          Map.entry("infinity", "infty"),
          Map.entry("and", ","),
          Map.entry("or", ","),
          Map.entry("percent", "%"),
          Map.entry("pct", "%"),
          Map.entry("percentage", "%"));

  private static final Map<Integer, String> TYPOGRAPHY =
      Map.ofEntries(
          Map.entry(0x00D7, "*"),
          Map.entry(0x2715, "*"),
          Map.entry(0x2716, "*"),
          Map.entry(0x2217, "*"),
          Map.entry(0x2219, "*"),
          Map.entry(0x00B7, "*"),
          Map.entry(0x22C5, "*"),
          Map.entry(0x00F7, "/"),
          Map.entry(0x2264, "le"),
          Map.entry(0x2265, "ge"),
          Map.entry(0x2260, "ne"),
          Map.entry(0x221E, "infty"),
          Map.entry(0x03C0, "pi"),
          Map.entry(0x221A, "sqrt"),
          Map.entry(0x222A, "cup"),
          Map.entry(0x2208, "in"),
          Map.entry(0x00B1, "pm"),
          Map.entry(0x2213, "mp"),
          Map.entry(0x2248, "approx"),
          Map.entry(0x2229, "cap"),
          Map.entry(0x2205, "emptyset"),
          Map.entry(0x2192, "to"));

  /** Words in plain text that are commands. */
  private static final Set<String> PLAIN =
      Set.of(
          "sin",
          "cos",
          "tan",
          "cot",
          "sec",
          "csc",
          "log",
          "ln",
          "exp",
          "sqrt",
          "pi",
          "arcsin",
          "arccos",
          "arctan",
          "infty",
          "infinity",
          "in",
          "and",
          "or",
          "percent",
          "pct",
          "percentage");

  private static final String SIGNS = "+-*/^_=<>()[]{},;:|!%&°";

  private static final Set<String> OPEN = Set.of("(", "[", "\\{");
  private static final Set<String> CLOSE = Set.of(")", "]", "\\}");

  /** All tokens of a text; a character of another kind is a sign that no reader knows. */
  static List<MathToken> of(String text) {
    List<MathToken> tokens = new ArrayList<>();
    new Lexer(text, tokens).run();
    return tokens;
  }

  boolean is(String sign) {
    return (kind == Kind.SIGN || kind == Kind.COMMAND) && text.equals(sign);
  }

  private static final class Lexer {

    private static final List<String> FIXED =
        List.of(",\\! ", ",\\!", "{,}", "\\,", "\\ ", "\\:", "\\;", "\\thinspace ", "{\\,}");
    private static final List<String> COMMAS =
        Stream.concat(FIXED.stream(), Stream.of(",")).toList();

    /** The digits that repeat, behind a decimal point. */
    private static final Pattern REPEATING =
        Pattern.compile("\\.? ?\\\\(?:overline|bar) ?\\{ ?(\\d+) ?}");

    private static final int MOST_REPEATING = 48;

    private static final Pattern EXPONENT = Pattern.compile("[eE][+-]?\\d{1,3}(?![\\d.\\p{L}])");

    /** {@code 3.0 x 10^8}, {@code 3 to 4}, between two numbers. */
    private static final Pattern BETWEEN = Pattern.compile("([xX]) *[\\d.]|[tT][oO] +[-+]?[\\d.]");

    private final String text;
    private final List<MathToken> tokens;
    private final boolean mathematical;
    private int at;
    private int brackets;

    Lexer(String text, List<MathToken> tokens) {
      this.text = text;
      this.tokens = tokens;
      this.mathematical =
          text.chars().anyMatch(c -> c < 128 && "0123456789+=*/^\\".indexOf(c) >= 0);
    }

    void run() {
      while (at < text.length()) {
        int c = text.codePointAt(at);
        if (Character.isWhitespace(c) || Character.isSpaceChar(c) || "$~∠∡△".indexOf(c) >= 0) {
          at++;
        } else if (c == '\\') {
          command();
        } else if (isDigit(at) || c == '.' && isDigit(at + 1)) {
          number();
        } else if (isLatin(c)) {
          letters();
        } else if (TYPOGRAPHY.containsKey(c)) {
          at++;
          String same = TYPOGRAPHY.get(c);
          add(isLatin(same.charAt(0)) ? Kind.COMMAND : Kind.SIGN, same);
        } else if (text.startsWith("**", at)) {
          at += 2;
          add(Kind.SIGN, "^");
        } else if (text.startsWith("<=", at) || text.startsWith(">=", at)) {
          at += 2;
          add(Kind.COMMAND, c == '<' ? "le" : "ge");
        } else {
          at += Character.charCount(c);
          add(Kind.SIGN, SIGNS.indexOf(c) >= 0 ? Character.toString(c) : "unknown");
        }
      }
    }

    private void command() {
      int start = ++at;
      while (at < text.length() && isLatin(text.charAt(at))) {
        at++;
      }
      if (at == start) {
        sign();
        return;
      }
      String name = text.substring(start, at);
      if (TEXT.contains(name) && at < text.length() && text.charAt(at) == '{') {
        quoted();
      } else if (name.equals("begin") || name.equals("end")) {
        int close = text.indexOf('}', at);
        at = close < 0 ? text.length() : close + 1;
        add(Kind.COMMAND, name);
      } else if (!DRESS.contains(name)) {
        command(name);
      }
    }

    private void command(String name) {
      String same = SAME.getOrDefault(name, name);
      boolean circle = same.equals("circ") && endsWith("^");
      boolean bracedCircle = same.equals("circ") && endsWith("{") && before(2).equals("^");
      if (circle || bracedCircle) {
        for (int i = circle ? 1 : 2; i > 0; i--) {
          tokens.remove(tokens.size() - 1);
        }
        int close = bracedCircle ? text.indexOf('}', at) : at - 1;
        at = close < 0 ? text.length() : close + 1;
        same = "°";
      }
      add(isLatin(same.charAt(0)) ? Kind.COMMAND : Kind.SIGN, same);
    }

    /** What follows a backslash and is no letter. */
    private void sign() {
      char c = at < text.length() ? text.charAt(at++) : ' ';
      if (c == '{' || c == '}') {
        add(Kind.SIGN, "\\" + c);
      } else if (c == '\\') {
        // Doubled by an escape that nobody took back, or the end of a matrix's row.
        if (tokens.stream().anyMatch(t -> t.is("begin"))) {
          add(Kind.COMMAND, "row");
        } else if (at < text.length() && isLatin(text.charAt(at))) {
          at--;
          command();
        }
      } else if (c == '%' || c == '|') {
        add(Kind.SIGN, Character.toString(c));
      }
    }

    /** A word in braces is one; other text in braces is read as what stands there. */
    private void quoted() {
      int close = text.indexOf('}', at);
      String inside = close < 0 ? "" : text.substring(at + 1, close).strip();
      String lower = inside.toLowerCase(Locale.ROOT);
      if (inside.length() > 1 && inside.chars().allMatch(Lexer::isLatin)) {
        at = close + 1;
        if (PLAIN.contains(lower)) {
          command(lower);
        } else {
          add(Kind.WORD, lower);
        }
      }
    }

    private void number() {
      StringBuilder digits = new StringBuilder();
      int start = at;
      boolean thousands = false;
      while (true) {
        int from = at;
        while (isDigit(at)) {
          digits.append(text.charAt(at++));
        }
        int length = at - from;
        if (from == start) {
          thousands = length > 0 && length < 4 && text.charAt(start) != '0';
        }
        int group = thousands ? group() : 0;
        if (group == 0) {
          break;
        }
        at += group;
      }
      if (at < text.length() && text.charAt(at) == '.' && isDigit(at + 1)) {
        digits.append('.');
        at++;
        while (isDigit(at)) {
          digits.append(text.charAt(at++));
        }
      }
      Matcher repeating = REPEATING.matcher(text).region(at, text.length());
      if (repeating.lookingAt()
          && (digits.indexOf(".") >= 0 || text.charAt(at) == '.')
          && digits.length() + repeating.end() - at < MOST_REPEATING) {
        at = repeating.end();
        repeating(digits.toString(), repeating.group(1));
        return;
      }
      exponent(digits);
      add(Kind.NUMBER, digits.toString());
    }

    /** {@code 0.1\overline{6}} is 15/90. */
    private void repeating(String digits, String period) {
      int point = digits.indexOf('.');
      String below =
          "9".repeat(period.length()) + "0".repeat(point < 0 ? 0 : digits.length() - point - 1);
      String whole = digits.replace(".", "");
      BigInteger above = new BigInteger(whole + period).subtract(new BigInteger(whole));
      add(Kind.COMMAND, "frac");
      for (String part : new String[] {above.toString(), below}) {
        add(Kind.SIGN, "{");
        add(Kind.NUMBER, part);
        add(Kind.SIGN, "}");
      }
    }

    /** {@code 3e8}: only with digits right behind, and no more than three. */
    private void exponent(StringBuilder digits) {
      Matcher exponent = EXPONENT.matcher(text).region(at, text.length());
      if (exponent.lookingAt()) {
        digits.append(exponent.group());
        at = exponent.end();
      }
    }

    /**
     * Length of what parts thousands here: {@code 1,000}, {@code 1,\!000}, {@code 1{,}000}. In
     * brackets a bare comma parts items: {@code (12,102)}.
     */
    private int group() {
      for (String comma : brackets > 0 ? FIXED : COMMAS) {
        if (text.startsWith(comma, at)) {
          int next = at + comma.length();
          if (isDigit(next) && isDigit(next + 1) && isDigit(next + 2) && !isDigit(next + 3)) {
            return comma.length();
          }
        }
      }
      return 0;
    }

    private void letters() {
      int start = at;
      Matcher between = BETWEEN.matcher(text).region(at, text.length());
      if (!tokens.isEmpty()
          && tokens.get(tokens.size() - 1).kind == Kind.NUMBER
          && between.lookingAt()) {
        boolean times = between.group(1) != null;
        at += times ? 1 : 2;
        add(Kind.SIGN, times ? "*" : "-");
        return;
      }
      while (at < text.length() && isLatin(text.charAt(at))) {
        at++;
      }
      String word = text.substring(start, at);
      String lower = word.toLowerCase(Locale.ROOT);
      if (word.length() > 1 && PLAIN.contains(lower)) {
        command(lower);
      } else if (word.length() == 1 || word.length() < 4 && mathematical) {
        word.chars().forEach(c -> add(Kind.LETTER, Character.toString(c)));
      } else {
        add(Kind.WORD, lower);
      }
    }

    private boolean endsWith(String sign) {
      return before(1).equals(sign);
    }

    private String before(int back) {
      return tokens.size() < back ? "" : tokens.get(tokens.size() - back).text;
    }

    private void add(Kind kind, String word) {
      brackets += kind != Kind.SIGN ? 0 : OPEN.contains(word) ? 1 : CLOSE.contains(word) ? -1 : 0;
      tokens.add(new MathToken(kind, word));
    }

    private boolean isDigit(int index) {
      return index < text.length() && text.charAt(index) >= '0' && text.charAt(index) <= '9';
    }

    private static boolean isLatin(int c) {
      return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
    }
  }
}
