package io.relook.model.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import io.relook.model.checkpoint.TensorFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The reference's pictures, where the goldens are at hand: {@code -Drelook.shared} or beside. */
final class TestGoldenPictures {
  private static Path data;
  private static JsonNode goldens;

  @BeforeAll
  static void find() throws IOException {
    String root = System.getProperty("relook.root", ".");
    String shared = System.getProperty("relook.shared", System.getenv("RELOOK_SHARED"));
    Path folder = shared == null ? Path.of(root).resolve("../shared") : Path.of(shared);
    data = folder.resolve("goldens/data").normalize();
    if (!Files.exists(data.resolve("images.json"))) {
      System.out.println("NOT RUN: TestGoldenPictures needs " + data);
      Assumptions.abort("no goldens in " + data);
    }
    goldens = new ObjectMapper().readTree(data.resolve("images.json").toFile());
  }

  @Test
  void decodedAndResizedPicturesAreTheReferences() throws IOException {
    TensorFile tensors = new TensorFile(data.resolve("images.safetensors"));
    int compared = 0;
    for (JsonNode c : goldens.path("cases")) {
      String file = c.path("file").asText();
      byte[] bytes = Files.readAllBytes(data.resolve("images").resolve(file));
      ImageProcessor processor =
          ImageProcessor.load(data.resolve("model-a"))
              .withTransparency(Transparency.DROP) // made by transformers 4.57.6
              .withBudget(
                  new PixelBudget(c.path("min_pixels").asLong(), c.path("max_pixels").asLong()));
      if (c.has("error")) {
        RelookException error =
            assertThrows(RelookException.class, () -> processor.process(bytes), file);
        assertEquals(Category.DATA, error.category());
        continue;
      }
      RgbImage image = processor.decoder().decode(bytes);
      assertEquals(c.path("width").asInt(), image.width());
      if (file.equals("sixteen_bit.png")) {
        continue; // scaled, where the reference clips
      }
      RgbImage resized = processor.resize(image);
      String key = file + "@" + c.path("budget").asText();
      near(file + " rgb", image.rgb(), tensors.bytes("rgb:" + file), file.endsWith(".jpg"));
      if (tensors.has(key)) {
        near(key, resized.rgb(), tensors.bytes(key), file.endsWith(".jpg"));
        compared++;
      }
    }
    assertTrue(compared > 20, compared + " resized pictures compared");
  }

  @Test
  void sizesAreTheReferences() {
    for (JsonNode row : goldens.path("smart_resize").path("rows")) {
      PixelBudget budget = new PixelBudget(row.get(3).asLong(), row.get(4).asLong());
      int h = row.get(0).asInt();
      int w = row.get(1).asInt();
      if (row.get(5).isNull()) {
        assertThrows(RelookException.class, () -> budget.fit(h, w, row.get(2).asInt()));
      } else {
        int[] size = budget.fit(h, w, row.get(2).asInt());
        assertEquals(row.get(5).asInt(), size[0], row::toString);
        assertEquals(row.get(6).asInt(), size[1], row::toString);
      }
    }
  }

  /** Equal or off by one in 1 % of the values; JPEG within 4 levels: the goldens' tolerances. */
  private static void near(String what, byte[] ours, byte[] theirs, boolean jpeg) {
    assertEquals(theirs.length, ours.length, what);
    int different = 0;
    for (int i = 0; i < ours.length; i++) {
      int distance = Math.abs((ours[i] & 0xFF) - (theirs[i] & 0xFF));
      assertTrue(distance <= (jpeg ? 4 : 1), what + " differs by " + distance + " at " + i);
      different += distance;
    }
    assertTrue(jpeg || different * 100L <= ours.length, what + ": " + different + " differ");
  }
}
