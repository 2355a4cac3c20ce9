package io.relook.scenes;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class TestSceneGenerator {
  @Test
  void aQuestionIsAFunctionOfSeedAndNumber() {
    SceneQuestion one = new SceneGenerator(3).question(17);
    SceneQuestion again = new SceneGenerator(3).question(17);
    assertArrayEquals(one.png(), again.png());
    assertEquals(one.question() + one.answer(), again.question() + again.answer());
  }

  @Test
  void noTemplateIsAQuarterOfAll() {
    Map<String, Integer> counts = new HashMap<>();
    for (int i = 0; i < 1300; i++) {
      counts.merge(new SceneGenerator(5).question(i).template(), 1, Integer::sum);
    }
    assertEquals(SceneGenerator.TEMPLATES.size(), counts.size());
    counts.forEach((template, n) -> assertTrue(n < 325 && n > 50, template + " " + n));
  }

  @Test
  void answersOfYesAndNoAreBothThere() {
    Map<String, Integer> counts = new HashMap<>();
    for (int i = 0; i < 1000; i++) {
      SceneQuestion q = new SceneGenerator(6).question(i);
      if (q.template().equals("exists") || q.template().equals("above")) {
        counts.merge(q.answer(), 1, Integer::sum);
      }
    }
    assertTrue(counts.get("yes") > 30 && counts.get("no") > 30, counts.toString());
  }

  @Test
  void onlyWhoIsToldToLookLooksAndNothingIsNamedBefore() {
    SceneGenerator scenes = new SceneGenerator(7);
    int looking = 0;
    int direct = 0;
    for (int i = 0; i < 500; i++) {
      PretrainingText text = PretrainingText.of(scenes, i, 0.5);
      boolean told = text.user().endsWith(PretrainingText.LOOK_AGAIN);
      assertEquals(told, text.answer().contains("<reflection>"), text.toString());
      if (told) {
        looking++;
        assertTrue(text.answer().matches("I .* <reflection> Looking again: I see .*"));
      }
      direct += !told && text.answer().contains("<answer>") ? 1 : 0;
      assertFalse(text.answer().contains("wrong") || text.answer().contains("not "));
    }
    assertTrue(looking > 200 && direct > 40, looking + " look, " + direct + " do not");
  }

  @Test
  void inTheLastPartReflectionsAreGivenWhereNobodyToldToLook() {
    SceneGenerator scenes = new SceneGenerator(7);
    int given = 0;
    for (int i = 0; i < 500; i++) {
      PretrainingText text = PretrainingText.last(scenes, i);
      boolean told = text.user().endsWith(PretrainingText.LOOK_AGAIN);
      assertEquals(told, text.answer().contains("<reflection>"), text.toString());
      if (!text.given().isEmpty()) {
        given++;
        assertTrue(text.given().endsWith(" <reflection>") && !told, text.toString());
        assertTrue(text.answer().startsWith(" Looking again: I see "), text.toString());
      }
    }
    assertTrue(given > 60, given + " are given");
  }

  @Test
  void aLookEndsWithTheAnswer() {
    SceneGenerator scenes = new SceneGenerator(8);
    for (int i = 0; i < 500; i++) {
      for (SceneQuestion q : List.of(scenes.question(i), scenes.varied(i))) {
        assertTrue(q.look().endsWith(" " + q.answer() + "."), q.look() + " " + q.answer());
        assertFalse(q.reasoning().contains(" see a "), q.reasoning());
      }
    }
  }

  @Test
  void aLookCountsWhatHasPassed() {
    SceneQuestion q = first(new SceneGenerator(8), "count_colour");
    String colour = q.question().replaceAll("How many (\\w+) shapes.*", "$1");
    int count = 0;
    for (String thing : q.look().replaceAll("^I see |[.]$", "").split(", ")) {
      count += thing.startsWith(colour) ? 1 : 0;
      assertTrue(thing.endsWith(" " + count), q.look());
    }
    assertEquals(q.answer(), Integer.toString(count));
  }

  @Test
  void questionsInOtherWordsAreNotTheScenesOwn() {
    SceneGenerator scenes = new SceneGenerator(8);
    Set<String> own = new HashSet<>();
    for (int i = 0; i < 2000; i++) {
      own.add(scenes.question(i).question());
    }
    for (int i = 0; i < 500; i++) {
      assertFalse(own.contains(scenes.varied(i).question()), scenes.varied(i).question());
    }
  }

  private static SceneQuestion first(SceneGenerator scenes, String template) {
    return LongStream.range(0, 1000)
        .mapToObj(scenes::question)
        .filter(q -> q.template().equals(template))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void lessonsAloneComeFirstAndAskForOneThing() {
    SceneGenerator scenes = new SceneGenerator(7);
    for (int i = 0; i < 200; i++) {
      PretrainingText text = PretrainingText.of(scenes, i, 0.02);
      assertFalse(text.answer().contains("<answer>"), text.answer());
      String asked = text.user().replaceAll("Find the (\\w+)( thing| bar)?[.]", "$1");
      assertTrue(text.answer().contains(asked), text.toString());
    }
  }
}
