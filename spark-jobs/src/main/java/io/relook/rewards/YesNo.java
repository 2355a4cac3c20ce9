package io.relook.rewards;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A yes or no, true or false, with a reason behind it: {@code Yes, it is round}, {@code No. There
 * is none.}, {@code True, since x > 0}. Only where the truth is that word alone. A reason that
 * holds the other word, takes the word back or leaves a choice open says nothing.
 */
final class YesNo {
  private static final String WORD = "(yes|no|true|false|是的?|否|不是|对|错)";

  private static final Pattern ALONE = Pattern.compile("(?i)" + WORD + "[.!]?");

  private static final Pattern REASONED =
      Pattern.compile(
          "(?is)%s(?:[,.;:!] *| - | ?\\(|\\s*\\n\\s*| (?=(?:because|since|as|due to)\\b))(?=[\"']?\\p{L})(.+)"
              .formatted(WORD));

  private static final Pattern HEDGE =
      Pattern.compile(
          "(?i)(?<!\\p{L})(?:or|but|maybe|perhaps|possibly|probably|however|although|though"
              + "|actually|wait|unless|sometimes|unsure|both|neither)(?!\\p{L})|[?或但~❌✗✘]|^(?:wrong|incorrect)[)\\].!]*$");

  private static final Pattern DENIAL =
      Pattern.compile("(?i)(?<!\\p{L})(?:not|no|false|never|none)(?!\\p{L})|n't(?!\\p{L})|[不没否错非]");

  private static final Pattern ASSENT =
      Pattern.compile("(?i)(?<!\\p{L})(?:yes|true)(?!\\p{L})|是的|[对]");

  private YesNo() {}

  /** Whether the answer is the truth's word alone or with a reason for it. */
  static boolean isSame(String answer, String truth) {
    Matcher right = ALONE.matcher(truth);
    Matcher said = REASONED.matcher(answer);
    Matcher alone = ALONE.matcher(answer);
    if (right.matches() && alone.matches()) {
      return word(right).equals(word(alone));
    }
    if (!right.matches() || !said.matches() || !word(right).equals(word(said))) {
      return false;
    }
    boolean assent = word(right).matches("yes|true|是|对");
    String reason = said.group(2);
    return !HEDGE.matcher(reason).find() && !(assent ? DENIAL : ASSENT).matcher(reason).find();
  }

  private static String word(Matcher word) {
    return word.group(1).toLowerCase(Locale.ROOT).replace("是的", "是");
  }
}
