package io.relook.scenes;

import io.relook.scenes.Scene.Bar;
import io.relook.scenes.Scene.Bars;
import io.relook.scenes.Scene.Colour;
import io.relook.scenes.Scene.Shape;
import io.relook.scenes.Scene.Thing;
import io.relook.scenes.Scene.Things;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Generated questions: number n of a seed is a function of the two alone. Thirteen templates, each
 * drawn equally often; a scene is drawn again until its template's question has one right answer.
 */
public final class SceneGenerator {
  /** The templates. */
  public static final List<String> TEMPLATES =
      List.of(
          "count_colour",
          "count_shape",
          "count_all",
          "exists",
          "colour_of",
          "shape_of",
          "more",
          "left_of",
          "above",
          "tallest_bar",
          "bar_value",
          "bar_difference",
          "bars_above");

  /** What is asked in other words: the templates, and whether a colour or a shape is there. */
  private static final List<String> VARIED =
      Stream.concat(TEMPLATES.stream(), Stream.of("exists_colour", "exists_shape")).toList();

  /** What is found of a thing that has not been passed yet. */
  private static final String NONE = "none";

  static final int MOST_THINGS = 6;

  private final long seed;

  public SceneGenerator(long seed) {
    this.seed = seed;
  }

  /** Question number {@code index}. */
  public SceneQuestion question(long index) {
    SplittableRandom random = random(seed, index);
    String template = TEMPLATES.get(random.nextInt(TEMPLATES.size()));
    int difficulty = 1 + random.nextInt(5);
    while (true) {
      Draft draft =
          ofBars(template)
              ? bars(
                  template, Bars.draw(Kit.SCENES, random, Math.min(4, 2 + difficulty / 2)), random)
              : things(
                  template,
                  Things.draw(Kit.SCENES, random, 1 + difficulty),
                  Kit.SCENES,
                  false,
                  random);
      if (draft != null) {
        byte[] png = ScenePainter.png(Kit.SCENES, draft.scene, random);
        return asked(png, template, draft, Wording.own(template, draft.about), difficulty);
      }
    }
  }

  /**
   * Question number {@code index} of those in other words, two of three about other pictures than
   * scenes. For pretraining only.
   */
  public SceneQuestion varied(long index) {
    SplittableRandom random = random(seed ^ 0x5DEECE66DL, index);
    Kit kit = random.nextInt(3) > 0 ? Kit.WIDE : Kit.SCENES;
    while (true) {
      String template = VARIED.get(random.nextInt(VARIED.size()));
      boolean negated = template.startsWith("exists") && random.nextBoolean();
      int most = random.nextBoolean() ? 1 : MOST_THINGS;
      Draft draft =
          ofBars(template)
              ? bars(template, Bars.draw(kit, random, 2 + random.nextInt(3)), random)
              : things(
                  template,
                  Things.draw(kit, random, 1 + random.nextInt(most)),
                  kit,
                  negated,
                  random);
      if (draft != null) {
        byte[] png = ScenePainter.png(kit, draft.scene, random);
        boolean unnamed =
            draft.scene.size() == 1
                && (template.equals("colour_of") || template.equals("shape_of"))
                && random.nextBoolean();
        Draft put = unnamed ? draft.ofTheOnlyThing() : draft;
        String question = Wording.other(template, put.about, negated, random);
        return asked(png, template, put, question, put.scene.size());
      }
    }
  }

  private static SceneQuestion asked(
      byte[] png, String template, Draft draft, String question, int difficulty) {
    return new SceneQuestion(
        png,
        template,
        question,
        draft.answer,
        draft.reasoning,
        draft.look,
        draft.scene.description(),
        difficulty);
  }

  /**
   * What teaches to see: a scene, and one thing of it that is told apart by its shape, its colour,
   * or is a bar. For pretraining only; asked in other words than any question, since no answer in
   * tags follows.
   */
  public record Lesson(byte[] png, String task, String told) {}

