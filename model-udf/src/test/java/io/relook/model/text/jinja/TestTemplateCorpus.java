package io.relook.model.text.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Every construct over every chat, against what transformers 5.23.0 with Jinja2 3.1.6 renders
 * ({@code make_corpus.py} beside the corpus).
 */
class TestTemplateCorpus {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The time that the generator gives to {@code strftime_now}. */
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-03-05T14:07:09Z"), ZoneOffset.UTC);

  @Test
  void everyTextIsTransformersAndWhatItRefusesIsRefused() throws IOException {
    JsonNode corpus;
    try (InputStream in = getClass().getResourceAsStream("/templates/corpus.json")) {
      corpus = JSON.readTree(in);
    }
    List<String> wrong = new ArrayList<>();
    int cases = 0;
    for (JsonNode one : corpus.path("cases")) {
      int chat = 0;
      for (Map.Entry<String, JsonNode> given : corpus.path("chats").properties()) {
        JsonNode texts = one.path("texts");
        JsonNode right = texts.get(texts.size() == 1 ? 0 : chat);
        Map<String, Object> variables =
            JSON.convertValue(given.getValue(), new TypeReference<>() {});
        String rendered = rendered(one.path("template").asText(), variables);
        if (!(right.isNull() ? rendered.startsWith("!") : rendered.equals("=" + right.asText()))) {
          wrong.add("%s / %s: %s".formatted(one.path("name").asText(), given.getKey(), rendered));
        }
        cases++;
        chat++;
      }
    }
    assertEquals(List.of(), wrong);
    assertTrue(cases >= 6000, cases + " cases");
  }

  private static String rendered(String template, Map<String, Object> variables) {
    try {
      return "=" + Template.of(template).render(variables, CLOCK);
    } catch (TemplateException e) {
      return "! " + e.getMessage();
    }
  }
}
