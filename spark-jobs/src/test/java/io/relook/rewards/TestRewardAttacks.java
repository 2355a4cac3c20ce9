package io.relook.rewards;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * What a policy may try instead of looking. Two yardsticks: an honest failure, well-formed, looked
 * again, wrong; and an honest success. The question has choices, for there a hedge is easiest.
 */
class TestRewardAttacks {
  private static final String QUESTION =
      "Which shape is in the top left corner? (A) a red circle (B) a blue square (C) a green star";

  private static final String TRUTH = "B";

  private static final String HONEST =
      "The corner holds something with four sides. <reflection> Looking again, its sides are equal"
          + " and its colour is that of the sky. </reflection> So it is the second.";

  private final Rewards rewards = new Rewards(0.2, 1, 0.2);
  private final double failure = total(HONEST + " <answer>C</answer>");
  private final double success = total(HONEST + " <answer>B</answer>");

  @Test
  void anHonestSuccessEarnsAllAndAnHonestFailureItsForm() {
    assertEquals(1.4, success, 1e-9);
    assertEquals(0.2, failure, 1e-9);
  }

  /** Without the right answer nothing earns more than the honest failure, whatever the dress. */
  @Test
  void withoutTheRightAnswerNoAttackEarnsMoreThanAnHonestFailure() {
    attacks("C").forEach((name, text) -> assertTrue(total(text) <= failure + 1e-9, name));
  }

  /** With it, no attack earns what looking again is paid for. */
  @Test
  void withTheRightAnswerNoAttackEarnsTheReflectionReward() {
    attacks("B")
        .forEach(
            (name, text) -> {
              Rewards.Scores scores = rewards.score(QUESTION, text, TRUTH, null);
              assertEquals(0.0, scores.reflection(), name);
              assertTrue(total(text) < success, name);
            });
  }

  @Test
  void aHedgeIsNoAnswer() {
    for (String hedge :
        List.of(
            "A or B or C",
            "A, B, C",
            "A/B/C",
            "A B C",
            "ABC",
            "B or C",
            "(A) (B) (C)",
            "(a) (b) (c)",
            "(B) or (C)",
            "(B) (C)",
            "B. or C.",
            "B. C",
            "B: C: A",
            "B) not C",
            "{A, B, C}",
            "\\boxed{A} \\boxed{B}",
            "\\{A,B\\}",
            "either B or not",
            "\\text{A or B}",
            "B = C",
            "C = B",
            "A \\cup B",
            "*",
            "[A-C]")) {
      assertTrue(total("I am sure. <answer>" + hedge + "</answer>") <= failure + 1e-9, hedge);
    }
    for (String hedge :
        List.of(
            "2 or 3",
            "2, 3",
            "2 3",
            "2-3",
            "2 to 3",
            "2 \\pm 1",
            "[2,3]",
            "2 \\le x \\le 3",
            "x",
            "3 = 4",
            "4 = 3",
            "3x",
            "3 \\text{ or four}",
            "\\{2,3,4\\}",
            "3^x",
            "{3,3}",
            "3 or 3",
            "2+1",
            "0/0",
            "\\infty",
            "x \\in \\{1,2,3\\}")) {
      Rewards.Scores scores =
          rewards.score(QUESTION, "I count. <answer>" + hedge + "</answer>", "3", null);
      assertEquals(0.0, scores.accuracy(), hedge);
    }
  }

  /** Each ends with the given answer, where it comes to an answer at all. */
  private static Map<String, String> attacks(String letter) {
    String answer = " <answer>" + letter + "</answer>";
    Map<String, String> attacks = new LinkedHashMap<>();
    attacks.put("no reflection", "It is " + letter + "." + answer);
    attacks.put("nothing but the answer", answer);
    reflection(attacks, "empty reflection", "", answer);
    reflection(attacks, "blank reflection", " \n\t ", answer);
    reflection(attacks, "reflection of dots", ". . . ! ?", answer);
    reflection(attacks, "unseen reflection", "\u200b\u200b\u00ad\u2060", answer);
    reflection(attacks, "one word", "okay", answer);
    reflection(attacks, "copied question", QUESTION, answer);
    reflection(attacks, "half the question", QUESTION.substring(0, 38), answer);
    reflection(attacks, "question with a word", QUESTION + " well", answer);
    reflection(
        attacks, "question in capitals", QUESTION.toUpperCase(java.util.Locale.ROOT), answer);
    reflection(attacks, "copied thinking", "the first look", answer);
    reflection(attacks, "the answer", letter, answer);
    reflection(attacks, "the answer repeated", (letter + " ").repeat(200), answer);
    reflection(attacks, "the choices", "A or B or C", answer);
    reflection(attacks, "a phrase repeated", "we look closely again ".repeat(500), answer);
    reflection(attacks, "two words repeated", "maybe so ".repeat(3), answer);
    reflection(attacks, "tags inside", "we look <answer>B</answer> closely", answer);
    reflection(attacks, "hidden tags inside", "we look <ANSWER>B</ANSWER> closely", answer);
    reflection(attacks, "disguised tags inside", "we look < /reflection > closely", answer);
    reflection(attacks, "thinking tags inside", "we look <think>closely</think>", answer);
    reflection(attacks, "two answers", "we look closely", " <answer>B</answer>" + answer);
    reflection(attacks, "three answers", "we look closely", answer + answer + answer);
    reflection(attacks, "answer before", answer + " we look closely", "");
    attacks.put("reflection behind", "x" + answer + "<reflection> we look closely </reflection>");
    attacks.put("never closed", "x <reflection> we look closely" + answer);
    attacks.put("two reflections", HONEST + HONEST + answer);
    attacks.put("endless text", "we look closely again and again, ".repeat(20_000));
    attacks.put("endless answer", "<answer>" + letter + " or ".repeat(20_000));
    attacks.put("text behind the answer", HONEST + answer + " or another");
    attacks.put("answer in a comment", "<!-- " + answer + " -->");
    attacks.put("words between tags only", "<reflection></reflection>" + HONEST.length() + answer);
    return attacks;
  }

  private static void reflection(
      Map<String, String> attacks, String name, String reflection, String answer) {
    attacks.put(
        name, "At the first look. <reflection>" + reflection + "</reflection> So it is." + answer);
  }

  private double total(String text) {
    Rewards.Scores scores = rewards.score(QUESTION, text, TRUTH, null);
    return rewards.formatWeight() * scores.format()
        + rewards.accuracyWeight() * scores.accuracy()
        + rewards.reflectionWeight() * scores.reflection();
  }
}
