package io.relook.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.report.AttentionCurves.Policy;
import io.relook.report.AttentionCurves.Result;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** The figure, read as XML. */
class TestAttentionFigure {
  private static final String HOSTILE = "<script>a&b</script>\u0000\"'é😀";

  private static LookingTrace trace(int from, int to, double... shares) {
    boolean[] reflection = new boolean[shares.length];
    Arrays.fill(reflection, from, to, true);
    return new LookingTrace(shares, LookingTrace.even(3, 6, shares.length), reflection);
  }

  /** Two direct traces of 0.5 and 0.3, and one that falls from 0.5 to 0.1 and looks again. */
  private static Result result(String name) {
    List<LookingTrace> traces = new ArrayList<>();
    for (double share : new double[] {0.5, 0.3}) {
      double[] shares = new double[10];
      Arrays.fill(shares, share);
      traces.add(trace(0, 0, shares));
    }
    traces.add(trace(4, 6, 0.5, 0.4, 0.2, 0.2, 0.4, 0.4, 0.1, 0.1, 0.1, 0.1));
    return new Result(
        List.of(
            AttentionCurves.of(new Policy(name, "r", "r/0/base/0"), 3, Map.of(), traces),
            AttentionCurves.of(new Policy("none", "r", "v"), 0, Map.of(), List.of())));
  }

  private static Document parsed(String svg) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setNamespaceAware(true);
    factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    return factory.newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
  }

  private static List<Element> elements(Document document, String tag, String kind) {
    List<Element> found = new ArrayList<>();
    NodeList all = document.getElementsByTagName(tag);
    for (int i = 0; i < all.getLength(); i++) {
      Element element = (Element) all.item(i);
      if (kind == null || element.getAttribute("class").equals(kind)) {
        found.add(element);
      }
    }
    return found;
  }

  private static List<String> texts(Document document) {
    return elements(document, "text", null).stream().map(Element::getTextContent).toList();
  }

  /** The share that a height stands for, by the labels of the axis. */
  private static double share(Document document, double y) {
    double zero = 0;
    double most = 0;
    double highest = 0;
    for (Element text : elements(document, "text", null)) {
      if (text.getAttribute("text-anchor").equals("end")) {
        double value = Double.parseDouble(text.getTextContent());
        double at = Double.parseDouble(text.getAttribute("y")) - 4;
        if (value == 0) {
          zero = at;
        } else if (value > most) {
          most = value;
          highest = at;
        }
      }
    }
    return most * (zero - y) / (zero - highest);
  }

  @Test
  void valuesStandWhereTheAxisSays() throws Exception {
    Document document = parsed(result("base").svg());
    List<Element> without = elements(document, "circle", "without");
    List<Element> with = elements(document, "circle", "with");
    List<Element> span = elements(document, "circle", "span");
    assertEquals(List.of(10, 10, 3), List.of(without.size(), with.size(), span.size()));
    for (Element circle : without) {
      assertEquals(0.4, share(document, Double.parseDouble(circle.getAttribute("cy"))), 1e-4);
    }
    double[] shares = {0.5, 0.4, 0.2, 0.2, 0.4, 0.4, 0.1, 0.1, 0.1, 0.1};
    double tenth = 0;
    for (int i = 0; i < 10; i++) {
      Element circle = with.get(i);
      assertEquals(shares[i], share(document, Double.parseDouble(circle.getAttribute("cy"))), 1e-4);
      double x = Double.parseDouble(circle.getAttribute("cx"));
      assertTrue(i == 0 || Math.abs(x - tenth - 32) < 1e-9, "tenths are equally wide");
      tenth = x;
    }
    double[] around = {0.2, 0.4, 0.1};
    for (int i = 0; i < 3; i++) {
      Element circle = span.get(i);
      assertEquals(around[i], share(document, Double.parseDouble(circle.getAttribute("cy"))), 1e-4);
    }
    assertEquals(
        "without a reflection, 0 to 10 %: 0.4000 (95 % 0.3000 to 0.5000), traces: 2, tokens: 2",
        without.get(0).getTextContent());
    assertEquals("inside: 0.4000, traces: 1, tokens: 2", span.get(1).getTextContent());
  }

  @Test
  void axesLegendAndCountsAreThere() throws Exception {
    List<String> texts = texts(parsed(result("base").svg()));
    for (String text :
        List.of(
            "relative position of the token",
            "share of attention on picture tokens",
            "traces without a reflection",
            "traces with one",
            "the reflection, and as many tokens around it",
            "attention spread evenly",
            "without: 2 traces, 20 tokens; with: 1 traces, 10 tokens",
            "without: 0 traces, 0 tokens; with: 0 traces, 0 tokens")) {
      assertTrue(texts.contains(text), text + " is not among " + texts);
    }
  }

  @Test
  void aNameIsTextAndNothingIsLoaded() throws Exception {
    String svg = result(HOSTILE).svg();
    Document document = parsed(svg);
    assertEquals(0, document.getElementsByTagName("script").getLength());
    assertTrue(texts(document).contains(HOSTILE.replace('\u0000', '\uFFFD')));
    String own = svg.replace("http://www.w3.org/2000/svg", "");
    for (String reference : List.of("://", "href", "url(", "onload", "NaN", "Infinity")) {
      assertFalse(own.contains(reference), reference);
    }
  }

  @Test
  void numbersGoToJson() {
    JsonNode json = new ObjectMapper().valueToTree(result("base"));
    JsonNode curves = json.path("policies").get(0);
    assertEquals("base", curves.path("policy").path("name").asText());
    assertEquals(0.4, curves.path("without").path("bins").get(9).path("mean").asDouble(), 1e-12);
    assertEquals(0.2, curves.path("span").path("insideLessBefore").path("mean").asDouble(), 1e-12);
    JsonNode rows = new ObjectMapper().valueToTree(result("base").figures());
    assertEquals(2 * (2 * 21 + 5), rows.size());
    assertEquals(
        "{\"policy\":\"none\",\"curve\":\"span\",\"place\":\"before\",\"mean\":null,\"low\":null,\"high\":null,\"traces\":0,\"tokens\":0}",
        rows.get(rows.size() - 5).toString());
  }
}
