package io.relook.report;

import io.relook.model.text.Tags;
import io.relook.model.text.TextProcessor;
import io.relook.report.RunReport.Piece;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Tokens as pieces of text that join to the whole: a character whose bytes lie in several tokens is
 * one piece, and so is a token without text of its own with what follows it.
 */
final class TokenPieces {
  /** How the tokenizer shows bytes that are no character yet. */
  private static final String OPEN = "\uFFFD";

  private final TextProcessor text;

  TokenPieces(TextProcessor text) {
    this.text = text;
  }

  /**
   * @param logProbs one a token, or none where the tokens were given
   */
  List<Piece> of(List<Integer> ids, List<Float> logProbs) {
    List<Piece> pieces = new ArrayList<>();
    int from = 0;
    double sum = 0;
    for (int i = 0; i < ids.size(); i++) {
      sum += logProbs.isEmpty() ? 0 : logProbs.get(i);
      String piece = decode(ids.subList(from, i + 1));
      boolean last = i + 1 == ids.size();
      if (last || !piece.isEmpty() && !piece.endsWith(OPEN)) {
        pieces.add(new Piece(piece, i + 1 - from, logProbs.isEmpty() ? null : sum, false));
        from = i + 1;
        sum = 0;
      }
    }
    return pieces;
  }

  /**
   * What stands behind the last turn's head in a prompt: what the model was given to go on from.
   */
  List<Integer> given(List<Integer> promptIds) {
    int turn = promptIds.lastIndexOf(text.control("<|im_start|>"));
    for (int i = turn + 1; turn >= 0 && i < promptIds.size(); i++) {
      if (decode(promptIds.subList(i, i + 1)).endsWith("\n")) {
        return promptIds.subList(i + 1, promptIds.size());
      }
    }
    return List.of();
  }

  /**
   * The pieces with those marked that a reflection touches; one that does not end goes to the end.
   */
  static List<Piece> marked(List<Piece> pieces) {
    StringBuilder all = new StringBuilder();
    pieces.forEach(piece -> all.append(piece.text()));
    List<Piece> marked = new ArrayList<>();
    int at = 0;
    int begins = all.indexOf(Tags.REFLECTION);
    int ends = end(all, begins);
    for (Piece piece : pieces) {
      int after = at + piece.text().length();
      while (begins >= 0 && ends <= at) {
        begins = all.indexOf(Tags.REFLECTION, ends);
        ends = end(all, begins);
      }
      boolean within = begins >= 0 && begins < after && at < ends;
      marked.add(new Piece(piece.text(), piece.tokens(), piece.logProb(), within));
      at = after;
    }
    return marked;
  }

  /** Of each token, whether it lies in a reflection. */
  boolean[] reflection(List<Integer> ids) {
    boolean[] within = new boolean[ids.size()];
    int at = 0;
    for (Piece piece : marked(of(ids, List.of()))) {
      Arrays.fill(within, at, at + piece.tokens(), piece.reflection());
      at += piece.tokens();
    }
    return within;
  }

  private static int end(StringBuilder all, int begins) {
    int ends = begins < 0 ? -1 : all.indexOf(Tags.REFLECTION_END, begins);
    return ends < 0 ? all.length() : ends + Tags.REFLECTION_END.length();
  }

  private String decode(List<Integer> ids) {
    return text.decode(ids.stream().mapToInt(Integer::intValue).toArray(), false);
  }
}