  /** Lesson number {@code index}, of at most so many things. */
  public Lesson lesson(long index, int most) {
    SplittableRandom random = random(~seed, index);
    while (true) {
      Kit kit = random.nextBoolean() ? Kit.WIDE : Kit.SCENES;
      if (random.nextInt(3) == 0) {
        Bars scene = Bars.draw(kit, random, 1 + random.nextInt(Math.min(most, 4)));
        Bar one = scene.bars().get(random.nextInt(scene.bars().size()));
        return new Lesson(
            ScenePainter.png(kit, scene, random),
            "Find the " + one.colour().word() + " bar.",
            "The %s bar is %d.".formatted(one.colour().word(), one.height()));
      }
      Things scene = Things.draw(kit, random, 1 + random.nextInt(most));
      Thing one = scene.things().get(random.nextInt(scene.things().size()));
      boolean byShape = random.nextBoolean();
      if (count(
              scene.things(), t -> byShape ? t.shape() == one.shape() : t.colour() == one.colour())
          == 1) {
        return new Lesson(
            ScenePainter.png(kit, scene, random),
            "Find the " + (byShape ? one.shape().word() : one.colour().word() + " thing") + ".",
            "I see a " + one.words() + ".");
      }
    }
  }

  private static SplittableRandom random(long seed, long index) {
    return new SplittableRandom(seed * 0x9E3779B97F4A7C15L + index * 0xD1B54A32D192ED03L);
  }

  private static boolean ofBars(String template) {
    return template.startsWith("bar") || template.startsWith("tallest");
  }

  /**
   * @param about what the question names
   * @param reasoning says what is to be done, and nothing that is seen
   */
  private record Draft(
      Scene scene, List<String> about, String answer, String reasoning, String look) {
    Draft ofTheOnlyThing() {
      String reasoning = "I look for the " + Wording.ONLY + ".";
      return new Draft(scene, List.of(Wording.ONLY), answer, reasoning, look);
    }
  }

  private static Draft things(
      String template, Things scene, Kit kit, boolean negated, SplittableRandom random) {
    List<Thing> all = scene.things();
    Thing one = all.get(random.nextInt(all.size()));
    Thing other = all.get(random.nextInt(all.size()));
    Colour colour = random.nextInt(4) > 0 ? one.colour() : pick(kit.colours(), random);
    Shape shape = random.nextInt(4) > 0 ? one.shape() : pick(kit.shapes(), random);
    switch (template) {
      case "count_colour":
        return counting(scene, colour.word() + " shapes", t -> t.colour() == colour);
      case "count_shape":
        return counting(scene, shape.word() + "s", t -> t.shape() == shape);
      case "count_all":
        return counting(scene, "shapes", t -> true);
      case "exists":
        return existing(
            scene,
            colour.word() + " " + shape.word(),
            t -> t.colour() == colour && t.shape() == shape,
            negated);
      case "exists_colour":
        Colour asked = random.nextBoolean() ? one.colour() : pick(kit.colours(), random);
        return existing(scene, asked.word() + " shape", t -> t.colour() == asked, negated);
      case "exists_shape":
        Shape sought = random.nextBoolean() ? one.shape() : pick(kit.shapes(), random);
        return existing(scene, sought.word(), t -> t.shape() == sought, negated);
      case "colour_of":
        return unique(
            scene,
            t -> t.shape() == one.shape(),
            one.shape().word(),
            one.shape().word(),
            t -> t.colour().word());
      case "shape_of":
        return unique(
            scene,
            t -> t.colour() == one.colour(),
            one.colour().word(),
            one.colour().word() + " thing",
            t -> t.shape().word());
      case "more":
        Shape rival = pick(kit.shapes(), random);
        long mine = count(all, t -> t.shape() == shape);
        long theirs = count(all, t -> t.shape() == rival);
        if (rival == shape || mine == theirs && random.nextInt(4) > 0) {
          return null;
        }
        return draft(
            scene,
            List.of(shape.word(), rival.word()),
            "I count the %ss and the %ss.".formatted(shape.word(), rival.word()),
            seen -> {
              long a = count(seen, t -> t.shape() == shape);
              long b = count(seen, t -> t.shape() == rival);
              return a + " " + b + (a > b ? " yes" : " no");
            });
      case "left_of":
        return order(
            scene,
            one,
            other,
            "left",
            one.column() < other.column(),
            one.column() == other.column());
      default:
        return order(scene, one, other, "above", one.row() < other.row(), one.row() == other.row());
    }
  }

  private static Draft counting(Things scene, String what, Predicate<Thing> counted) {
    return draft(
        scene,
        List.of(what),
        "I count the " + what + ".",
        seen -> Long.toString(count(seen, counted)));
  }

