package io.relook.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser, by keyboard alone. */
class TestReportInBrowser {
  @TempDir private static Path folder;

  private static Path page;
  private static Chromium browser;

  @BeforeAll
  static void open() throws Exception {
    Optional<Path> binary = Chromium.find();
    if (binary.isEmpty()) {
      System.err.println(
          "NOT RUN: TestReportInBrowser needs Chromium or Chrome on the path, or named by RELOOK_CHROMIUM");
    }
    Assumptions.assumeTrue(binary.isPresent());
    page = folder.resolve("report.html");
    ReportedRun.Output output =
        ReportedRun.write(folder).report("--attention", "--out", page.toString());
    assertEquals(null, output.error());
    browser = Chromium.start(binary.get(), folder);
  }

  @AfterAll
  static void close() {
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void load() throws Exception {
    browser.complaints().clear();
    browser.open(page);
  }

  private static String text(String expression) throws Exception {
    return browser.evaluate(expression).asText();
  }

  private static int count(String selector) throws Exception {
    return browser.evaluate("document.querySelectorAll(`%s`).length".formatted(selector)).asInt();
  }

  @Test
  void aGroupIsShownWithItsReflectionAndItsAttention() throws Exception {
    assertEquals("Relook report: r", text("document.title"));
    assertEquals(3, count("[role=option]"));
    assertEquals(4, count("article.sample"));
    assertEquals(
        ReportedRun.RIGHT + "<|im_end|>",
        text("document.querySelector('article .trace').textContent"));
    String marked = text("document.querySelector('article mark').textContent");
    assertTrue(marked.contains(ReportedRun.REFLECTION), marked);
    assertTrue(
        browser.evaluate("document.querySelector('.picture img').naturalWidth > 0").asBoolean());
    assertTrue(count(".picture svg rect") >= 4, "the attention lies over the picture");
    assertTrue(
        text("document.querySelector('.token').textContent").contains("attention on the picture"));
    assertTrue(count(".charts svg path.line") >= 3);
    assertEquals(List.of(), browser.complaints());
  }

  @Test
  void keysMoveBetweenGroupsSamplesTokensAndColours() throws Exception {
    String current = "document.querySelector('[aria-current=true]').dataset.sample";
    assertEquals("0", text(current));
    browser.press("l");
    assertEquals("1", text(current));
    assertEquals("1", text("document.activeElement.dataset.sample"));
    browser.press("ArrowRight");
    assertEquals("2", text(current));
    browser.press("h");
    assertEquals("1", text(current));

    String token = text("document.querySelector('.token').textContent");
    browser.press("w");
    assertNotEquals(token, text("document.querySelector('.token').textContent"));
    browser.press("b");
    assertEquals(token, text("document.querySelector('.token').textContent"));

    String colour = "document.querySelector('article .trace span').style.backgroundColor";
    browser.press("c");
    assertEquals("advantage", text("document.querySelector('[aria-checked=true]').textContent"));
    String positive = text(colour);
    assertTrue(positive.contains("--high"), positive);
    browser.press("c");
    assertTrue(text(colour).contains("--look"), text(colour));

    browser.press("j");
    assertEquals("listbox", text("document.activeElement.getAttribute('role')"));
    browser.press("ArrowDown");
    assertEquals("group-2", text("document.activeElement.getAttribute('aria-activedescendant')"));
    assertEquals("group-2", text("document.querySelector('[aria-selected=true]').id"));
    assertTrue(
        text("document.querySelector('article .trace').textContent").startsWith(ReportedRun.PRE));
    browser.press("k");
    assertEquals("<b>Bold?</b>", text("document.querySelector('.question').textContent"));
    assertEquals(0, count(".question b"));
    assertEquals(List.of(), browser.complaints());
  }

  /** From the page's beginning Tab alone comes to the list, and it shows where it is. */
  @Test
  void tabReachesTheBrowserOfTrajectories() throws Exception {
    for (int i = 0; i < 12; i++) {
      browser.press("Tab");
      if (text("document.activeElement.getAttribute('role')").equals("listbox")) {
        assertNotEquals("none", text("getComputedStyle(document.activeElement).outlineStyle"));
        return;
      }
    }
    throw new AssertionError(text("document.activeElement.outerHTML.slice(0, 200)"));
  }

  @Test
  void markupInACompletionIsShownAndNeverRuns() throws Exception {
    String shown = text("document.querySelectorAll('article .trace')[1].textContent");
    assertEquals(ReportedRun.HOSTILE + "<|im_end|>", shown);
    assertEquals("undefined", text("typeof window.hostile"));
    assertEquals(2, count("script"));
    assertEquals(0, count("img:not([src^=\"data:\"])"));
    assertEquals(0, count(".sample i, .sample img, .sample script"));
    assertEquals(List.of(), browser.complaints());
  }
}
