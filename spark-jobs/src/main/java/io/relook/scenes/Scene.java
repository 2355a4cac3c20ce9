package io.relook.scenes;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * What a generated picture shows: things on a grid, or a chart of coloured bars. A pure function of
 * a seed, so that the same scene comes back on any machine.
 */
sealed interface Scene {
  /** Colours with their names. */
  enum Colour {
    RED(0xD62728),
    GREEN(0x2CA02C),
    BLUE(0x1F4FE0),
    YELLOW(0xF2C80F),
    PURPLE(0x9427BD),
    ORANGE(0xFF7F0E);

    final int rgb;

    Colour(int rgb) {
      this.rgb = rgb;
    }

    String word() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /** Shapes with their names. */
  enum Shape {
    CIRCLE,
    SQUARE,
    TRIANGLE,
    STAR;

    String word() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /** The whole scene in words, in reading order. */
  String description();

  /** One thing in a cell of the grid, both counted from 0 at the top left. */
  record Thing(Colour colour, Shape shape, int row, int column) {
    String words() {
      return colour.word() + " " + shape.word();
    }
  }

  /** Things in reading order. */
  record Things(List<Thing> things) implements Scene {
    static final int SIDE = 4;

    public Things {
      things =
          things.stream()
              .sorted(Comparator.comparingInt(Thing::row).thenComparingInt(Thing::column))
              .toList();
    }

    /** So many things in different cells. */
    static Things draw(SplittableRandom random, int count) {
      List<Integer> cells = new ArrayList<>();
      for (int i = 0; i < SIDE * SIDE; i++) {
        cells.add(i);
      }
      List<Thing> things = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int cell = cells.remove(random.nextInt(cells.size()));
        things.add(
            new Thing(
                Colour.values()[random.nextInt(Colour.values().length)],
                Shape.values()[random.nextInt(Shape.values().length)],
                cell / SIDE,
                cell % SIDE));
      }
      return new Things(things);
    }

    @Override
    public String description() {
      return "I see " + list(things) + ".";
    }

    static String list(List<Thing> things) {
      return things.isEmpty()
          ? "nothing"
          : things.stream().map(Thing::words).collect(Collectors.joining(", "));
    }
  }

  /** A bar: its height in units. */
  record Bar(Colour colour, int height) {}

  /** Bars from left to right, each of another colour. */
  record Bars(List<Bar> bars) implements Scene {
    static final int MOST = 7;

    public Bars {
      bars = List.copyOf(bars);
    }

    static Bars draw(SplittableRandom random, int count) {
      List<Colour> colours = new ArrayList<>(List.of(Colour.values()));
      List<Bar> bars = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Colour colour = colours.remove(random.nextInt(colours.size()));
        bars.add(new Bar(colour, 1 + random.nextInt(MOST)));
      }
      return new Bars(bars);
    }

    @Override
    public String description() {
      return "I see "
          + bars.stream()
              .map(b -> b.colour().word() + " " + b.height())
              .collect(Collectors.joining(", "))
          + ".";
    }
  }
}
