package io.relook.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class TestReasoningCut {
  /** With a token a character. */
  private static ReasoningCut cut(String reasoning) {
    return new ReasoningCut(reasoning, IntStream.rangeClosed(1, reasoning.length()).toArray());
  }

  /** The pieces between the ends. */
  private static List<String> sentences(String reasoning) {
    List<String> sentences = new ArrayList<>();
    int from = 0;
    for (int end : cut(reasoning).ends()) {
      sentences.add(reasoning.substring(from, end));
      from = end;
    }
    return sentences;
  }

  @Test
  void aSentenceEndsAtItsMarkBeforeASpaceOrAtItsLinesEnd() {
    assertEquals(
        List.of("I look.", " Is it red?", " Yes!", " It is red."),
        sentences("I look. Is it red? Yes! It is red."));
    assertEquals(
        List.of("First line\n", "Second.\n\n", "Third"), sentences("First line\nSecond.\n\nThird"));
    assertEquals(
        List.of("He said \"two.\"", " I agree (so far).", " Two"),
        sentences("He said \"two.\" I agree (so far). Two"));
    assertEquals(List.of("Really?!", " Two."), sentences("Really?! Two."));
  }

  @Test
  void oneSentenceIsCutAtItsEnd() {
    for (String whole : List.of("I see two circles.", "I see two circles", "I see two. ", "x\n")) {
      assertEquals(List.of(whole), sentences(whole));
      assertEquals(whole.length(), cut(whole).byHash("0000000f"));
      assertEquals(whole.length(), cut(whole).afterGreatest(new double[whole.length()]));
      assertEquals(whole.length(), cut(whole).beforeLeast(new double[whole.length()]));
    }
  }

  @Test
  void aDecimalPointAnEllipsisAndAListsNumberEndNoSentence() {
    for (String whole :
        List.of(
            "About 3.5 of 7.25 cm.", "Hm... two circles.", "Wait ...", "1. A circle", "\n\nTwo.")) {
      assertEquals(List.of(whole), sentences(whole));
    }
    assertEquals(
        List.of("Hm...\n", "1. A circle.\n", "2. A square."),
        sentences("Hm...\n1. A circle.\n2. A square."));
  }

  @Test
  void aTokenThatGoesOnBehindAnEndIsLeftOutAndNothingIsNeverCut() {
    // "A. B. C." as "A", ". B", ".", " C.": no token ends where the first sentence does.
    assertEquals(List.of(1, 3, 4), new ReasoningCut("A. B. C.", new int[] {1, 4, 5, 8}).ends());
    // As "A. B.", " C.": the first sentence has no token of its own.
    assertEquals(List.of(1, 2), new ReasoningCut("A. B. C.", new int[] {5, 8}).ends());
    // Control tokens have no characters.
    assertEquals(List.of(3, 4), new ReasoningCut("A. B.", new int[] {1, 2, 2, 5}).ends());
  }

  @Test
  void theHashReachesEverySentenceAndAlwaysTheSame() {
    ReasoningCut cut = cut("A. B. C.");
    assertEquals(2, cut.byHash("00000003aa"));
    assertEquals(5, cut.byHash("00000001aa"));
    assertEquals(8, cut.byHash("fffffffeaa")); // 4294967294 = 3 * 1431655764 + 2.
    Set<Integer> reached = new HashSet<>();
    for (int i = 0; i < 16; i++) {
      reached.add(cut.byHash("0000000%x".formatted(i)));
    }
    assertEquals(Set.of(2, 5, 8), reached);
  }

  @Test
  void theMostUncertainSentenceIsTheOneWithTheGreatestMean() {
    // "A." has 2 tokens, " B." and " C." have 3.
    ReasoningCut cut = cut("A. B. C.");
    assertEquals(2, cut.afterGreatest(new double[] {1, 1, 0.9, 0.9, 0.9, 0, 0, 2.9}));
    assertEquals(5, cut.afterGreatest(new double[] {1, 1, 0, 0, 3.1, 1, 1, 1}));
    assertEquals(8, cut.afterGreatest(new double[] {1, 1, 1, 1, 1, 0, 0, 3.1}));
    assertEquals(2, cut.afterGreatest(new double[] {1, 1, 1, 1, 1, 1, 1, 1}));
  }

  @Test
  void theSentenceThatLooksLeastIsCutOffWhereverTheFirstLooks() {
    ReasoningCut cut = cut("A. B. C.");
    assertEquals(2, cut.beforeLeast(new double[] {0, 0, 1, 0, 1, 1, 1, 1}));
    assertEquals(5, cut.beforeLeast(new double[] {0, 0, 1, 1, 1, 2, 0, 0.9}));
    assertEquals(2, cut.beforeLeast(new double[] {0, 0, 1, 1, 1, 1, 1, 1}));
  }
}
