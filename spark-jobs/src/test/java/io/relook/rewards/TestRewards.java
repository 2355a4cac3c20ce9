package io.relook.rewards;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class TestRewards {
  private final Rewards rewards = new Rewards(0.2, 1, 0.2);

  @Test
  void aRightDirectAnswerEarnsFormatAndAccuracy() {
    Rewards.Scores scores = rewards.score("I see 3. <answer>3</answer>", "3", null);
    assertEquals(1.0, scores.format());
    assertEquals(1.0, scores.accuracy());
    assertEquals(0.0, scores.reflection());
    assertEquals(1.2, scores.total(), 1e-12);
  }

  @Test
  void aRightAnswerAfterASecondLookEarnsAll() {
    String text = "I see 2. <reflection> Looking again, 3. </reflection> So <answer>3</answer>";
    assertEquals(1.4, rewards.score(text, "3", null).total(), 1e-12);
  }

  @Test
  void formAloneEarnsNoReflectionReward() {
    String text = "I see 2. <reflection> Looking again, 2. </reflection> <answer>2</answer>";
    Rewards.Scores scores = rewards.score(text, "3", null);
    assertEquals(0.0, scores.reflection());
    assertEquals(0.2, scores.total(), 1e-12);
  }

  @Test
  void brokenTemplatesHaveNoFormat() {
    for (String text :
        new String[] {
          "<answer></answer>",
          "<answer> </answer>",
          "3",
          "<answer>3</answer> and more",
          "<answer>3</answer><answer>3</answer>",
          "a <reflection></reflection> <answer>3</answer>",
          "a <reflection> one </reflection> <reflection> two </reflection> <answer>3</answer>",
          "a <reflection> one <answer>3</answer>",
          "<think>a</think> <answer>3</answer>"
        }) {
      assertEquals(0.0, rewards.score(text, "3", null).format(), text);
    }
  }

  @Test
  void longTextsAreScoredWithoutEndlessBacktracking() {
    String text = "<reflection>".repeat(2000) + "x".repeat(20_000);
    assertEquals(0.0, rewards.score(text, "3", null).format());
  }

  @Test
  void whatCannotBeComputedIsNullWithAReason() {
    Rewards.Scores failed = rewards.score("", "3", "picture broken");
    assertNull(failed.total());
    assertTrue(failed.reason().contains("picture broken"));
    Rewards.Scores unknown = rewards.score("<answer>3</answer>", null, null);
    assertNull(unknown.accuracy());
    assertEquals(1.0, unknown.format());
  }

  @Test
  void numbersAreEqualHoweverTheyAreWritten() {
    for (String answer : new String[] {"0.5", "1/2", "50%", "50 %", ".5", "0.50", " 0.5 "}) {
      assertTrue(Verifier.isRight(answer, "1/2"), answer);
    }
    assertTrue(Verifier.isRight("1,000", "1000"));
    assertFalse(Verifier.isRight("1/0", "0"));
    assertFalse(Verifier.isRight("12", "1"));
  }

  @Test
  void wordsAreEqualNotContained() {
    assertTrue(Verifier.isRight("The Circle.", "circle"));
    assertFalse(Verifier.isRight("circle or square", "circle"));
    assertFalse(Verifier.isRight("", "circle"));
    assertFalse(Verifier.isRight("a", "a circle"));
  }
}
