package io.relook.rewards;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Right answers in the forms of data sets, and what is told of those that cannot be read. */
class TestTruth {
  private static final List<String> COLOURS = List.of("red", "blue", "green");
  private static final List<String> LETTERED = List.of("A. red", "B. blue", "C. green");

  @Test
  void theAnswerOfASolutionIsAtItsEnd() {
    assertEquals("72", Truth.of("48/2 = 24, and 48+24 = 72.\n#### 72"));
    assertEquals("\\frac{1}{2}", Truth.of("First $\\boxed{3}$. So it is $\\boxed{\\frac{1}{2}}$."));
    assertEquals("1, 2", Truth.of("\\boxed{1} and \\boxed{2}"));
    assertEquals("3", Truth.of("<think>2 or 3</think>\n<answer> 3 </answer>"));
    assertEquals("Answer: B", Truth.of("The sky is blue.\nAnswer: B"));
    assertEquals("Answering takes time", Truth.of("Answering takes time"));
    assertEquals("#### ", Truth.of("#### "));
    assertEquals("\\boxed{1", Truth.of("\\boxed{1"));
  }

  @Test
  void whatIsReadIsNoProblem() {
    for (String truth :
        List.of(
            "3",
            "-1/2",
            "B",
            "(B) red",
            "red",
            "5 cm",
            "x^2+1",
            "\\boxed{42}",
            "#### 1,000",
            "New York",
            "<answer> 3 </answer>",
            "A, C",
            "[0, 1)",
            "1e999999999",
            "3:45 PM",
            "是")) {
      assertEquals(Optional.empty(), Verifier.problem(truth, List.of()), truth);
    }
    for (List<String> options : List.of(COLOURS, LETTERED)) {
      for (String truth :
          List.of("B", "b", "(B)", "blue", "B. blue", "(B) blue", "Answer: B", "A, C")) {
        assertEquals(Optional.empty(), Verifier.problem(truth, options), truth);
      }
    }
  }

  @Test
  void whatIsNotReadIsToldWithWhatToDo() {
    assertTold("\\frac{1}{", List.of(), "mathematics that the verifier does not read");
    assertTold("\\int_0^1 x dx", List.of(), "mathematics that the verifier does not read");
    assertTold("<answer>3", List.of(), "not closed");
    assertTold("...", List.of(), "says nothing");
    assertTold("word ".repeat(21), List.of(), "prose of more than 20 words");
    assertTold("3".repeat(1001), List.of(), "longer than 1000 characters");
    for (List<String> options : List.of(COLOURS, LETTERED)) {
      assertTold("E", options, "none of the 3 options");
      assertTold("yellow", options, "no option's letter or text");
      assertTold("4", options, "no option's letter or text");
    }
  }

  /** Neither stack nor time may run out, whatever a data set holds. */
  @Test
  void longTruthsCostNoMoreThanTheirLength() {
    for (String piece :
        List.of("<answer>", "</answer>", "####", "\\boxed{", "\\boxed{1}", "$", "1e")) {
      String text = piece.repeat(1_000_000 / piece.length());
      assertTimeoutPreemptively(
          Duration.ofSeconds(20),
          () -> {
            Verifier.problem(text, List.of());
            Verifier.problem(text.substring(0, 20_000), COLOURS);
            Verifier.isRight("3", text.substring(0, 20_000));
          });
    }
  }

  private static void assertTold(String truth, List<String> options, String why) {
    String told = Verifier.problem(truth, options).orElse("nothing");
    assertTrue(told.contains(why), truth + " → " + told);
    assertTrue(!told.contains("\n") && told.length() < 250, told);
  }
}
