package io.relook.rewards;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Cases worked by hand: the answer, then the truth. */
class TestVerifier {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2.0 | 2",
        "007 | 7",
        "+3 | 3",
        "3. | 3",
        "-0 | 0",
        ".5 | 1/2",
        "1 / 2 | 0.50",
        "2/4 | 1/2",
        "50 % | 0.5",
        "50% | 1/2",
        "5e-1 | 1/2",
        "1E3 | 1,000",
        "$1,234.50 | 1234.5",
        "-$5 | -5",
        "$3$ | 3",
        "1,000,000 | 1000000",
        "0.333333 | 1/3",
        "1/3 | 0.333333",
        "3.14159 | 3.141592",
        "−5 | -5",
        "–5 | -5",
        "٣ | 3",
        "３ | 3",
        "1⁄2 | 0.5",
        "1e999 | 1E999",
      })
  void numbersAreEqualHoweverTheyAreWritten(String answer, String truth) {
    assertTrue(Verifier.isRight(answer, truth));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // A comma that does not part thousands is no comma of a number.
        "1,2 | 12",
        "12,34 | 1234",
        "0,500 | 500",
        "1,2 | 1.2",
        // A percentage is a share.
        "50 | 50 %",
        "1 | 1 %",
        "1000001 | 1000000",
        "12 | 1",
        "1/0 | 0",
        "1/0 | 2/0",
        "0.33 | 1/3",
        "0.0000001 | 0",
        "1e-999 | 0",
        "1e999 | 1e998",
        "inf | Infinity",
        "1e999 | inf",
        "NaN | 0",
        "5² | 52",
        "½ | 12",
        "1f | 1",
        "0x10 | 16",
        "1_000 | 1000",
        "--5 | 5",
        "3-5 | -2",
        "3 4 | 34",
        "two | 2",
        "1e1000000000 | 1e1000000001",
      })
  void otherNumbersAreWrong(String answer, String truth) {
    assertFalse(Verifier.isRight(answer, truth));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "The Circle. | circle",
        "RED! | red",
        "a   red\tcircle | Red circle",
        "red circle | a red circle",
        "A. | a",
        "circle . | circle",
        "inf | INF",
        "1,2 | 1,2",
        "?? | ??",
        "<b> | <b>",
      })
  void wordsAreEqualWhateverTheirDress(String answer, String truth) {
    assertTrue(Verifier.isRight(answer, truth));
  }

  @Test
  void composedAndDecomposedLettersAreEqual() {
    assertTrue(Verifier.isRight("cafe\u0301", "caf\u00e9"));
    assertTrue(Verifier.isRight("red\u00a0circle", "red circle"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "circle or square | circle",
        "'' | circle",
        "' ' | ' '",
        "a | a circle",
        "not red | red",
        "! | ?",
        ". | red",
        "another | other",
        "the | circle",
      })
  void containingTheTruthIsNotEnough(String answer, String truth) {
    assertFalse(Verifier.isRight(answer, truth));
  }

  @Test
  void theAnswerStandsInTheOnlyPairOfTags() {
    assertEquals(Optional.of("3"), Verifier.answer("I see <answer> 3\n</answer> so"));
    assertEquals(Optional.of("a < b"), Verifier.answer("<answer>a < b</answer>"));
    for (String text :
        new String[] {
          "",
          "3",
          "<answer>3",
          "3</answer>",
          "</answer>3<answer>",
          "<answer></answer>",
          "<answer>\n \u00a0\u2003</answer>".replace("\u00a0", " "),
          "<answer>3</answer><answer>3</answer>",
          "<answer><answer>3</answer>",
          "<answer>3</answer></answer>",
          "<ANSWER>3</ANSWER>",
          "< answer>3</ answer>"
        }) {
      assertEquals(Optional.empty(), Verifier.answer(text), text);
    }
  }

  /** A million characters of anything: neither stack nor time may run out. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "<",
        "a",
        "<answer>",
        "</answer>",
        "<reflection>",
        "!",
        ".",
        "1",
        ",000",
        " ",
        "\u0301"
      })
  void longTextsCostNoMoreThanTheirLength(String piece) {
    String text = piece.repeat(1_000_000 / piece.length());
    String wrapped = "<reflection>aa" + text + "</reflection><answer>" + text + "x</answer>";
    assertTimeoutPreemptively(
        Duration.ofSeconds(5),
        () -> {
          Verifier.answer(text);
          Verifier.answer(wrapped);
          Template.isKept(text);
          Template.isKept(wrapped);
          assertFalse(Verifier.isRight(text + "x", "3"));
          assertFalse(Verifier.isRight("3", text + "x"));
          assertTrue(Verifier.isRight(text + "x", text + "x"));
        });
  }

  @Test
  void longTextsOfTheTemplateStillKeepIt() {
    for (String piece : new String[] {"<", "a"}) {
      String text = piece.repeat(100_000);
      assertTrue(Template.isKept(text + "<answer>" + text + "</answer>"));
      assertTrue(
          Template.isKept(text + "<reflection>so " + text + "</reflection><answer>3</answer>"));
    }
  }
}
