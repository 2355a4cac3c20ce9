package io.relook.model.engine;

import static java.util.Objects.requireNonNull;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * How tokens are drawn, in transformers' order: repetition penalty, temperature, top-k, top-p,
 * min-p.
 *
 * @param temperature 0 is greedy; else logits are divided by it
 * @param topK only so many likeliest tokens; 0 for all
 * @param topP the smallest set of tokens whose probability reaches it, in (0, 1]; 1 for all
 * @param minP tokens at least so likely relative to the likeliest, in [0, 1); 0 for all
 * @param repetitionPenalty of tokens in prompt and completion, above 0; 1 for none
 * @param stopTokenIds tokens that end the completion; the token is part of it
 * @param stopStrings texts that end the completion; the text is part of it
 * @param minNewTokens stop tokens cannot be drawn before so many tokens
 * @param maxNewTokens the completion's longest length, at least 1
 */
public record Sampling(
    double temperature,
    int topK,
    double topP,
    double minP,
    double repetitionPenalty,
    List<Integer> stopTokenIds,
    List<String> stopStrings,
    int minNewTokens,
    int maxNewTokens)
    implements Serializable {
  public Sampling {
    stopTokenIds = List.copyOf(requireNonNull(stopTokenIds, "stopTokenIds"));
    stopStrings = List.copyOf(requireNonNull(stopStrings, "stopStrings"));
    List<String> problems = new ArrayList<>();
    require(
        problems, temperature >= 0 && temperature <= 100, "temperature in [0, 100]", temperature);
    require(problems, topK >= 0, "topK at least 0", topK);
    require(problems, topP > 0 && topP <= 1, "topP in (0, 1]", topP);
    require(problems, minP >= 0 && minP < 1, "minP in [0, 1)", minP);
    require(
        problems,
        repetitionPenalty > 0 && repetitionPenalty <= 100,
        "repetitionPenalty in (0, 100]",
        repetitionPenalty);
    require(problems, maxNewTokens >= 1, "maxNewTokens at least 1", maxNewTokens);
    require(
        problems,
        minNewTokens >= 0 && minNewTokens <= maxNewTokens,
        "minNewTokens between 0 and maxNewTokens",
        minNewTokens);
    require(
        problems,
        stopStrings.stream().noneMatch(String::isEmpty),
        "stopStrings without an empty one",
        stopStrings);
    if (!problems.isEmpty()) {
      throw new RelookException(
          Category.CONFIG, "Sampling needs " + String.join("; ", problems) + ".");
    }
  }

  /** Temperature 1 without filters: the policy's own distribution. */
  public static Sampling ofPolicy(int maxNewTokens, List<Integer> stopTokenIds) {
    return new Sampling(1, 0, 1, 0, 1, stopTokenIds, List.of(), 0, maxNewTokens);
  }

  /** The likeliest token at each step. */
  public static Sampling greedy(int maxNewTokens, List<Integer> stopTokenIds) {
    return new Sampling(0, 0, 1, 0, 1, stopTokenIds, List.of(), 0, maxNewTokens);
  }

  /** The same with other tokens that end the completion. */
  public Sampling withStopTokenIds(List<Integer> ids) {
    return new Sampling(
        temperature,
        topK,
        topP,
        minP,
        repetitionPenalty,
        ids,
        stopStrings,
        minNewTokens,
        maxNewTokens);
  }

  boolean isGreedy() {
    return temperature == 0;
  }

  boolean isPenalised() {
    return repetitionPenalty != 1;
  }

  boolean isFiltered() {
    return isPenalised() || topK > 0 || topP < 1 || minP > 0;
  }

  private static void require(List<String> problems, boolean holds, String rule, Object value) {
    if (!holds) {
      problems.add(rule + ", not " + value);
    }
  }
}
