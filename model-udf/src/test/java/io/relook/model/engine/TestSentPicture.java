package io.relook.model.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class TestSentPicture {
  private static final int PATCHES = 16;
  private static final int AREA = 14 * 14;

  @Test
  void aPictureArrivesAsItWasInAnEighthOfTheBytes() throws Exception {
    PictureGrid picture = picture(256);
    byte[] sent = bytes(picture);
    assertTrue(sent.length < picture.patches().length * 4 / 8 + 4096, sent.length + " bytes");
    assertSamePicture(picture, (PictureGrid) received(sent));
  }

  @Test
  void promptsOfOnePictureStillShareIt() throws Exception {
    PictureGrid picture = picture(200);
    Prompt one = new Prompt(new int[] {1, 2}, List.of(picture));
    Prompt other = new Prompt(new int[] {1, 3}, List.of(picture));
    Prompt[] back = (Prompt[]) received(bytes(new Prompt[] {one, other}));
    assertSame(back[0].pictures().get(0), back[1].pictures().get(0));
    assertSamePicture(picture, back[1].pictures().get(0));
  }

  @Test
  void whatHasAnotherFormTravelsAsItIs() throws Exception {
    PictureGrid moving = picture(256);
    moving.patches()[AREA + 5] += 1;
    PictureGrid many = picture(257);
    PictureGrid odd = new PictureGrid(1, 1, new float[] {1, 2, 3, 4, 5});
    for (PictureGrid picture : List.of(moving, many, odd)) {
      byte[] sent = bytes(picture);
      assertTrue(sent.length > picture.patches().length * 4);
      assertSamePicture(picture, (PictureGrid) received(sent));
    }
  }

  private static void assertSamePicture(PictureGrid picture, PictureGrid back) {
    assertEquals(picture.height(), back.height());
    assertEquals(picture.width(), back.width());
    assertArrayEquals(picture.patches(), back.patches());
  }

  /** So many values a channel, all of them used. */
  private static PictureGrid picture(int values) {
    Random random = new Random(4);
    float[] patches = new float[PATCHES * 6 * AREA];
    for (int plane = 0; plane < PATCHES * 3; plane++) {
      for (int i = 0; i < AREA; i++) {
        int value = plane < 9 ? (plane / 3 * AREA + i) % values : random.nextInt(values);
        patches[plane * 2 * AREA + i] = (value - 120.5f) / (60 + plane % 3);
        patches[plane * 2 * AREA + AREA + i] = patches[plane * 2 * AREA + i];
      }
    }
    return new PictureGrid(4, 4, patches);
  }

  private static byte[] bytes(Object value) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(value);
    }
    return bytes.toByteArray();
  }

  private static Object received(byte[] bytes) throws Exception {
    try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
      return in.readObject();
    }
  }
}
