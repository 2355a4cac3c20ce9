package io.relook.model.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.relook.model.checkpoint.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Rows as one sequence of tokens without padding, as {@code torchscript/text.py} runs them: rows
 * that begin with the same prompt share it. A root is a sequence from position 0 on; a branch goes
 * on where its root ends and sees the root and itself.
 */
final class Pack {
  /** A prompt and what follows it. */
  record Row(Prompt prompt, int[] rest) {
    /** A completion behind its prompt; nothing asks what follows its last token. */
    static Row of(Prompt prompt, int[] completion) {
      return new Row(prompt, Arrays.copyOf(completion, Math.max(0, completion.length - 1)));
    }
  }

  /** Where a row's tokens lie: {@code shared} from {@code root} on, the others from {@code own}. */
  private record Place(int root, int shared, int own) {
    long of(int token) {
      return token < shared ? root + token : own + token - shared;
    }
  }

  /** Consecutive tokens of the pack. */
  private record Span(int from, int length) {}

  private record Branch(Span own, Span root) {}

  /** Below it a root or branch goes to another group than the longest's. Our choice. */
  private static final double LEAST_OF_LONGEST = 0.9;

  private final Place[] rows;
  private final List<Span> roots = new ArrayList<>();
  private final List<Branch> branches = new ArrayList<>();

  /** Of each root, the token that its first completion follows. */
  private final List<Integer> asked = new ArrayList<>();

  private final long[] ids;
  private final long[] positions;
  private final Map<PictureGrid, Integer> pictures = new LinkedHashMap<>();
  private final List<Long> at = new ArrayList<>();
  private final List<Long> from = new ArrayList<>();

  private Pack(List<Row> all, ModelConfig config) {
    Map<Prompt, List<Integer>> families = families(all);
    int count = tokens(all);
    rows = new Place[all.size()];
    ids = new long[count];
    positions = new long[3 * count];
    Writer writer = new Writer(config);
    families.forEach(
        (prompt, family) -> {
          boolean alone = family.size() == 1;
          Prompt whole = alone ? prompt.plus(all.get(family.get(0)).rest) : prompt;
          Span root = writer.write(whole, 0);
          roots.add(root);
          asked.add(prompt.length() - 1);
          family.forEach(row -> rows[row] = new Place(root.from, root.length, 0));
        });
    int root = 0;
    for (List<Integer> family : families.values()) {
      for (int row : family) {
        int[] rest = all.get(row).rest;
        if (family.size() > 1 && rest.length > 0) {
          Span branch = writer.write(all.get(row).prompt.plus(rest), roots.get(root).length);
          rows[row] = new Place(rows[row].root, rows[row].shared, branch.from);
          branches.add(new Branch(branch, roots.get(root)));
        }
      }
      root++;
    }
  }

  static Pack of(List<Row> rows, ModelConfig config) {
    return new Pack(rows, config);
  }

  /** How many tokens the rows are together when those of one prompt share it. */
  private static int tokens(List<Row> rows) {
    return families(rows).keySet().stream().mapToInt(Prompt::length).sum()
        + rows.stream().mapToInt(row -> row.rest.length).sum();
  }

  private static Map<Prompt, List<Integer>> families(List<Row> rows) {
    Map<Prompt, List<Integer>> families = new LinkedHashMap<>();
    for (int i = 0; i < rows.size(); i++) {
      families.computeIfAbsent(rows.get(i).prompt, prompt -> new ArrayList<>()).add(i);
    }
    return families;
  }

  /** Puts tokens behind those that are there. */
  private final class Writer {
    private final ModelConfig config;
    private final int merge;
    private int next;
    private int embeddings;

    Writer(ModelConfig config) {
      this.config = config;
      this.merge = config.vision().spatialMergeSize();
    }

    /** The tokens from one on. */
    Span write(Prompt tokens, int start) {
      Positions places = Positions.of(tokens.ids(), tokens.pictures(), config);
      Iterator<Long> shown = start == 0 ? embeddingsOf(tokens) : null;
      Span span = new Span(next, tokens.length() - start);
      for (int i = start; i < tokens.length(); i++, next++) {
        ids[next] = tokens.ids()[i];
        for (int axis = 0; axis < 3; axis++) {
          positions[axis * ids.length + next] = places.at(axis, i);
        }
        if (i < tokens.given() && ids[next] == config.imageTokenId()) {
          at.add((long) next);
          from.add(shown.next());
        }
      }
      return span;
    }

    private Iterator<Long> embeddingsOf(Prompt tokens) {
      for (PictureGrid picture : tokens.pictures()) {
        if (pictures.putIfAbsent(picture, embeddings) == null) {
          embeddings += picture.tokens(merge);
        }
      }
      return tokens.pictures().stream()
          .flatMap(p -> LongStream.range(0, p.tokens(merge)).mapToObj(k -> pictures.get(p) + k))
          .iterator();
    }
  }

  /**
   * What a pass over the pack costs.
   *
   * @param keys that are copied for branches where attention is by hand
   * @param scores each head has there
   */
  record Size(
      long tokens,
      long rootCells,
      long branchCells,
      long branchKeyCells,
      long maskCells,
      long keys,
      long scores,
      long patches) {}

