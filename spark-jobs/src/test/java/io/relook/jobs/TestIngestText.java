package io.relook.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.lakehouse.RelookException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class TestIngestText {
  private static String options(String... options) {
    return IngestText.question("Q?", Arrays.asList(options)).substring(2);
  }

  @Test
  void optionsThatCarryTheirLetterAreNotLetteredTwice() {
    assertEquals("\nA. red\n(B) blue\nC) green", options("A. red", "(B) blue", "C) green"));
    assertEquals("\n(a) red\n(b) blue", options("(a) red", "(b) blue"));
    assertEquals("\nA: 1\nB: 2", options("A: 1", "B: 2"));
    assertEquals("\nA.红\nB.蓝", options("A.红", "B.蓝"));
    assertEquals("\nA、红\nB．蓝\n（C）绿\nD：白", options("A、红", "B．蓝", "（C）绿", "D：白"));
    assertEquals("\n[A] x\n[B] y\nC - z", options("[A] x", "[B] y", "C - z"));
    assertEquals("\n**A.** x\n**B)** y", options("**A.** x", "**B)** y"));
    assertEquals("\nA. two\nlines\nB. one", options("A. two\nlines", "B. one"));
  }

  @Test
  void othersAreLettered() {
    assertEquals("\n(A) red\n(B) blue", options("red", "blue"));
    assertEquals("\n(A) B. red\n(B) A. blue", options("B. red", "A. blue"), "not in order");
    assertEquals("\n(A) A. red\n(B) blue", options("A. red", "blue"), "not all");
    assertEquals("\n(A) A cat\n(B) Birds", options("A cat", "Birds"), "an article");
    assertEquals("\n(A) 1. red\n(B) 2. blue", options("1. red", "2. blue"));
    assertEquals("\n(A) -1\n(B) 3", options("-1", "3"));
    assertEquals("", options("A", "(B)"), "the picture has them");
    assertEquals("\nA. red; B. blue", options("A. red; B. blue"), "all in one");
    assertEquals("", options());
  }

  @Test
  void whatIsNoChoiceIsRefused() {
    refused("option 2 is null", "red", null);
    refused("27 options", Collections.nCopies(27, "x").toArray(String[]::new));
    assertEquals(
        26,
        List.of(options(Collections.nCopies(26, "x").toArray(String[]::new)).split("x")).size());
  }

  private static void refused(String said, String... options) {
    RelookException error = assertThrows(RelookException.class, () -> options(options));
    assertTrue(error.getMessage().contains(said), error.getMessage());
  }

  @Test
  void numbersAreAsPeopleWriteThem() {
    String[][] cases = {
      {"3.0", "3"},
      {"3.00", "3"},
      {"-17.0", "-17"},
      {"0.0", "0"},
      {"-0.0", "0"},
      {"3", "3"},
      {"2.50", "2.50"},
      {"0.1", "0.1"},
      {"1.0E-5", "0.00001"},
      {"1.2345678901E10", "12345678901"},
      {"1.23456785E7", "12345678.5"},
      {"1e5", "100000"},
      {"1E21", "1E21"},
      {"1e20", "100000000000000000000"},
      {"1e999999999", "1e999999999"},
      {"1e99999999999", "1e99999999999"},
      {"1e-999999999", "1e-999999999"},
      {"3.14159265358979323846", "3.14159265358979323846"},
      {"9007199254740993", "9007199254740993"},
      {"Infinity", "Infinity"},
      {"", ""},
      {"1.0E-7", "0.0000001"},
      {"1.0E-8", "1.0E-8"},
    };
    for (String[] written : cases) {
      assertEquals(written[1], IngestText.number(written[0]), written[0]);
    }
  }
}
