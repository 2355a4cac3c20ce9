package io.relook.model.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Damaged files: a picture or a DATA error, never another Throwable. */
final class TestMutatedPictures {
  private static final int EACH = 1000;

  @Test
  void damagedFilesGivePicturesOrDataErrors() throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    BufferedImage colour = Drawn.ramp(40, 30, BufferedImage.TYPE_INT_RGB);
    seeds.add(Drawn.encoded(colour, "png"));
    seeds.add(Drawn.encoded(colour, "bmp"));
    seeds.add(Drawn.encoded(colour, "gif"));
    seeds.add(webp("q65_alpha.webp"));
    seeds.add(webp("lossless_alpha.webp"));
    seeds.add(webp("frame_inside0.webp"));
    seeds.add(Drawn.withSegment(Drawn.encoded(colour, "jpeg"), 0xE1, Drawn.exif(6)));
    seeds.add(Drawn.encoded(colour, "jpeg", true));
    seeds.add(Drawn.encoded(Drawn.ramp(40, 30, BufferedImage.TYPE_USHORT_GRAY), "png"));
    PictureDecoder decoder = new PictureDecoder(1_000_000);
    int refused = 0;
    int decoded = 0;
    for (int seed = 0; seed < seeds.size(); seed++) {
      Random random = new Random(seed);
      for (int i = 0; i < EACH; i++) {
        byte[] bytes = mutated(seeds.get(seed), random);
        try {
          RgbImage image = decoder.decode(bytes);
          assertTrue((long) image.width() * image.height() <= 1_000_000);
          decoded++;
        } catch (RelookException e) {
          assertEquals(Category.DATA, e.category());
          refused++;
        }
      }
    }
    assertEquals(EACH * seeds.size(), refused + decoded);
    assertTrue(refused > 500 && decoded > 500, refused + " refused, " + decoded + " decoded");
  }

  private static byte[] webp(String name) throws IOException {
    try (var in = TestMutatedPictures.class.getResourceAsStream("/pictures/pictures.jsonl")) {
      String lines = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      for (String line : lines.lines().toList()) {
        JsonNode c = new ObjectMapper().readTree(line);
        if (c.path("name").asText().equals(name)) {
          return c.path("bytes").binaryValue();
        }
      }
    }
    throw new IOException("no picture " + name);
  }

  private static byte[] mutated(byte[] good, Random random) {
    byte[] bytes = good.clone();
    int flips = 1 + random.nextInt(6);
    for (int i = 0; i < flips; i++) {
      // Half of the flips hit the headers.
      int most = random.nextBoolean() ? Math.min(64, bytes.length) : bytes.length;
      bytes[random.nextInt(most)] = (byte) random.nextInt(256);
    }
    return random.nextInt(4) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
  }
}
