package io.relook.model.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which added tokens are tags. */
final class TestTagTokens {
  private static List<String> among(String template, String... names) {
    ArrayNode added = new ObjectMapper().createArrayNode();
    for (String name : names) {
      added.addObject().put("content", name);
    }
    return TagTokens.among(added, template);
  }

  @Test
  void tagsOfTracesAreTagsWhateverStandsBesideThemAndWhoeverWritesThem() {
    assertEquals(
        List.of("</reflection>", "<think>"),
        among("{{ '<think>' }}", "<|im_end|>", "</reflection>", "<think>", "<Think>"));
  }

  @Test
  void pairsAreAUsersOwnTagsUnlessTheTemplateWritesOneOfThem() {
    String template = "{% if tools %}<tool_call>{% endif %}{{ '</box>' }}";
    assertEquals(
        List.of("<look-again>", "</look-again>", "<Sicht_2>", "</Sicht_2>"),
        among(
            template,
            "<look-again>",
            "</look-again>",
            "<tool_call>",
            "</tool_call>",
            "<box>",
            "</box>",
            "<Sicht_2>",
            "</Sicht_2>"));
    assertEquals(List.of("<box>", "</box>"), among(null, "<box>", "</box>"));
  }

  @Test
  void otherNamesAreControlTokens() {
    assertEquals(
        List.of(),
        among(
            "", "<s>", "</s>", "<pad>", "<|a|>", "</|a|>", "[INST]", "[/INST]", "<a b>", "</a b>"));
  }
}
