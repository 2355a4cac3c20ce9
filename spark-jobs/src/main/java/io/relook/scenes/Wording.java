package io.relook.scenes;

import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/** How a template's question is put. */
final class Wording {
  /** Stands for a scene's only thing, which needs no name. */
  static final String ONLY = "shape";

  private Wording() {}

  /** The scenes' own words. */
  static String own(String template, List<String> about) {
    String words =
        switch (template) {
          case "count_colour", "count_shape", "count_all" -> "How many %s are there?";
          case "exists" -> "Is there a %s?";
          case "colour_of" -> "What colour is the %s?";
          case "shape_of" -> "What shape is the %s thing?";
          case "more" -> "Are there more %ss than %ss?";
          case "left_of" -> "Is the %s left of the %s?";
          case "above" -> "Is the %s above the %s?";
          case "tallest_bar" -> "Which bar is the tallest?";
          case "bar_value" -> "What is the value of the %s bar?";
          case "bar_difference" -> "How much taller is the %s bar than the %s bar?";
          case "bars_above" -> "How many bars are taller than %s?";
          default -> throw new IllegalArgumentException("no template " + template);
        };
    return words.formatted(about.toArray());
  }

  /**
   * Other words for the same, so that the base model hangs on no sentence. None is a question of a
   * data set that policies are measured with.
   *
   * @param negated asks whether a thing is missing
   */
  static String other(
      String template, List<String> about, boolean negated, SplittableRandom random) {
    List<String> words =
        switch (template) {
          case "count_colour", "count_shape", "count_all" ->
              List.of(
                  "Count the %s.",
                  "What is the number of %s?",
                  "How many %s can you see?",
                  "Tell the number of %s in the picture.");
          case "exists", "exists_colour", "exists_shape" ->
              negated
                  ? List.of(
                      "Do you see no %s?",
                      "Is it true that there is not a %s here?",
                      "Does the picture not contain a %s?",
                      "Is no %s shown?",
                      "No %s is present: is that so?")
                  : List.of(
                      "Do you see a %s?",
                      "Is it true that there is a %s here?",
                      "Does the picture contain a %s?",
                      "Is a %s shown?",
                      "A %s is present: is that so?");
          case "colour_of" ->
              List.of(
                  "Which color has the %s?",
                  "Name the color of the %s.",
                  "The %s: what color is it?",
                  "In what color is the %s drawn?");
          case "shape_of" ->
              about.get(0).equals(ONLY)
                  ? List.of(
                      "Which %s do you see?",
                      "Name the %s.", "What %s does the picture show?", "Which %s is present here?")
                  : List.of(
                      "Which shape is %s?",
                      "Name the %s shape.",
                      "The %s thing: what shape is it?",
                      "What can you see that is %s?");
          case "more" -> List.of("Do you see more %ss than %ss?", "Do %ss outnumber the %ss?");
          case "left_of" ->
              List.of("Do you see the %s to the left of the %s?", "The %s: is it left of the %s?");
          case "above" -> List.of("Is the %s higher than the %s?", "The %s: is it above the %s?");
          case "tallest_bar" ->
              List.of("Name the color of the tallest bar.", "Which bar is above all others?");
          case "bar_value" -> List.of("How tall is the %s bar?", "Name the value of the %s bar.");
          case "bar_difference" ->
              List.of(
                  "By how much is the %s bar taller than the %s bar?",
                  "The %s bar: how much taller is it than the %s bar?");
          case "bars_above" -> List.of("Count the bars above %s.", "How many bars are above %s?");
          default -> throw new IllegalArgumentException("no template " + template);
        };
    String sentence = words.get(random.nextInt(words.size())).formatted(about.toArray());
    return random.nextBoolean() ? sentence : sentence.toLowerCase(Locale.ROOT);
  }
}
