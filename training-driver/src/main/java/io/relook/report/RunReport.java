package io.relook.report;

import java.util.List;
import java.util.Map;

/**
 * What the page shows of a run.
 *
 * @param notes what was left out or could not be done, and why
 * @param pictures by their ids, each once
 */
record RunReport(
    String run,
    String startedAt,
    List<String> notes,
    List<Setting> recipe,
    List<Section> sections,
    List<Chart> charts,
    List<Group> groups,
    Map<String, Picture> pictures) {

  /** A value of the preset; the key is a path such as {@code grpo.steps}. */
  record Setting(String key, String value) {}

  /**
   * A table.
   *
   * @param rows cells: texts, numbers, intervals, null
   */
  record Section(String name, String note, List<String> columns, List<List<Object>> rows) {}

  /** A rate between the ends of its 95 % interval. */
  record Interval(double low, double rate, double high) {}

  /** Figures by step. */
  record Chart(String stage, String name, List<Line> lines) {}

  /** A line of a chart; a figure that a step lacks is not in it. */
  record Line(String name, List<Integer> steps, List<Double> values) {}

  /**
   * Samples of one question, side by side: of one step of a phase, or the answers of all policies
   * that were evaluated.
   *
   * @param answer the right one, null where it is not known
   * @param why it was chosen
   */
  record Group(
      String phase,
      int iteration,
      int step,
      String queryId,
      String question,
      String answer,
      String source,
      List<String> pictures,
      List<String> why,
      List<Sample> samples) {
    Group with(List<Sample> others) {
      return new Group(
          phase, iteration, step, queryId, question, answer, source, pictures, why, others);
    }
  }

  /**
   * A trajectory.
   *
   * @param given how many of the pieces were given to the model, to go on from
   * @param tokens sampled ones; fewer are shown where {@code shown} is less
   * @param advantage in GRPO, the same for all its tokens; null where it was not trained on
   * @param attention null where it is not known
   */
  record Sample(
      String trajectoryId,
      int iteration,
      int step,
      int number,
      String policy,
      String finish,
      String error,
      double temperature,
      int given,
      List<Piece> pieces,
      int tokens,
      int shown,
      Double advantage,
      Reward reward,
      Attention attention) {
    Sample with(Attention other) {
      return new Sample(
          trajectoryId,
          iteration,
          step,
          number,
          policy,
          finish,
          error,
          temperature,
          given,
          pieces,
          tokens,
          shown,
          advantage,
          reward,
          other);
    }
  }

  /**
   * The text of a token, or of several where a character's bytes lie in them.
   *
   * @param logProb the sampler's, the sum over the tokens; null where they were given
   * @param reflection whether it lies in a reflection, the tags included
   */
  record Piece(String text, int tokens, Double logProb, boolean reflection) {}

  /** What a trajectory earned; a part is null where the reason says why. */
  record Reward(
      Double format,
      Double accuracy,
      Double reflection,
      Double total,
      String answer,
      String reason,
      List<Own> own) {}

  /** A user's own reward. */
  record Own(String name, Double value, String reason) {}

  /**
   * Attention that the queries of sampled tokens pay to the pictures.
   *
   * @param shares of each token, to all picture tokens together, mean over layers and heads
   * @param grids rows and columns of each picture's tokens; none where there is no map
   * @param most the largest value of the map
   * @param map a byte a picture token and sampled token, base64: 255 is {@code most}
   * @param problem why there is none
   */
  record Attention(
      List<Double> shares, List<List<Integer>> grids, double most, String map, String problem) {
    static Attention none(String problem) {
      return new Attention(List.of(), List.of(), 0, null, problem);
    }
  }

  /** A picture; {@code data} is a data URI, null where the problem says why. */
  record Picture(String data, int width, int height, String problem) {}

  RunReport with(List<Group> kept, Map<String, Picture> pictures, List<String> more) {
    List<String> all = new java.util.ArrayList<>(notes);
    all.addAll(more);
    return new RunReport(run, startedAt, all, recipe, sections, charts, kept, pictures);
  }
}
