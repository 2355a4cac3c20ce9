package io.relook.scenes;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
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
  void noPretrainingTextCorrectsAWrongReasoning() {
    SceneGenerator scenes = new SceneGenerator(7);
    int looking = 0;
    for (int i = 0; i < 500; i++) {
      SceneQuestion q = scenes.question(i);
      String answer = PretrainingText.of(scenes, i, 0.5).answer();
      if (answer.contains("<reflection>")) {
        looking++;
        assertTrue(answer.startsWith(q.reasoning()));
        assertTrue(answer.contains("Looking again: " + q.region()));
        assertFalse(answer.contains("wrong") || answer.contains("not "), answer);
      }
    }
    assertTrue(looking > 30, looking + " texts look again");
  }

  @Test
  void lessonsAloneComeFirstAndAskForOneThing() {
    SceneGenerator scenes = new SceneGenerator(7);
    for (int i = 0; i < 200; i++) {
      PretrainingText text = PretrainingText.of(scenes, i, 0.1);
      assertFalse(text.answer().contains("<answer>"), text.answer());
      String asked = text.user().replaceAll("Find the (\\w+)( thing| bar)?[.]", "$1");
      assertTrue(text.answer().contains(asked), text.toString());
    }
  }
}
