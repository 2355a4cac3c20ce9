package io.relook.jobs;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The places where reasoning may be cut: after each of its sentences, the last one included. A
 * sentence ends with a full stop, a mark of exclamation or question before a space, or with its
 * line (our choice). An ellipsis within a line, a decimal point and a number of a list end none; an
 * abbreviation's full stop is taken for an end.
 */
final class ReasoningCut {
  /** Spaces up to the line's end belong to it: tokenizers join them with the full stop. */
  private static final Pattern END =
      Pattern.compile("(?:(?<!\\.)\\.|[!?])[\"')\\]]*(?:\\s*\\n+|(?=\\s|$))|\\s*\\n+");

  /** What is no sentence: nothing, or a list's number. */
  private static final Pattern NONE = Pattern.compile("\\s*(?:\\d+\\.)?\\s*");

  /** Tokens up to the end of each sentence. */
  private final List<Integer> ends = new ArrayList<>();

  /**
   * @param lengths characters that the first 1, 2, 3 … tokens make, of at least one
   */
  ReasoningCut(String reasoning, int[] lengths) {
    int said = 0;
    Matcher end = END.matcher(reasoning);
    while (end.find()) {
      if (!NONE.matcher(reasoning.substring(said, end.end())).matches()) {
        said = end.end();
        if (!reasoning.substring(said).isBlank()) {
          add(tokens(lengths, said));
        }
      }
    }
    add(lengths.length);
  }

  private void add(int tokens) {
    if (tokens > (ends.isEmpty() ? 0 : ends.get(ends.size() - 1))) {
      ends.add(tokens);
    }
  }

  /** As many as make at most so many characters. */
  private static int tokens(int[] lengths, int characters) {
    int count = lengths.length;
    while (count > 0 && lengths[count - 1] > characters) {
      count--;
    }
    return count;
  }

  List<Integer> ends() {
    return List.copyOf(ends);
  }

  /** The tokens up to one of the ends, any as likely as another. */
  int byHash(String trajectoryId) {
    long hash = Long.parseLong(trajectoryId.substring(0, 8), 16);
    return ends.get((int) (hash % ends.size()));
  }

  /** The tokens up to the end of the sentence with the greatest mean, the first of equals. */
  int afterGreatest(double[] values) {
    int best = 0;
    for (int i = 1; i < ends.size(); i++) {
      best = mean(values, i) > mean(values, best) ? i : best;
    }
    return ends.get(best);
  }

  /**
   * The tokens before the sentence with the least mean, the first of equals. The first sentence is
   * not asked: nothing stands before it.
   */
  int beforeLeast(double[] values) {
    int best = Math.min(1, ends.size() - 1);
    for (int i = 2; i < ends.size(); i++) {
      best = mean(values, i) < mean(values, best) ? i : best;
    }
    return ends.get(Math.max(0, best - 1));
  }

  private double mean(double[] values, int sentence) {
    int from = sentence == 0 ? 0 : ends.get(sentence - 1);
    double sum = 0;
    for (int i = from; i < ends.get(sentence); i++) {
      sum += values[i];
    }
    return sum / (ends.get(sentence) - from);
  }
}