  Size size() {
    long queries = 0;
    long keyCells = 0;
    long masks = 0;
    for (List<Branch> group : groups(branches, Branch::own)) {
      long own = cells(spans(group));
      long seen = own + cells(rootsOf(group));
      queries += own;
      keyCells += seen;
      masks += own * seen / group.size();
    }
    long rootCells = groups(roots, Function.identity()).stream().mapToLong(Pack::cells).sum();
    long patches = pictures.keySet().stream().mapToLong(p -> (long) p.height() * p.width()).sum();
    long keys = branches.stream().mapToLong(b -> b.root.length + b.own.length).sum();
    long scores = 0;
    for (Span root : roots) {
      scores += (long) root.length * root.length;
    }
    for (Branch branch : branches) {
      scores += (long) branch.own.length * (branch.root.length + branch.own.length);
    }
    return new Size(ids.length, rootCells, queries, keyCells, masks, keys, scores, patches);
  }

  /** The place of a row's token. */
  long place(int row, int token) {
    return rows[row].of(token);
  }

  /** Of all rows, each once however many rows show it. */
  List<PictureGrid> pictures() {
    return List.copyOf(pictures.keySet());
  }

  /** The places of picture tokens. */
  long[] at() {
    return at.stream().mapToLong(Long::longValue).toArray();
  }

  /** Which of the pictures' embeddings stands at each of them. */
  long[] from() {
    return from.stream().mapToLong(Long::longValue).toArray();
  }

  /** (N). */
  NDArray ids(NDManager scope) {
    return scope.create(ids);
  }

  /** (3, N). */
  NDArray positions(NDManager scope) {
    return scope.create(positions, new Shape(3, ids.length));
  }

  /** back, then places, keys and lengths of each group: see {@code text.py}. */
  NDList layout(NDManager scope) {
    long[] back = new long[ids.length];
    NDList attention = new NDList();
    int rows = 0;
    for (List<Span> group : groups(roots, Function.identity())) {
      attention.add(rectangle(scope, group, longest(group)));
      attention.add(scope.create(new long[0], new Shape(0, 0)));
      attention.add(scope.create(new long[0]));
      rows = tell(back, group, rows);
    }
    for (List<Branch> group : groups(branches, Branch::own)) {
      List<Span> spans = spans(group);
      int longest = longest(spans);
      int seen = longest(rootsOf(group));
      long[] keys = new long[group.size() * (seen + longest)];
      for (int r = 0; r < group.size(); r++) {
        fill(keys, r * (seen + longest), group.get(r).root);
        fill(keys, r * (seen + longest) + seen, group.get(r).own);
      }
      attention.add(rectangle(scope, spans, longest));
      attention.add(scope.create(keys, new Shape(group.size(), seen + longest)));
      attention.add(scope.create(rootsOf(group).stream().mapToLong(Span::length).toArray()));
      rows = tell(back, spans, rows);
    }
    return new NDList(scope.create(back)).addAll(attention);
  }

  /** Of each root, then of each branch: {@code spans} in {@code attention.py}. */
  long[] spans() {
    return LongStream.concat(
            IntStream.range(0, roots.size())
                .mapToObj(
                    i -> LongStream.of(roots.get(i).from, roots.get(i).length, 0, 0, asked.get(i)))
                .flatMapToLong(Function.identity()),
            branches.stream()
                .flatMapToLong(
                    b -> LongStream.of(b.own.from, b.own.length, b.root.from, b.root.length, 0)))
        .toArray();
  }

  /** Tokens of the longest row. */
  int longest() {
    return Math.max(
        longest(roots),
        branches.stream().mapToInt(b -> b.root.length + b.own.length).max().orElse(0));
  }

  /** Of similar length: the shortest of a group has most of the longest's. */
  private static <T> List<List<T>> groups(List<T> all, Function<T, Span> span) {
    List<T> sorted = new ArrayList<>(all);
    sorted.sort(Comparator.comparingInt((T one) -> span.apply(one).length).reversed());
    List<List<T>> groups = new ArrayList<>();
    double least = Double.POSITIVE_INFINITY;
    for (T one : sorted) {
      int length = span.apply(one).length;
      if (groups.isEmpty() || length < least) {
        groups.add(new ArrayList<>());
        least = LEAST_OF_LONGEST * length;
      }
      groups.get(groups.size() - 1).add(one);
    }
    return groups;
  }

  private static List<Span> spans(List<Branch> group) {
    return group.stream().map(Branch::own).toList();
  }

  private static List<Span> rootsOf(List<Branch> group) {
    return group.stream().map(Branch::root).toList();
  }

  private static long cells(List<Span> spans) {
    return (long) spans.size() * longest(spans);
  }

  private static NDArray rectangle(NDManager scope, List<Span> spans, int width) {
    long[] places = new long[spans.size() * width];
    for (int i = 0; i < spans.size(); i++) {
      fill(places, i * width, spans.get(i));
    }
    return scope.create(places, new Shape(spans.size(), width));
  }

  private static void fill(long[] places, int at, Span span) {
    for (int k = 0; k < span.length; k++) {
      places[at + k] = span.from + k;
    }
  }

  /** From a row on; returns the row behind. */
  private static int tell(long[] back, List<Span> spans, int first) {
    int width = longest(spans);
    for (int i = 0; i < spans.size(); i++) {
      for (int k = 0; k < spans.get(i).length; k++) {
        back[spans.get(i).from + k] = first + (long) i * width + k;
      }
    }
    return first + spans.size() * width;
  }

  private static int longest(List<Span> spans) {
    return spans.stream().mapToInt(Span::length).max().orElse(0);
  }
}
