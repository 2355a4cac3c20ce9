package io.relook.jobs;

import io.relook.model.text.TextProcessor;
import io.relook.preset.Preset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Whole reasonings → what of each stands before a second look. */
final class PreReasoning {
  private final GivenTokens tokens;
  private final TextProcessor text;

  /** {@code tokens} and {@code text} of the policy that reasoned. */
  PreReasoning(GivenTokens tokens, TextProcessor text) {
    this.tokens = tokens;
    this.text = text;
  }

  /**
   * @param prompt with its pictures' tokens
   * @param reasoning of at least one token
   */
  record Whole(List<String> imageIds, int[] prompt, int[] reasoning) {}

  /** By trajectory, in their order; without those that the policy cannot compute again. */
  Map<String, int[]> cut(Map<String, Whole> all, Preset.Cut where) {
    Map<String, double[]> values =
        switch (where) {
          case UNCERTAIN -> tokens.entropies(asked(all));
          case ATTENTION -> tokens.attention(asked(all));
          default -> Map.of();
        };
    Map<String, int[]> cuts = new LinkedHashMap<>();
    all.forEach(
        (id, whole) -> {
          boolean blind = where == Preset.Cut.ATTENTION && whole.imageIds.isEmpty();
          if (where == Preset.Cut.END || blind) {
            cuts.put(id, whole.reasoning);
          } else if (where == Preset.Cut.SENTENCE || values.containsKey(id)) {
            cuts.put(id, cut(id, whole.reasoning, where, values.get(id)));
          }
        });
    return cuts;
  }

  private int[] cut(String id, int[] reasoning, Preset.Cut where, double[] values) {
    ReasoningCut places = new ReasoningCut(text.decode(reasoning), text.lengths(reasoning));
    int length =
        switch (where) {
          case SENTENCE -> places.byHash(id);
          case UNCERTAIN -> places.afterGreatest(values);
          case ATTENTION -> places.beforeLeast(values);
          case END -> reasoning.length;
        };
    return Arrays.copyOf(reasoning, length);
  }

  private static List<GivenTokens.Asked> asked(Map<String, Whole> all) {
    List<GivenTokens.Asked> asked = new ArrayList<>();
    all.forEach(
        (id, whole) ->
            asked.add(
                new GivenTokens.Asked(id, whole.imageIds, false, whole.prompt, whole.reasoning)));
    return asked;
  }
}
