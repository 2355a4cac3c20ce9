package io.relook.model.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The rows of packs, dealt to lanes that run side by side, each through all packs, on a share of
 * the engine's threads: threads that share one product wait for each other, and small operations
 * run on one of them. Rows of a pack that share a prompt or pictures stay together. The same packs
 * and lanes give the same bits.
 */
final class Lanes {
  /** Tokens that a lane must have: its gradient is a sum of its own. Our choice. */
  private static final int LEAST_TOKENS = 256;

  /** Values of the lanes' own gradients beyond the first: 1 GiB. Our choice. */
  private static final long MOST_VALUES = 1L << 28;

  /** Tokens that run at once, of those of the largest pack. Our choice. */
  private static final double MOST_AT_ONCE = 1.125;

  /**
   * Tokens of the lane that has most, of the lanes' mean: else threads together are faster. Our
   * choice.
   */
  private static final double MOST_UNEVEN = 1.1;

  /** Rows of a pack that share what they begin with, by their numbers. */
  private record Family(List<Integer> rows, long tokens) {}

  /** What a lane has of a pack. */
  private static final class Part {
    private final List<Integer> rows = new ArrayList<>();
    private long tokens;
  }

  private final List<List<TrainingRow>> packs;

  /** By lane and pack. */
  private final List<List<Part>> dealt;

  private Lanes(List<List<TrainingRow>> packs, List<List<Part>> dealt) {
    this.packs = packs;
    this.dealt = dealt;
  }

  /** At most so many lanes that share the threads out evenly, as long as they are worth it. */
  static Lanes of(List<List<TrainingRow>> packs, int threads, int most) {
    List<List<Family>> families = packs.stream().map(Lanes::families).toList();
    List<Long> tokens =
        families.stream().map(f -> f.stream().mapToLong(Family::tokens).sum()).toList();
    long largest = tokens.stream().mapToLong(Long::longValue).max().orElse(0);
    long all = tokens.stream().mapToLong(Long::longValue).sum();
    int count = (int) Math.max(1, Math.min(most, all / LEAST_TOKENS));
    List<List<Part>> dealt = deal(families, count);
    while (count > 1
        && (threads % count > 0
            || atOnce(dealt) > MOST_AT_ONCE * largest
            || longest(dealt) > MOST_UNEVEN * all / count)) {
      dealt = deal(families, --count);
    }
    return new Lanes(packs, dealt);
  }

  /** So many, worth it or not. */
  static Lanes exactly(List<List<TrainingRow>> packs, int count) {
    return new Lanes(packs, deal(packs.stream().map(Lanes::families).toList(), count));
  }

  /** However many rows there are: one a thread, while their gradients are not too large. */
  static int most(int threads, long learnt) {
    return (int) Math.max(1, Math.min(threads, 1 + MOST_VALUES / Math.max(1, learnt)));
  }

  private static List<Family> families(List<TrainingRow> rows) {
    Map<Object, List<Integer>> alike = new LinkedHashMap<>();
    for (int i = 0; i < rows.size(); i++) {
      Prompt prompt = rows.get(i).prompt();
      Object shared = prompt.pictures().isEmpty() ? prompt : prompt.pictures();
      alike.computeIfAbsent(shared, first -> new ArrayList<>()).add(i);
    }
    return alike.values().stream()
        .map(family -> new Family(family, tokens(rows, family)))
        .sorted(Comparator.comparingLong(Family::tokens).reversed())
        .toList();
  }

  private static long tokens(List<TrainingRow> rows, List<Integer> family) {
    long prompts =
        family.stream().map(i -> rows.get(i).prompt()).distinct().mapToLong(Prompt::length).sum();
    return prompts + family.stream().mapToLong(i -> rows.get(i).completion().length).sum();
  }

  /** Pack by pack, the longest family first, each to the lane that has least so far. */
  private static List<List<Part>> deal(List<List<Family>> packs, int lanes) {
    List<List<Part>> dealt = new ArrayList<>();
    IntStream.range(0, lanes).forEach(lane -> dealt.add(new ArrayList<>()));
    long[] tokens = new long[lanes];
    for (List<Family> pack : packs) {
      dealt.forEach(parts -> parts.add(new Part()));
      for (Family family : pack) {
        int lane = least(tokens);
        Part part = dealt.get(lane).get(dealt.get(lane).size() - 1);
        part.rows.addAll(family.rows);
        part.tokens += family.tokens;
        tokens[lane] += family.tokens;
      }
      dealt.forEach(parts -> parts.get(parts.size() - 1).rows.sort(null));
    }
    return dealt;
  }

  /** The first of those that have least. */
  static int least(long[] loads) {
    int least = 0;
    for (int other = 1; other < loads.length; other++) {
      least = loads[other] < loads[least] ? other : least;
    }
    return least;
  }

  /** At most, whatever pack each lane has come to. */
  private static long atOnce(List<List<Part>> dealt) {
    return dealt.stream()
        .mapToLong(parts -> parts.stream().mapToLong(part -> part.tokens).max().orElse(0))
        .sum();
  }

  /** Tokens of the lane that has most. */
  private static long longest(List<List<Part>> dealt) {
    return dealt.stream()
        .mapToLong(parts -> parts.stream().mapToLong(part -> part.tokens).sum())
        .max()
        .orElse(0);
  }

  int count() {
    return dealt.size();
  }

  /** A lane's rows of a pack, in the order in which they were given; may be none. */
  List<TrainingRow> rows(int lane, int pack) {
    return dealt.get(lane).get(pack).rows.stream().map(packs.get(pack)::get).toList();
  }

  /**
   * Values of the targets of a pack's rows in the order in which these were given, of those of each
   * lane.
   */
  float[] join(int pack, List<float[]> values) {
    List<TrainingRow> rows = packs.get(pack);
    int[] starts = new int[rows.size() + 1];
    for (int i = 0; i < rows.size(); i++) {
      starts[i + 1] = starts[i] + rows.get(i).completion().length;
    }
    float[] joined = new float[starts[rows.size()]];
    for (int lane = 0; lane < count(); lane++) {
      int from = 0;
      for (int row : dealt.get(lane).get(pack).rows) {
        int length = starts[row + 1] - starts[row];
        System.arraycopy(values.get(lane), from, joined, starts[row], length);
        from += length;
      }
    }
    return joined;
  }
}
