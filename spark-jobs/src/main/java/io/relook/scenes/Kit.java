package io.relook.scenes;

import io.relook.scenes.Scene.Colour;
import io.relook.scenes.Scene.Shape;
import java.util.List;

/** What scenes are made of. */
enum Kit {
  /** The scenes that questions are asked about. */
  SCENES(
      List.of(Colour.RED, Colour.GREEN, Colour.BLUE, Colour.YELLOW, Colour.PURPLE, Colour.ORANGE),
      List.of(Shape.CIRCLE, Shape.SQUARE, Shape.TRIANGLE, Shape.STAR)),

  /**
   * More colours, rectangles, tinted paper, a single thing of any size: for pretraining, so that
   * the base model can see pictures that are not scenes.
   */
  WIDE(
      List.of(Colour.values()), List.of(Shape.CIRCLE, Shape.RECTANGLE, Shape.TRIANGLE, Shape.STAR));

  private final List<Colour> colours;
  private final List<Shape> shapes;

  Kit(List<Colour> colours, List<Shape> shapes) {
    this.colours = colours;
    this.shapes = shapes;
  }

  List<Colour> colours() {
    return colours;
  }

  List<Shape> shapes() {
    return shapes;
  }
}
