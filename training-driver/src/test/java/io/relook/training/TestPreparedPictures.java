package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.model.engine.PictureGrid;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Each picture takes 4 · 12 = 48 bytes. */
final class TestPreparedPictures {
  private static PictureGrid picture() {
    return new PictureGrid(2, 2, new float[12]);
  }

  @Test
  void theLongestUnusedGoWhereThereAreTooMany() {
    PreparedPictures pictures = new PreparedPictures(3 * 48);
    for (String id : List.of("a", "b", "c")) {
      assertTrue(pictures.fits(picture()));
      pictures.add(id, picture());
    }
    assertFalse(pictures.fits(picture()));
    assertEquals(List.of(), pictures.show(Set.of("a")));
    pictures.add("d", picture());
    assertEquals(3 * 48, pictures.bytes());
    assertNull(pictures.get("b"));
    assertNotNull(pictures.get("a"));
    assertEquals(List.of("b"), pictures.show(Set.of("b")));
  }

  @Test
  void whatTheRowsShowStaysWhateverItTakes() {
    PreparedPictures pictures = new PreparedPictures(2 * 48);
    PictureGrid first = picture();
    pictures.add("before", picture());
    assertEquals(3, pictures.show(Set.of("a", "b", "c")).size());
    pictures.add("a", first);
    pictures.add("b", picture());
    pictures.add("c", picture());
    assertSame(first, pictures.get("a"));
    assertNull(pictures.get("before"));
    assertEquals(3 * 48, pictures.bytes());
    assertEquals(List.of(), pictures.show(Set.of("a")));
    assertEquals(2 * 48, pictures.bytes());
    assertSame(first, pictures.get("a"));
    pictures.show(Set.of("d"));
    pictures.add("d", picture());
    assertEquals(2 * 48, pictures.bytes());
  }

  @Test
  void aPictureThatIsReplacedCountsOnce() {
    PreparedPictures pictures = new PreparedPictures(96);
    pictures.add("a", picture());
    pictures.add("a", picture());
    assertEquals(48, pictures.bytes());
  }
}
