package io.relook.model.text;

import io.relook.model.text.Message.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A user's question, its pictures where its marks stand.
 *
 * <ul>
 *   <li>No mark: all pictures, then the text.
 *   <li>{@code <image>}: the next picture, as in verl (rl_dataset.py) and LLaMA-Factory
 *       (mm_plugin.py). The text around it stays as it is, also the line break behind it.
 *   <li>{@code <image 2>}, {@code <image_2>}, {@code <image2>}: the picture of this number, from 1,
 *       again where it is named again, as VLMEvalKit does for MMMU. Beside an {@code <image>} they
 *       are text (our choice): the peers that read the one do not read the other.
 *   <li>{@code <image1>} to {@code <image5>} over one picture, as MathVision has them: that picture
 *       holds them all. It stands in front, and they are text, as in its own evaluation.
 * </ul>
 *
 * Each picture has to be shown, and no other: more or fewer marks are an error. Control tokens such
 * as {@code <|image_pad|>} are no marks but text.
 *
 * @param parts texts and pictures in their order
 * @param order of each picture that the parts show: its place among those given, from 0
 */
public record Question(List<Part> parts, List<Integer> order) {
  private static final Pattern PLAIN = Pattern.compile("<image>");
  private static final Pattern NUMBERED = Pattern.compile("<image[ _]?(\\d{1,4})>");

  /** Behind the first, as MathVision writes it. */
  private static final Pattern MERGED = Pattern.compile("<image([2-9]|[1-9]\\d+)>");

  public Question {
    parts = List.copyOf(parts);
    order = List.copyOf(order);
  }

  /**
   * @param pictures how many are given; a DATA error where the marks show more or fewer
   */
  public static Question of(String text, int pictures) {
    Matcher plain = PLAIN.matcher(text);
    if (plain.find()) {
      return marked(text, plain.reset(), pictures);
    }
    Matcher numbered = NUMBERED.matcher(text);
    boolean isMerged = pictures == 1 && MERGED.matcher(text).find();
    if (!isMerged && numbered.find()) {
      return marked(text, numbered.reset(), pictures);
    }
    List<Part> parts = new ArrayList<>(Message.ofPictures("user", pictures, text).parts());
    return new Question(parts, IntStream.range(0, pictures).boxed().toList());
  }

  private static Question marked(String text, Matcher marks, int pictures) {
    List<Part> parts = new ArrayList<>();
    List<Integer> order = new ArrayList<>();
    int at = 0;
    while (marks.find()) {
      if (marks.start() > at) {
        parts.add(new Part(text.substring(at, marks.start())));
      }
      parts.add(new Part(null));
      boolean isNumbered = marks.groupCount() == 1;
      order.add(isNumbered ? Integer.parseInt(marks.group(1)) - 1 : order.size());
      at = marks.end();
    }
    if (at < text.length()) {
      parts.add(new Part(text.substring(at)));
    }
    List<Integer> shown = List.copyOf(new TreeSet<>(order));
    if (!shown.equals(IntStream.range(0, pictures).boxed().toList())) {
      throw TextErrors.marks(marks.groupCount() == 1, shown, pictures);
    }
    return new Question(parts, order);
  }

  /** The turn that asks it. */
  public Message message() {
    return new Message("user", parts, false);
  }

  /** Of what is given for each picture, that of each picture that the parts show. */
  public <P> List<P> shown(List<P> given) {
    return order.stream().map(given::get).toList();
  }
}
