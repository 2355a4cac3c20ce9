package io.relook.model.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code pictures/make_pictures.py}: every value is the reference's, and so is every refusal. */
final class TestReferencePictures {
  private static final List<JsonNode> CASES = new ArrayList<>();
  private static final Map<String, byte[]> FILES = new HashMap<>();

  @BeforeAll
  static void read() throws IOException {
    try (var in = TestReferencePictures.class.getResourceAsStream("/pictures/pictures.jsonl")) {
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
        JsonNode c = new ObjectMapper().readTree(line);
        CASES.add(c);
        FILES.put(
            c.path("name").asText(),
            c.has("of")
                ? Arrays.copyOf(FILES.get(c.path("of").asText()), c.path("cut").asInt())
                : c.path("bytes").binaryValue());
      }
    }
  }

  @Test
  void valuesAreTheReferencesOnEitherGround() {
    List<String> different = new ArrayList<>();
    int equal = 0;
    for (JsonNode c : CASES) {
      for (Transparency ground : Transparency.values()) {
        JsonNode wanted = c.path(ground.word());
        if (!wanted.isMissingNode()) {
          String problem = problem(c.path("name").asText(), ground, wanted);
          equal += problem == null ? 1 : 0;
          if (problem != null) {
            different.add(problem);
          }
        }
      }
    }
    assertEquals(List.of(), different);
    assertTrue(equal > 300, equal + " compared");
  }

  private static String problem(String name, Transparency ground, JsonNode wanted) {
    RgbImage image;
    try {
      image = new PictureDecoder().with(ground).decode(FILES.get(name));
    } catch (RelookException e) {
      return name + ": " + e.getMessage();
    }
    List<Integer> first = new ArrayList<>();
    for (int i = 0; i < wanted.path("first").size(); i++) {
      first.add(image.rgb()[i] & 0xFF);
    }
    boolean same =
        image.width() == wanted.path("width").asInt()
            && image.height() == wanted.path("height").asInt()
            && sha256(image.rgb()).equals(wanted.path("sha256").asText());
    return same
        ? null
        : "%s, %s: %d × %d %s, not %s"
            .formatted(name, ground.word(), image.width(), image.height(), first, wanted);
  }

  @Test
  void whatTheReferenceRefusesIsRefused() {
    int refused = 0;
    for (JsonNode c : CASES) {
      if (c.has("error")) {
        byte[] bytes = FILES.get(c.path("name").asText());
        RelookException error =
            assertThrows(
                RelookException.class,
                () -> new PictureDecoder().decode(bytes),
                c.path("name").asText());
        assertEquals(Category.DATA, error.category());
        assertTrue(error.getMessage().startsWith("The picture cannot be decoded: "));
        refused++;
      }
    }
    assertTrue(refused > 400, refused + " refused");
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
