package io.relook.rewards;

import java.text.Normalizer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Whether an answer is the right one: equal numbers (2, 2.0, 1/2, 50 %), else equal words whatever
 * their case, first article, spaces and closing punctuation. Never by being contained: an empty
 * answer and "A or B" are wrong. Time grows with the text's length, not faster.
 */
public final class Verifier {
  /** Longer answers are right only where they are the truth to the letter. */
  private static final int LONGEST = 1000;

  private static final List<String> ARTICLES = List.of("a ", "an ", "the ");

  private Verifier() {}

  /** What stands in the only pair of answer tags; empty where there is none, or more than one. */
  public static Optional<String> answer(String text) {
    List<Template.Tag> tags =
        Template.tags(text).stream().filter(t -> t.word().endsWith("answer>")).toList();
    if (tags.size() != 2
        || !tags.get(0).word().equals("<answer>")
        || !tags.get(1).word().equals("</answer>")) {
      return Optional.empty();
    }
    String answer = text.substring(tags.get(0).end(), tags.get(1).start()).strip();
    return answer.isEmpty() ? Optional.empty() : Optional.of(answer);
  }

  public static boolean isRight(String answer, String truth) {
    String ours = answer.strip();
    String theirs = truth.strip();
    if (ours.isEmpty() || ours.equals(theirs)) {
      return !ours.isEmpty();
    }
    if (ours.length() > LONGEST || theirs.length() > LONGEST) {
      return false;
    }
    Optional<Quantity> number = Quantity.parse(ours);
    Optional<Quantity> right = Quantity.parse(theirs);
    if (number.isPresent() && right.isPresent()) {
      return number.get().isNearly(right.get());
    }
    String words = words(ours);
    return !words.isEmpty() && words.equals(words(theirs));
  }

  private static String words(String text) {
    StringBuilder words = new StringBuilder();
    Normalizer.normalize(text, Normalizer.Form.NFC)
        .toLowerCase(Locale.ROOT)
        .codePoints()
        .forEach(
            c -> {
              if (!Character.isWhitespace(c) && !Character.isSpaceChar(c)) {
                words.appendCodePoint(c);
              } else if (words.length() > 0 && words.charAt(words.length() - 1) != ' ') {
                words.append(' ');
              }
            });
    int end = words.length();
    while (end > 0 && ".!?;: ".indexOf(words.charAt(end - 1)) >= 0) {
      end--;
    }
    String bare = words.substring(0, end);
    return ARTICLES.stream()
        .filter(bare::startsWith)
        .findFirst()
        .map(article -> bare.substring(article.length()))
        .orElse(bare);
  }
}
