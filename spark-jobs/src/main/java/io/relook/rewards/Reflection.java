package io.relook.rewards;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Whether a reflection says something of its own (our choice): at least {@value #FEWEST} different
 * words that stand neither in the question, nor in the thinking before it, nor in the answer; and
 * more than half of its runs of three words are different. So an empty reflection, a copied
 * question, copied thinking, the bare answer and the same again and again are none. A stock phrase
 * passes: text alone cannot tell it from a look.
 */
final class Reflection {
  private static final int FEWEST = 2;
  private static final int RUN = 3;

  private Reflection() {}

  static boolean isOwn(String reflection, String question, String before, String answer) {
    List<String> words = words(reflection);
    Set<String> own = new HashSet<>(words);
    for (String copied : new String[] {question, before, answer}) {
      words(copied).forEach(own::remove);
    }
    return own.size() >= FEWEST && !isRepetition(words);
  }

  private static boolean isRepetition(List<String> words) {
    int runs = words.size() - RUN + 1;
    Set<List<String>> different = new HashSet<>();
    for (int at = 0; at < runs; at++) {
      different.add(words.subList(at, at + RUN));
    }
    return runs > 0 && 2 * different.size() <= runs;
  }

  /** Runs of letters and digits in lower case; an ideograph is a word. */
  private static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    text.toLowerCase(Locale.ROOT)
        .codePoints()
        .forEach(
            c -> {
              boolean letter = Character.isLetterOrDigit(c);
              if (word.length() > 0 && (!letter || Character.isIdeographic(c))) {
                words.add(word.toString());
                word.setLength(0);
              }
              if (letter && Character.isIdeographic(c)) {
                words.add(Character.toString(c));
              } else if (letter) {
                word.appendCodePoint(c);
              }
            });
    if (word.length() > 0) {
      words.add(word.toString());
    }
    return words;
  }
}
