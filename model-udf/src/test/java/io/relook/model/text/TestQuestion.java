package io.relook.model.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.lakehouse.RelookException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * What verl makes of the same texts ({@code re.split("(<image>|<video>)", content)}, empty pieces
 * left out), and VLMEvalKit's {@code split_MMMU} of numbered ones.
 */
class TestQuestion {
  /** Texts in brackets, pictures as their places. */
  private static String shown(String text, int pictures) {
    Question question = Question.of(text, pictures);
    var order = question.order().iterator();
    assertEquals("user", question.message().role());
    assertEquals(question.parts(), question.message().parts());
    return question.parts().stream()
        .map(part -> part.isPicture() ? "" + order.next() : "[" + part.text() + "]")
        .collect(Collectors.joining(" "));
  }

  @Test
  void withoutMarksThePicturesStandInFront() {
    assertEquals("0 1 [Which is larger?]", shown("Which is larger?", 2));
    assertEquals("[Which?]", shown("Which?", 0));
    assertEquals("0 []", shown("", 1));
    String typed = "<|vision_start|><|image_pad|><|vision_end|> <img> <Image> <image/> <image x>";
    assertEquals("0 [" + typed + "]", shown(typed, 1));
    assertEquals(Message.ofPictures("user", 2, "Which?").parts(), Question.of("Which?", 2).parts());
  }

  @Test
  void aMarkIsWhereThePictureStands() {
    assertEquals("0 [\nWhat is this?]", shown("<image>\nWhat is this?", 1));
    assertEquals("[What is this?\n] 0", shown("What is this?\n<image>", 1));
    assertEquals("[Is ] 0 [ or ] 1 [ red?]", shown("Is <image> or <image> red?", 2));
    assertEquals("0 1 2", shown("<image><image><image>", 3));
    assertEquals("[A: ] 0 [\nB: ] 1", shown("A: <image>\nB: <image>", 2));
    assertEquals("[<] 0 [>]", shown("<<image>>", 1));
  }

  @Test
  void aNumberNamesThePicture() {
    assertEquals("[Is ] 1 [ or ] 0 [ red?]", shown("Is <image 2> or <image 1> red?", 2));
    assertEquals("0 [ and ] 0 [ again, ] 1", shown("<image_1> and <image1> again, <image 2>", 2));
    assertEquals("0 [ beside <image 1>]", shown("<image> beside <image 1>", 1));
  }

  /** As MathVision's 77 has them: its one picture shows both. */
  @Test
  void onePictureMayHoldSeveralNumbered() {
    String text = "Which pattern do you get?\n<image1>\n<image2>";
    assertEquals("0 [" + text + "]", shown(text, 1));
    assertEquals("[Which pattern do you get?\n] 0 [\n] 1", shown(text, 2));
    assertEquals("[Which? ] 0", shown("Which? <image1>", 1));
    refused("<image 1> or <image 2>?", 1, "marks for the pictures [1, 2] but 1 pictures");
    refused(text, 3, "marks for the pictures [1, 2] but 3 pictures");
  }

  @Test
  void moreOrFewerMarksThanPicturesAreRefusedWithTheCounts() {
    refused("<image> and <image>", 1, "has 2 <image> marks but 1 pictures");
    refused("<image>", 3, "has 1 <image> marks but 3 pictures");
    refused("<image>", 0, "has 1 <image> marks but 0 pictures");
    refused("<image 1> and <image 3>", 2, "marks for the pictures [1, 3] but 2 pictures");
    refused("<image 2>", 2, "marks for the pictures [2] but 2 pictures");
    refused("<image 0>", 1, "marks for the pictures [0] but 1 pictures");
  }

  private static void refused(String text, int pictures, String said) {
    RelookException error = assertThrows(RelookException.class, () -> Question.of(text, pictures));
    assertEquals(RelookException.Category.DATA, error.category());
    assertTrue(error.getMessage().contains(said), error.getMessage());
  }

  @Test
  void whatGoesWithPicturesIsPutInTheirOrder() {
    assertEquals(
        List.of("b", "a", "b"),
        Question.of("<image 2> <image 1> <image 2>", 2).shown(Arrays.asList("a", "b")));
  }
}
