package io.relook.rewards;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class TestRewards {
  private static final String QUESTION = "How many circles are there?";

  private final Rewards rewards = new Rewards(0.2, 1, 0.2);

  @Test
  void aRightDirectAnswerEarnsFormatAndAccuracy() {
    Rewards.Scores scores = rewards.score(QUESTION, "I see 3. <answer>3</answer>", "3", null);
    assertEquals(1.0, scores.format());
    assertEquals(1.0, scores.accuracy());
    assertEquals(0.0, scores.reflection());
    assertEquals("3", scores.answer());
  }

  @Test
  void aRightAnswerAfterASecondLookEarnsAll() {
    String text = "I see 2. <reflection> Looking again, 3. </reflection> So <answer>3</answer>";
    Rewards.Scores scores = rewards.score(QUESTION, text, "3", null);
    assertEquals(1.0, scores.format());
    assertEquals(1.0, scores.accuracy());
    assertEquals(1.0, scores.reflection());
  }

  @Test
  void formAloneEarnsNoReflectionReward() {
    String text = "I see 2. <reflection> Looking again, 2. </reflection> <answer>2</answer>";
    Rewards.Scores scores = rewards.score(QUESTION, text, "3", null);
    assertEquals(1.0, scores.format());
    assertEquals(0.0, scores.accuracy());
    assertEquals(0.0, scores.reflection());
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
          "<think>a</think> <answer>3</answer>",
          "<ANSWER>4</ANSWER> <answer>3</answer>",
          "< reflection > so it is < / reflection > <answer>3</answer>",
          "<answer id='1'>4</answer> <answer>3</answer>",
          "<ans\u200bwer>4</ans\u200bwer> <answer>3</answer>",
          "\uff1canswer\uff1e4\uff1c/answer\uff1e <answer>3</answer>",
          "<!-- <think> --> <answer>3</answer>"
        }) {
      assertEquals(0.0, rewards.score(QUESTION, text, "3", null).format(), text);
    }
  }

  @Test
  void whatCannotBeComputedIsNullWithAReason() {
    Rewards.Scores failed = rewards.score(QUESTION, "", "3", "picture broken");
    assertNull(failed.format());
    assertNull(failed.accuracy());
    assertNull(failed.reflection());
    assertTrue(failed.reason().contains("picture broken"));
    Rewards.Scores unknown = rewards.score(QUESTION, "<answer>3</answer>", null, null);
    assertNull(unknown.accuracy());
    assertEquals(1.0, unknown.format());
  }

  @Test
  void aReflectionInAnyScriptSaysSomething() {
    for (String said : new String[] {"我再看一遍", "Ещё раз", "12"}) {
      String text = "2 <reflection>" + said + "</reflection> <answer>3</answer>";
      assertEquals(1.0, rewards.score(QUESTION, text, "3", null).format(), text);
    }
    String dots = "2 <reflection>. a . b</reflection> <answer>3</answer>";
    assertEquals(0.0, rewards.score(QUESTION, dots, "3", null).format());
  }

  @Test
  void theVersionNamesAllThatDecidesTheScores() {
    CustomReward first = new SqlReward("short", 0.1, "1", "-length(text)");
    Rewards with = new Rewards(0.2, 1, 0.2, List.of(first));
    assertEquals("vre-4(0.2,1.0,0.2)", rewards.version());
    for (CustomReward other :
        List.of(
            new SqlReward("brief", 0.1, "1", "-length(text)"),
            new SqlReward("short", 0.2, "1", "-length(text)"),
            new SqlReward("short", 0.1, "2", "-length(text)"),
            new SqlReward("short", 0.1, "1", "length(text)"),
            new ClassReward("short", 0.1, "1", "-length(text)"))) {
      assertNotEquals(
          with.version(), new Rewards(0.2, 1, 0.2, List.of(other)).version(), other.toString());
    }
    assertNotEquals(with.version(), rewards.version());
  }

  @Test
  void aBracketThatIsNoTagIsText() {
    String text = "2 < 3 > 1 and <b> and <thought> <answer>3</answer>";
    assertEquals(1.0, rewards.score(QUESTION, text, "3", null).format());
  }
}
