package io.relook.rewards;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Markdown and HTML that dress an answer and say nothing: emphasis, code, headings, quoted blocks,
 * bullets. Emphasis stands between words (CommonMark 0.31, section 6.2, without the intraword
 * form), so that {@code 2*3*4} and {@code 2**3} stay. What is struck out is said not to hold, and
 * is taken away with its marks. A dash in front is a bullet, and a {@code >} a quotation, only
 * before a word: before a number they are a minus and an inequality.
 */
final class Markup {
  private static final String BEFORE = "(?<![\\p{L}\\p{N})\\]}\\\\*_`])";
  private static final String BEHIND = "(?![\\p{L}\\p{N}*_`])";
  private static final String INSIDE = "(?=\\S)([^\\n]{1,400}?)(?<=\\S)";

  private static final Pattern FENCE =
      Pattern.compile("^```[A-Za-z]*\\s*\\n?(.*?)\\n?```$", Pattern.DOTALL);

  private static final Pattern[] EMPHASES = {
    emphasis("\\*\\*\\*"),
    emphasis("\\*\\*"),
    emphasis("__"),
    emphasis("``?"),
    single("\\*", "*"),
    single("_", "_"),
  };

  private static final Pattern FRONT =
      Pattern.compile("^(?:#{1,6} +|[*+•▪‣●○] +|(?:>|- +) ?(?=[\\p{L}(\\[\"'*_`]))");

  private static final Pattern TAG =
      Pattern.compile(
          "(?i)<(b|i|u|em|strong|code|p|span|div|mark)>([^<]{0,400})</\\1>|<br ?/?>(?=\\s*$)");

  /** Struck out: {@code ~~B~~} (GitHub Flavored Markdown 0.29, section 6.5) and HTML's. */
  private static final Pattern STRUCK =
      Pattern.compile("(?is)(?:(?<!~)~~(?!~).{1,400}?~~(?!~)|<(s|del|strike)>[^<]{0,400}</\\1>) *");

  /** {@code cm$^2$}, {@code H$_2$O}: only the script is in mathematics. */
  private static final Pattern SCRIPT =
      Pattern.compile("(?<=[\\p{L}\\p{N})])\\$([_^][^$\\s]{1,12})\\$");

  private static final Pattern RAISED = Pattern.compile("(?i)<su([pb])>([^<]{1,40})</su\\1>");

  private Markup() {}

  private static Pattern emphasis(String mark) {
    return Pattern.compile("%s(%s)%s\\1%s".formatted(BEFORE, mark, INSIDE, BEHIND));
  }

  /** Of one character, which stands nowhere inside. */
  private static Pattern single(String mark, String character) {
    String inside = "(?=\\S)([^\\n%s]{1,400})(?<=\\S)".formatted(character);
    return Pattern.compile("%s(%s)%s\\1%s".formatted(BEFORE, mark, inside, BEHIND));
  }

  /** Without it. */
  static String removed(String text) {
    Matcher fence = FENCE.matcher(text);
    String rest = fence.matches() ? fence.group(1).strip() : text;
    rest = SCRIPT.matcher(rest).replaceAll("$1");
    rest = STRUCK.matcher(rest).replaceAll("").strip();
    rest = FRONT.matcher(rest).replaceFirst("");
    if (rest.indexOf('<') >= 0) {
      rest = RAISED.matcher(rest).replaceAll(m -> raised(m.group(1), m.group(2)));
      rest = TAG.matcher(rest).replaceAll("$2");
    }
    for (Pattern emphasis : EMPHASES) {
      rest = emphasis.matcher(rest).replaceAll("$2");
    }
    return rest.strip();
  }

  private static String raised(String kind, String text) {
    String script = (kind.equalsIgnoreCase("p") ? "^{" : "_{") + text + "}";
    return Matcher.quoteReplacement(script);
  }
}
