package io.relook.rewards;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Mathematics, units and choices as the verifier decides them, by hand: the answer, the truth. */
class TestMeaning {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        // Fractions and mixed numbers.
        "\\frac{1}{2} | 0.5",
        "\\dfrac12 | \\tfrac{2}{4}",
        "\\frac21005 | 2/1005",
        "7 3/4 | 31/4",
        "1\\frac{4}{5} | 9/5",
        "-1\\frac{1}{2} | -1.5",
        "0.0833333333 | $\\frac{1}{12}$",
        "$\\boxed{3}$. | 3",
        // Percentages.
        "28\\% | 28 %",
        "\\frac{1}{4} | 25\\%",
        "28 percent | 0.28",
        // Roots, constants, functions.
        "\\sqrt{225} | 15",
        "\\sqrt{8} | 2\\sqrt2",
        "(19)^{1/2} | \\sqrt{19}",
        "\\sqrt[3]{-8} | -2",
        "√2 | \\sqrt{2}",
        "288 \\pi | 288π",
        "\\sqrt{3+2\\sqrt{2}} | 1+\\sqrt{2}",
        "\\sec^2(y) | \\tan^2(y)+1",
        "\\sin 30^\\circ | 1/2",
        "\\log_2 8 | 3",
        "5! | 120",
        "\\binom{5}{2} | 10",
        "`|-3|` | 3",
        "2^{100}+1 | 1+2^{100}",
        // Symbols.
        "(x+1)^2 | x^2 + 2x + 1",
        "b a^2 | a^2b",
        "\\frac{x^2-1}{x-1} | x+1",
        "1-12i | -12i + 1",
        "52_8 | 52_{8}",
        "x = 3 | 3",
        "3 | x = 3",
        "f(x) = 2x | 2x",
        "24*24 = 576 | 576",
        "(p,q) = (3,2) | (3,2)",
        // Sets, lists, intervals, tuples, matrices.
        "2, 1 | 1 and 2",
        "1 or 2 | \\{2,1\\}",
        "1 \\pm \\sqrt{19} | 1+\\sqrt{19}, 1-\\sqrt{19}",
        "\\{-2, 1-\\sqrt5, 1+\\sqrt5\\} | \\{1\\pm\\sqrt{5},-2\\}",
        "[0,1) | \\left[0, 1\\right)",
        "[-\\infty, 2) | (-\\infty,2)",
        "(9,36) \\cup (0,9) | (0,9)\\cup(9,36)",
        "x \\in [-2,7] | -2 \\le x \\le 7",
        "x < 1 | (-\\infty, 1)",
        "(2,4) | 2,4",
        "\\begin{pmatrix} 1/5 \\\\ 2 \\end{pmatrix} | \\begin{bmatrix}0.2\\\\2\\end{bmatrix}",
        "(2,12)\\cup(12,102) | (2, 12) \\cup (12, 102)",
        "11,\\! 111,\\!100 | 11111100",
        "1,000x | 1000x",
        "0.4-0.6 | 0.4 - 0.6",
        "1:1 | 1",
        // Equations and inequalities.
        "x^2/16 + y^2/12 = 1/4 | x^2/4 + y^2/3 = 1",
        "y - 2x = 3 | y = 2x+3",
        "5 \\geq x | x \\leq 5",
        "-x > -1 | x < 1",
        // Units.
        "5 cm | 5",
        "5 | 5\\text{ cm}",
        "50 cm | 0.5 m",
        "17.5 \\mathrm{~cm}^2 | 17.5",
        "2 m² | 20000 cm^2",
        "\\frac{270}{7}\\text{ degrees} | \\frac{270}7",
        "90° | 90^\\circ",
        "12 square units | 12",
        "90 minutes | 1.5 hours",
        "3 \\text{ apples} | 3",
        "\\$36 | 36 dollars",
        // Words and choices.
        "\\text{Evelyn} | evelyn",
        "(B) | B",
        "b. | B",
        "Option B | B",
        "B) a blue square | B",
        "\\text{(B)} | B",
        "The answer is (B). | B",
        "C, A | A, C",
      })
  void theSameIsRight(String answer, String truth) {
    assertTrue(Verifier.isRight(answer, truth));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\\frac{1}{3} | \\frac{1}{2}",
        "0.33 | \\frac{1}{3}",
        "28 | 28\\%",
        "1.414 | \\sqrt{2}",
        "2^{100}+1 | 2^{100}",
        "x+1 | x+2",
        "a^2b | ab^2",
        "1+2I | 1+2i",
        "4 = 3 | 3",
        "G + J = 6 | 6",
        "a^2 + b = 0 | 0",
        "7 | 7 = 11a + c",
        "x < 5 | x > 5",
        "-x < -1 | x < 1",
        "x \\le 5 | x < 5",
        "y = 3 | x = 3",
        "1, 2, 3 | 1, 2",
        "1, 1 | 1, 2",
        "2, 1 | (1, 2)",
        "(0,9) | [0,9)",
        "(2,1) | (1,2)",
        "(1,2) \\cup (3,4) | (1,2)",
        "\\begin{pmatrix}1 & 2\\end{pmatrix} | \\begin{pmatrix}1 \\\\ 2\\end{pmatrix}",
        "1:00 | 12:00",
        "5 cm | 5 m",
        "5 cm | 5 s",
        "50 m | 0.5",
        "2 m | 2 m^2",
        "3 \\text{ apples} | 3 \\text{ pears}",
        "3 \\text{ or four} | 3",
        "6 million | 6",
        "143+1 | 144",
        "2*3 | 6",
        "0.4 - 0.6 | 0.0 - 0.2",
        "-0.2 | 0.0 - 0.2",
        "C | B",
        "A or B | B",
        "(A) (B) | A",
        "B. or C. | B",
        "C = B | B",
        "bad | B",
        "ab | ba",
        "tow | two",
        "dog bites man | man bites dog",
        "a circle and a square | a circle",
      })
  void theOtherIsWrong(String answer, String truth) {
    assertFalse(Verifier.isRight(answer, truth));
  }

  /** As long as is read at all: neither stack nor time may run out, nothing may be thrown. */
  @Test
  void hostileTextsCostLittle() {
    List<String> pieces =
        List.of(
            "(",
            ")",
            "[",
            "{",
            "}",
            "\\{",
            "|",
            "((",
            "-",
            "+",
            "1+",
            "x^",
            "2^",
            "9^9^",
            "9^{",
            "\\sqrt",
            "\\sqrt{",
            "\\frac",
            "\\frac{",
            "\\frac1",
            "\\pm",
            "\\pm1",
            "1,",
            "x=",
            "x<",
            "{x=",
            "1:",
            "!",
            "9!",
            "%",
            "°",
            "\\text{",
            "\\mathrm{a}",
            "\\begin{",
            "\\\\",
            "\\",
            "&",
            "\\begin{pmatrix}1&",
            "_",
            "a_",
            "_{",
            "\\cup",
            "(1,2)\\cup",
            "\\in",
            "$",
            "\\(",
            ".",
            "..",
            "1.",
            "\\frac1.",
            ",000",
            "1,000,",
            "\\sin",
            "\\sin^",
            "\\log_",
            "x",
            "xy",
            "2x",
            "e",
            "i",
            "e^",
            "ee^{",
            "\\binom",
            "\\binom{99}{9}",
            "\\boxed{",
            "cm ",
            "1/3+",
            "1/x+",
            "(x+1)*",
            "x/",
            "0/",
            "\\infty",
            "\\infty-",
            "99999^{9999}",
            "and ",
            "\u0660",
            "\ud83d\ude00",
            "\ud83d",
            "\u221a",
            "\u00b2",
            "A) ",
            "(A",
            "or ",
            "a b ");
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> {
          for (String piece : pieces) {
            String text = piece.repeat(1000 / piece.length());
            for (String truth : List.of("3", "B", "x^2", text + "1", "1" + text, "\\frac{1}{2}")) {
              for (String answer : List.of(text, text + "1", "1" + text, "1" + text + "x")) {
                String cut = answer.substring(0, Math.min(1000, answer.length()));
                Verifier.isRight(cut, truth.substring(0, Math.min(1000, truth.length())));
              }
            }
          }
        });
  }

  /** The items of two lists are compared each with each. */
  @Test
  void longListsAreRightOnlyAsTheyStand() {
    String up = "1" + ", 2".repeat(63);
    String down = "2, ".repeat(63) + "1";
    assertTrue(Verifier.isRight(up, down));
    assertFalse(Verifier.isRight(up + ", 2", "2, " + down));
    assertTrue(Verifier.isRight(up + ", 2", up + ", 2"));
  }

  @Test
  void noLocaleChangesAVerdict() {
    Locale before = Locale.getDefault();
    try {
      for (String tag : List.of("tr-TR", "de-DE", "ar-EG", "hi-IN-u-nu-deva")) {
        Locale.setDefault(Locale.forLanguageTag(tag));
        assertTrue(Verifier.isRight("1.5", "3/2"), tag);
        assertTrue(Verifier.isRight("INSIDE", "inside"), tag);
        assertTrue(Verifier.isRight("\\sin I", "\\sin I "), tag);
        assertTrue(Verifier.isRight("\\text{INSIDE}", "inside"), tag);
        assertTrue(Verifier.isRight("12 MINUTES", "12 minutes"), tag);
        assertEquals("vre-4(0.2,1.0,0.2)", new Rewards(0.2, 1, 0.2).version(), tag);
      }
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void theVerdictIsTheSameEachTime() {
    for (int i = 0; i < 100; i++) {
      assertTrue(Verifier.isRight("x^2 + 2x + 1", "(x+1)^2"));
      assertFalse(Verifier.isRight("x^2 + 2x + 2", "(x+1)^2"));
    }
  }
}
