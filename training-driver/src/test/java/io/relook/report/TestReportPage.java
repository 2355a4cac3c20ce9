package io.relook.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.report.RunReport.Group;
import io.relook.report.RunReport.Picture;
import io.relook.report.RunReport.Piece;
import io.relook.report.RunReport.Sample;
import io.relook.report.RunReport.Setting;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The document, without a browser: read as the HTML standard says that an element ends. */
class TestReportPage {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final List<String> HOSTILE =
      List.of(
          "</script><img src=x onerror=\"window.hostile=1\">",
          "<!--<script>",
          "]]>--></SCRIPT ><script>window.hostile=1</script>",
          "{{script}} $1 \\1 & &lt; &#60;",
          "\u2028\u2029\u0000\u202e\uD83D\uDE00 é",
          "javascript:window.hostile=1");

  /** An element with what stands between its tags. */
  private record Element(String tag, String attributes, String text) {}

  @Test
  void theDataAreTheRunsAndNothingOfThemIsMarkup() throws Exception {
    RunReport report = report(HOSTILE);
    String page = ReportPage.of(report);
    List<Element> scripts = elements(page, "script");
    assertEquals(2, scripts.size(), "a text made an element: " + scripts);
    assertEquals("type=\"application/json\" id=\"data\"", scripts.get(0).attributes());
    assertEquals(JSON.valueToTree(report), JSON.readTree(scripts.get(0).text()));
    assertFalse(Pattern.compile("[<>&\u2028\u2029]").matcher(scripts.get(0).text()).find());
    String markup = page.replace(scripts.get(0).text(), "").replace(scripts.get(1).text(), "");
    assertFalse(markup.contains("hostile"), markup);
    assertFalse(markup.contains("<img"), markup);
    assertFalse(markup.contains("{{"), markup);
  }

  @Test
  void nothingIsLoadedFromElsewhere() {
    String page = ReportPage.of(report(List.of("nothing")));
    for (String reference :
        List.of(
            "src=", "href=\"", "url(", "@import", "://", "fetch(", "XMLHttpRequest", "import(")) {
      String found = page.replace("'http://www.w3.org/2000/svg'", "");
      assertFalse(found.contains(reference), reference);
    }
    for (String sink :
        List.of(
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(")) {
      assertFalse(page.contains(sink), sink);
    }
  }

  @Test
  void thePolicyLetsTheInlinedPartsRunAndNothingElse() throws Exception {
    String page = ReportPage.of(report(HOSTILE));
    Matcher policy =
        Pattern.compile("<meta http-equiv=\"Content-Security-Policy\" content=\"([^\"]*)\">")
            .matcher(page);
    assertTrue(policy.find());
    assertEquals(
        "default-src 'none'; img-src data:; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'"
            .formatted(
                hash(elements(page, "style").get(0).text()),
                hash(elements(page, "script").get(1).text())),
        policy.group(1));
    assertTrue(policy.start() < page.indexOf("<style"), "it must stand before what it governs");
  }

  @Test
  void whatDoesNotFitIsLeftOutAndSaid() {
    RunReport report = report(List.of("a".repeat(3000), "b".repeat(3000), "c".repeat(3000)));
    assertEquals(report, ReportPage.bounded(report, 1 << 20));
    RunReport bounded = ReportPage.bounded(report, 40 << 10);
    assertEquals(2, bounded.groups().size());
    assertEquals(
        List.of("1 of 3 groups are left out: the file would be larger than 0 MiB."),
        bounded.notes());
    assertEquals(1, bounded.pictures().size());
  }

  /** A group for each text; it stands wherever a text may stand. */
  private static RunReport report(List<String> texts) {
    List<Group> groups = new ArrayList<>();
    for (String text : texts) {
      Sample sample =
          new Sample(
              "t",
              1,
              3,
              0,
              "r/1/grpo/2",
              "stop",
              text,
              1.0,
              0,
              List.of(new Piece(text, 2, -0.25, false)),
              2,
              2,
              0.5,
              null,
              null);
      groups.add(
          new Group("rl", 1, 3, "q", text, text, text, List.of("i"), List.of(), List.of(sample)));
    }
    return new RunReport(
        texts.get(0),
        "2026-01-02",
        List.of(),
        List.of(new Setting("model", texts.get(0))),
        List.of(),
        List.of(),
        groups,
        Map.of("i", new Picture("data:image/png;base64,AA", 1, 1, null)));
  }

  /** Raw text elements: each ends at the first end tag of its name, whatever stands before. */
  private static List<Element> elements(String page, String tag) {
    Matcher found =
        Pattern.compile(
                "<%1$s\\b\\s*([^>]*)>(.*?)</%1$s[\\s/>]".formatted(tag),
                Pattern.DOTALL | Pattern.CASE_INSENSITIVE)
            .matcher(page);
    List<Element> elements = new ArrayList<>();
    while (found.find()) {
      elements.add(new Element(tag, found.group(1), found.group(2)));
    }
    return elements;
  }

  private static String hash(String text) throws Exception {
    byte[] digest =
        MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    return "sha256-" + Base64.getEncoder().encodeToString(digest);
  }
}
