package io.relook.parity;

import com.fasterxml.jackson.databind.JsonNode;
import io.relook.model.text.Message;
import io.relook.model.text.StreamingDecoder;
import io.relook.model.text.TextProcessor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** {@code tokenizer.json}: texts, a stream, chats. */
final class TextChecks {
  private TextChecks() {}

  static void run(Report report, JsonNode goldens, TextProcessor text) {
    long ids = 0;
    long decoded = 0;
    for (JsonNode c : goldens.path("texts")) {
      int[] expected = Numbers.ints(c.path("ids"));
      ids += Arrays.equals(text.encode(c.path("text").asText()), expected) ? 0 : 1;
      decoded += text.decode(expected, false).equals(c.path("decoded").asText()) ? 0 : 1;
      decoded +=
          text.decode(expected, true).equals(c.path("decoded_without_special").asText()) ? 0 : 1;
    }
    report.equal("tokenizer.ids", ids);
    report.equal("tokenizer.decoded", decoded);
    streaming(report, goldens.path("streaming"), text);
    long chats = 0;
    for (JsonNode c : goldens.path("chats")) {
      String rendered =
          text.render(messages(c.path("messages")), c.path("add_generation_prompt").asBoolean());
      chats += rendered.equals(c.path("text").asText()) ? 0 : 1;
    }
    report.equal("tokenizer.chats", chats);
  }

  /** Prefixes decode as the reference's; what a stream shows is whole characters and adds up. */
  private static void streaming(Report report, JsonNode goldens, TextProcessor text) {
    int[] ids = Numbers.ints(goldens.path("ids"));
    StreamingDecoder decoder = new StreamingDecoder(text);
    StringBuilder shown = new StringBuilder();
    long different = 0;
    for (int i = 0; i < ids.length; i++) {
      String prefix = goldens.path("prefixes").get(i).asText();
      different += text.decode(Arrays.copyOf(ids, i + 1), false).equals(prefix) ? 0 : 1;
      shown.append(decoder.next(ids[i]));
      different += prefix.startsWith(shown.toString()) ? 0 : 1;
    }
    shown.append(decoder.finish());
    different += shown.toString().equals(text.decode(ids, false)) ? 0 : 1;
    report.equal("tokenizer.streaming", different);
  }

  private static List<Message> messages(JsonNode array) {
    List<Message> messages = new ArrayList<>();
    for (JsonNode message : array) {
      List<Message.Part> parts = new ArrayList<>();
      if (message.path("content").isTextual()) {
        parts.add(new Message.Part(message.path("content").asText()));
      }
      for (JsonNode part : message.path("content")) {
        parts.add(
            new Message.Part(
                part.path("type").asText().equals("image") ? null : part.path("text").asText()));
      }
      messages.add(
          new Message(message.path("role").asText(), parts, message.path("content").isTextual()));
    }
    return messages;
  }
}
