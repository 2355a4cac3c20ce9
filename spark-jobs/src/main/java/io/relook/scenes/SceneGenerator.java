package io.relook.scenes;

import io.relook.scenes.Scene.Bar;
import io.relook.scenes.Scene.Bars;
import io.relook.scenes.Scene.Colour;
import io.relook.scenes.Scene.Shape;
import io.relook.scenes.Scene.Thing;
import io.relook.scenes.Scene.Things;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.stream.Collectors;

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

  private final long seed;

  public SceneGenerator(long seed) {
    this.seed = seed;
  }

  /** Question number {@code index}. */
  public SceneQuestion question(long index) {
    SplittableRandom random =
        new SplittableRandom(seed * 0x9E3779B97F4A7C15L + index * 0xD1B54A32D192ED03L);
    String template = TEMPLATES.get(random.nextInt(TEMPLATES.size()));
    int difficulty = 1 + random.nextInt(5);
    while (true) {
      Draft draft =
          template.startsWith("bar") || template.startsWith("tallest")
              ? bars(template, Bars.draw(random, Math.min(4, 2 + difficulty / 2)), random)
              : things(template, Things.draw(random, 1 + difficulty), random);
      if (draft != null) {
        byte[] png = ScenePainter.png(draft.scene, random);
        return new SceneQuestion(
            png,
            template,
            draft.question,
            draft.answer,
            draft.reasoning,
            draft.region,
            draft.scene.description(),
            difficulty);
      }
    }
  }

  /**
   * What teaches to see: a scene, and one thing of it that is told apart by its shape, its colour,
   * or is a bar. For pretraining only; asked in other words than any question, since no answer in
   * tags follows.
   */
  public record Lesson(byte[] png, String task, String told) {}

  /** Lesson number {@code index}, of at most so many things. */
  public Lesson lesson(long index, int most) {
    SplittableRandom random =
        new SplittableRandom(~seed * 0x9E3779B97F4A7C15L + index * 0xD1B54A32D192ED03L);
    while (true) {
      if (random.nextInt(3) == 0) {
        Bars scene = Bars.draw(random, 1 + random.nextInt(Math.min(most, 4)));
        Bar one = scene.bars().get(random.nextInt(scene.bars().size()));
        return new Lesson(
            ScenePainter.png(scene, random),
            "Find the " + one.colour().word() + " bar.",
            height(one));
      }
      Things scene = Things.draw(random, 1 + random.nextInt(most));
      Thing one = scene.things().get(random.nextInt(scene.things().size()));
      boolean byShape = random.nextBoolean();
      List<Thing> alike =
          where(
              scene.things(), t -> byShape ? t.shape() == one.shape() : t.colour() == one.colour());
      if (alike.size() == 1) {
        return new Lesson(
            ScenePainter.png(scene, random),
            "Find the " + (byShape ? one.shape().word() : one.colour().word() + " thing") + ".",
            "I see a " + one.words() + ".");
      }
    }
  }

  private record Draft(
      Scene scene, String question, String answer, String reasoning, String region) {}

  private static Draft things(String template, Things scene, SplittableRandom random) {
    List<Thing> all = scene.things();
    Thing one = all.get(random.nextInt(all.size()));
    Thing other = all.get(random.nextInt(all.size()));
    Colour colour = random.nextInt(4) > 0 ? one.colour() : pick(Colour.values(), random);
    Shape shape = random.nextInt(4) > 0 ? one.shape() : pick(Shape.values(), random);
    switch (template) {
      case "count_colour":
        return count(scene, colour.word() + " shapes", t -> t.colour() == colour);
      case "count_shape":
        return count(scene, shape.word() + "s", t -> t.shape() == shape);
      case "count_all":
        return count(scene, "shapes", t -> true);
      case "exists":
        String wanted = colour.word() + " " + shape.word();
        List<Thing> found = where(all, t -> t.colour() == colour && t.shape() == shape);
        return new Draft(
            scene,
            "Is there a " + wanted + "?",
            found.isEmpty() ? "no" : "yes",
            "I see " + Things.list(where(all, t -> t.colour() == colour)) + ".",
            "Of "
                + colour.word()
                + " I see "
                + Things.list(where(all, t -> t.colour() == colour))
                + ".");
      case "colour_of":
        return unique(
            scene,
            one,
            where(all, t -> t.shape() == one.shape()),
            "What colour is the " + one.shape().word() + "?",
            one.colour().word());
      case "shape_of":
        return unique(
            scene,
            one,
            where(all, t -> t.colour() == one.colour()),
            "What shape is the " + one.colour().word() + " thing?",
            one.shape().word());
      case "more":
        Shape rival = pick(Shape.values(), random);
        long mine = where(all, t -> t.shape() == shape).size();
        long theirs = where(all, t -> t.shape() == rival).size();
        if (rival == shape || mine == theirs && random.nextInt(4) > 0) {
          return null;
        }
        return new Draft(
            scene,
            "Are there more " + shape.word() + "s than " + rival.word() + "s?",
            mine > theirs ? "yes" : "no",
            "I see %d %s and %d %s.".formatted(mine, shape.word(), theirs, rival.word()),
            "I see "
                + Things.list(where(all, t -> t.shape() == shape || t.shape() == rival))
                + ".");
      case "left_of":
        return order(
            scene,
            one,
            other,
            "left of",
            one.column() < other.column(),
            one.column() == other.column());
      default:
        return order(scene, one, other, "above", one.row() < other.row(), one.row() == other.row());
    }
  }

  private static Draft count(Things scene, String what, Predicate<Thing> counted) {
    List<Thing> found = where(scene.things(), counted);
    String seen = "I see " + Things.list(found) + ".";
    return new Draft(
        scene, "How many " + what + " are there?", Integer.toString(found.size()), seen, seen);
  }

  private static Draft unique(
      Things scene, Thing one, List<Thing> alike, String question, String answer) {
    if (alike.size() != 1) {
      return null;
    }
    return new Draft(scene, question, answer, "I see a " + one.words() + ".", place(one));
  }

  private static Draft order(
      Things scene, Thing one, Thing other, String relation, boolean holds, boolean tie) {
    boolean unclear =
        tie
            || where(scene.things(), t -> t.words().equals(one.words())).size() != 1
            || where(scene.things(), t -> t.words().equals(other.words())).size() != 1;
    if (unclear) {
      return null;
    }
    return new Draft(
        scene,
        "Is the %s %s the %s?".formatted(one.words(), relation, other.words()),
        holds ? "yes" : "no",
        place(one) + " " + place(other),
        place(other) + " " + place(one));
  }

  private static String place(Thing thing) {
    return "The %s is in row %d, column %d."
        .formatted(thing.words(), thing.row() + 1, thing.column() + 1);
  }

  private static Draft bars(String template, Bars scene, SplittableRandom random) {
    List<Bar> bars = scene.bars();
    Bar one = bars.get(random.nextInt(bars.size()));
    Bar other = bars.get(random.nextInt(bars.size()));
    switch (template) {
      case "tallest_bar":
        int most = bars.stream().mapToInt(Bar::height).max().orElse(0);
        List<Bar> tallest = bars.stream().filter(b -> b.height() == most).toList();
        return tallest.size() > 1
            ? null
            : new Draft(
                scene,
                "Which bar is the tallest?",
                tallest.get(0).colour().word(),
                scene.description(),
                height(tallest.get(0)));
      case "bar_value":
        return new Draft(
            scene,
            "What is the value of the " + one.colour().word() + " bar?",
            Integer.toString(one.height()),
            height(one),
            height(one));
      case "bar_difference":
        return one.height() <= other.height()
            ? null
            : new Draft(
                scene,
                "How much taller is the %s bar than the %s bar?"
                    .formatted(one.colour().word(), other.colour().word()),
                Integer.toString(one.height() - other.height()),
                height(one) + " " + height(other),
                height(other) + " " + height(one));
      default:
        int limit = 1 + random.nextInt(Bars.MOST - 1);
        List<Bar> above =
            bars.stream()
                .filter(b -> b.height() > limit)
                .sorted(Comparator.comparing(Bar::height))
                .toList();
        return new Draft(
            scene,
            "How many bars are taller than " + limit + "?",
            Integer.toString(above.size()),
            scene.description(),
            above.isEmpty()
                ? "No bar is taller."
                : above.stream().map(SceneGenerator::height).collect(Collectors.joining(" ")));
    }
  }

  private static String height(Bar bar) {
    return "The %s bar is %d.".formatted(bar.colour().word(), bar.height());
  }

  private static List<Thing> where(List<Thing> things, Predicate<Thing> condition) {
    return things.stream().filter(condition).toList();
  }

  private static <T> T pick(T[] values, SplittableRandom random) {
    return values[random.nextInt(values.length)];
  }
}
