package io.relook.rewards;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The words with which an answer is announced: {@code The answer is}, {@code Final answer:}, {@code
 * 答案是}, {@code ≈}, {@code =}. Nothing is looked for inside a text: what is left when the
 * announcement is taken must be the whole answer, so {@code The answer is not A} is {@code not A}.
 */
final class Phrase {
  private static final int FLAGS = Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE;

  /** {@code So the final answer is}, {@code Correct option:}, {@code My answer =}. */
  private static final Pattern ENGLISH =
      Pattern.compile(
          "^(?:(?:so|thus|hence|therefore|then|finally|in conclusion|consequently|overall)[, ]+)*"
              + "(?:(?:the|my|our|your|this) )?(?:(?:final|correct|right|best|most likely) )*"
              + "(?:answer|option|choice|result|solution(?: set)?)"
              + "(?: to (?:the|this) (?:question|problem)| here)?(?: (?:choice|option))?"
              + " ?(?:(?:is|are|would be|should be|must be|will be)(?![\\p{L}\\p{N}'])|[:=]|\\s*\\n)"
              + "(?: ?[:=])?(?: (?:simply|therefore|thus|clearly|just)(?= ))? *",
          FLAGS);

  /** {@code It is}, {@code There are}, {@code I choose}, {@code Ans.}. */
  private static final Pattern SAID =
      Pattern.compile(
          "^(?:(?:so|thus|hence|therefore)[, ]+)?"
              + "(?:it(?: is|'s)|this is|that(?: is|'s)|there (?:is|are)|they are"
              + "|(?:i|we)(?: would|'d)? (?:choose|pick|go with|select|say|see|count|get|have|find)"
              + "|i (?:think|believe)(?: (?:that )?it is)?"
              + "|(?:ans|answer)\\.? ?[:=]|ans\\.) +",
          FLAGS);

  /** {@code Therefore,}, {@code So} before a number or a formula. */
  private static final Pattern HENCE =
      Pattern.compile(
          "^(?:(?:so|thus|hence|therefore|consequently|finally|overall|in conclusion)"
              + "(?:, *| +(?=[-+]?[\\d.\\\\$]|[a-z] ?=))|(?:因此|所以|故|综上(?:所述)?), *)",
          FLAGS);

  /** {@code The value of x is}: no answer, which {@link #ENGLISH} takes, and no number. */
  private static final Pattern SUBJECT =
      Pattern.compile(
          "^the (?![^=]*(?:answer|option|choice|solution|letter))[\\p{L}][\\p{L}' ]{0,60}? (?:is|are|equals) +",
          FLAGS);

  private static final Pattern OTHER =
      Pattern.compile(
          "^(?:(?:因此|所以|故|综上(?:所述)?),? ?)?(?:(?:最终|最后|正确)的?)?"
              + "(?:答案|选项|结果)(?:应?该?(?:是|为|选)|[:=])(?: ?[:=])? *"
              + "|^[答解]: *"
              + "|^(?:我|应该|应|故|所以)?选(?:择|项)?(?:是|为)? ?:? *(?=[(\\[]?[A-Z](?![\\p{L}&&[^\\p{IsHan}]]))"
              + "|^(?:最終)?(?:正解|答え|解答|回答)(?:は|[:=]) *"
              + "|^(?:최종 ?)?(?:정답|답)(?:은|[:=]) *"
              + "|^(?:la )?r(?:é|e)ponse(?: finale| correcte)?(?: est| ?:) +"
              + "|^(?:la )?respuesta(?: final| correcta)?(?: es| ?:) +"
              + "|^(?:die )?(?:richtige |endgültige )?antwort(?: ist| lautet)?(?: ?:| ) *"
              + "|^(?:a )?resposta(?: final| correta)?(?: é| ?:) +"
              + "|^(?:правильный )?ответ ?[:-] +",
          FLAGS);

  /** Signs in front of a result. */
  private static final Pattern SIGN =
      Pattern.compile(
          "^(?:[=≈≃≅≒∴→⇒:✓✔✅☑]\uFE0F?|=>|->|\\\\(?:therefore|implies|[Rr]ightarrow)(?!\\p{L})) *");

  /** Words and signs of a number that is near. */
  private static final Pattern NEAR =
      Pattern.compile(
          "^(?:(?:approximately|approx\\.?|about|around|roughly|circa|ca\\.|nearly|大约|大概|约为?|およそ|約)"
              + "|~|\\\\(?:approx|simeq|sim|cong)(?!\\p{L})) *(?=[-+]?[\\d.\\\\$€£¥₹])",
          FLAGS);

  /** {@code B is the correct answer}. */
  private static final Pattern BEHIND =
      Pattern.compile(
          " (?:is|are) (?:the |my )?(?:(?:final|correct|right|best) )*(?:answer|option|choice)$",
          FLAGS);

  /** What may stand between the announcement and a box at the end. */
  private static final Pattern BOX =
      Pattern.compile("^(.*?)[\\s$(\\[\\\\]*\\\\(?:boxed|fbox) ?\\{", Pattern.DOTALL);

  private static final Pattern ANNOUNCES =
      Pattern.compile("(?:^|[^\\p{L}])(?:is|are|be|get|have|obtain)$|(?<![!<>])[=:≈为是]$", FLAGS);

  private static final Pattern HEDGES =
      Pattern.compile(
          "(?:^|[^\\p{L}])(?:or|not|no|never|nor|neither|either|maybe|unlikely|wrong|incorrect|false|if|unless|than|except|what)(?![\\p{L}])"
              + "|n't(?![\\p{L}])|\\\\(?:boxed|fbox)|[不或非]",
          FLAGS);

  private Phrase() {}

  /** Without it; the text itself where nothing would be left. */
  static String removed(String text) {
    String rest = text;
    for (Pattern phrase : new Pattern[] {ENGLISH, HENCE, SAID, OTHER, SIGN, NEAR}) {
      Matcher front = phrase.matcher(rest);
      rest = front.lookingAt() ? rest.substring(front.end()).strip() : rest;
    }
    rest = BEHIND.matcher(rest).replaceFirst("");
    rest = rest.isEmpty() ? text : rest;
    return box(rest);
  }

  /**
   * What a sentence says of its subject: {@code The area is 24 cm²}; empty where the text is none
   * such. Of an answer alone, for the truth need not speak of the same subject.
   */
  static Optional<String> predicate(String text) {
    Matcher subject = SUBJECT.matcher(text);
    return subject.lookingAt() && !HEDGES.matcher(subject.group()).find()
        ? Optional.of(Wrapping.removed(text.substring(subject.end())))
        : Optional.empty();
  }

  /** {@code The colour is \boxed{red}}: the box, where it is the only one and ends the text. */
  private static String box(String text) {
    if (text.indexOf("box") < 0) {
      return text;
    }
    Matcher box = BOX.matcher(text);
    if (!box.find() || box.group(1).isBlank()) {
      return text;
    }
    int close = Wrapping.close(text, box.end());
    String before = box.group(1).strip();
    return close > 0
            && text.substring(close + 1).matches("[\\s$.,;!)\\]\\\\]*")
            && ANNOUNCES.matcher(before).find()
            && !HEDGES.matcher(before).find()
        ? text.substring(box.end(), close)
        : text;
  }
}
