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
    ORANGE(0xFF7F0E),
    BLACK(0x141414),
    GRAY(0x808080),
    TEAL(0x128A8A),
    BROWN(0x8A4B1E);

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
    STAR,
    RECTANGLE;

    String word() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /** The whole scene in words, in reading order. */
  String description();

  /** How many things or bars there are. */
  int size();

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

    @Override
    public int size() {
      return things.size();
    }

    /** So many things in different cells. */
    static Things draw(Kit kit, SplittableRandom random, int count) {
      List<Integer> cells = new ArrayList<>();
      for (int i = 0; i < SIDE * SIDE; i++) {
        cells.add(i);
      }
      List<Thing> things = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int cell = cells.remove(random.nextInt(cells.size()));
        things.add(
            new Thing(
                kit.colours().get(random.nextInt(kit.colours().size())),
                kit.shapes().get(random.nextInt(kit.shapes().size())),
                cell / SIDE,
                cell % SIDE));
      }
      return new Things(things);
    }

    @Override
    public String description() {
      return "I see " + things.stream().map(Thing::words).collect(Collectors.joining(", ")) + ".";
    }
  }

  /** A bar: its height in units. */
  record Bar(Colour colour, int height) {
    String words() {
      return colour.word() + " " + height;
    }
  }

  /** Bars from left to right, each of another colour. */
  record Bars(List<Bar> bars) implements Scene {
    static final int MOST = 7;

    public Bars {
      bars = List.copyOf(bars);
    }

    @Override
    public int size() {
      return bars.size();
    }

    static Bars draw(Kit kit, SplittableRandom random, int count) {
      List<Colour> colours = new ArrayList<>(kit.colours());
      List<Bar> bars = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Colour colour = colours.remove(random.nextInt(colours.size()));
        bars.add(new Bar(colour, 1 + random.nextInt(MOST)));
      }
      return new Bars(bars);
    }

    @Override
    public String description() {
      return "I see " + bars.stream().map(Bar::words).collect(Collectors.joining(", ")) + ".";
    }
  }
}
