package io.relook.study;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.relook.model.text.TaggedTokenizer;
import io.relook.model.text.TextProcessor;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What probes put into a trace's mouth is spelt as the tokenizer spells it. */
final class TestProbedTraces {
  @TempDir private Path folder;

  @Test
  void tracesGoOnFromTheTokenizersOwnTags() throws Exception {
    String trace = "I see 2. <reflection> Looking again, 3.</reflection> <answer>3</answer>";
    for (String name :
        List.of("plain", "special", "added", "special, lstrip", "added, lstrip, rstrip")) {
      TaggedTokenizer.write(name, folder.resolve(name));
      try (TextProcessor text = TextProcessor.load(folder.resolve(name))) {
        int[] ids = text.encodeAsText(trace);
        int[] answering = Probes.answering(text, ids);
        assertArrayEquals(text.encodeAsText("I see 2. <answer>"), answering, name);
        int[] reflecting = Probes.reflecting(text, ids);
        assertArrayEquals(text.encodeAsText("I see 2. <reflection>"), reflecting, name);
      }
    }
  }

  /** The bracket and what stands before it are one token. */
  @Test
  void aTokenOfTagAndTextIsSpeltAnew() throws Exception {
    TaggedTokenizer.write("plain", folder);
    try (TextProcessor text = TextProcessor.load(folder)) {
      int[] ids = text.encodeAsText("I see </<reflection>!\n now");
      String said = text.decode(ids);
      assertEquals("I see </<answer>", text.decode(Probes.answering(text, ids)), said);
    }
  }
}