  private static Draft existing(
      Things scene, String wanted, Predicate<Thing> isWanted, boolean negated) {
    return draft(
        scene,
        List.of(wanted),
        "I look for a " + wanted + ".",
        seen -> count(seen, isWanted) > 0 != negated ? "yes" : "no");
  }

  private static Draft unique(
      Things scene,
      Predicate<Thing> isIt,
      String name,
      String thing,
      Function<Thing, String> property) {
    if (count(scene.things(), isIt) != 1) {
      return null;
    }
    return draft(
        scene,
        List.of(name),
        "I look for the " + thing + ".",
        seen -> seen.stream().filter(isIt).map(property).findFirst().orElse(NONE));
  }

  private static Draft order(
      Things scene, Thing one, Thing other, String relation, boolean holds, boolean tie) {
    boolean unclear =
        tie
            || count(scene.things(), t -> t.words().equals(one.words())) != 1
            || count(scene.things(), t -> t.words().equals(other.words())) != 1;
    if (unclear) {
      return null;
    }
    return draft(
        scene,
        List.of(one.words(), other.words()),
        "I see which is more %s.".formatted(relation),
        seen -> seen.contains(one) && seen.contains(other) ? holds ? "yes" : "no" : NONE);
  }

  private static Draft bars(String template, Bars scene, SplittableRandom random) {
    List<Bar> bars = scene.bars();
    Bar one = bars.get(random.nextInt(bars.size()));
    Bar other = bars.get(random.nextInt(bars.size()));
    switch (template) {
      case "tallest_bar":
        Function<List<Bar>, Bar> tallest =
            seen -> seen.stream().reduce((a, b) -> b.height() > a.height() ? b : a).orElseThrow();
        return count(bars, b -> b.height() == tallest.apply(bars).height()) > 1
            ? null
            : draft(
                scene,
                List.of(),
                "I compare the bars.",
                seen -> tallest.apply(seen).colour().word());
      case "bar_value":
        return draft(
            scene,
            List.of(one.colour().word()),
            "I look for the " + one.colour().word() + " bar.",
            seen -> seen.contains(one) ? Integer.toString(one.height()) : NONE);
      case "bar_difference":
        return one.height() <= other.height()
            ? null
            : draft(
                scene,
                List.of(one.colour().word(), other.colour().word()),
                "I compare the %s bar and the %s bar."
                    .formatted(one.colour().word(), other.colour().word()),
                seen -> difference(seen, one, other));
      default:
        int limit = 1 + random.nextInt(Bars.MOST - 1);
        return draft(
            scene,
            List.of(Integer.toString(limit)),
            "I count the bars above " + limit + ".",
            seen -> Long.toString(count(seen, b -> b.height() > limit)));
    }
  }

  private static String difference(List<Bar> seen, Bar taller, Bar shorter) {
    boolean first = seen.contains(taller);
    boolean second = seen.contains(shorter);
    if (first && second) {
      return "%d %d %d"
          .formatted(taller.height(), shorter.height(), taller.height() - shorter.height());
    }
    return first
        ? Integer.toString(taller.height())
        : second ? Integer.toString(shorter.height()) : NONE;
  }

  private static Draft draft(
      Things scene, List<String> about, String reasoning, Function<List<Thing>, String> found) {
    return draft(scene, scene.things(), Thing::words, about, reasoning, found);
  }

  private static Draft draft(
      Bars scene, List<String> about, String reasoning, Function<List<Bar>, String> found) {
    return draft(scene, scene.bars(), Bar::words, about, reasoning, found);
  }

  /**
   * A question whose look goes through the picture in reading order, with what is found so far
   * behind each thing; what is found in the end ends with the answer.
   */
  private static <T> Draft draft(
      Scene scene,
      List<T> all,
      Function<T, String> words,
      List<String> about,
      String reasoning,
      Function<List<T>, String> found) {
    String look =
        IntStream.range(0, all.size())
            .mapToObj(i -> words.apply(all.get(i)) + " " + found.apply(all.subList(0, i + 1)))
            .collect(Collectors.joining(", ", "I see ", "."));
    String end = found.apply(all);
    return new Draft(scene, about, end.substring(end.lastIndexOf(' ') + 1), reasoning, look);
  }

  private static <T> long count(List<T> all, Predicate<T> condition) {
    return all.stream().filter(condition).count();
  }

  private static <T> T pick(List<T> values, SplittableRandom random) {
    return values.get(random.nextInt(values.size()));
  }
}
