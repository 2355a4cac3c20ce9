package io.relook.rewards;

import java.util.ArrayList;
import java.util.List;

/**
 * The form of a completion: {@code thinking <reflection>…</reflection> thinking <answer>…</answer>}
 * with at most one reflection (arXiv 2603.26348, figure 1). Read in one pass over the text,
 * whatever the text.
 */
final class Template {
  private static final List<String> TAGS =
      List.of("<reflection>", "</reflection>", "<answer>", "</answer>", "<think>", "</think>");
  private static final List<String> DIRECT = TAGS.subList(2, 4);
  private static final List<String> REFLECTIVE = TAGS.subList(0, 4);

  /** A tag and where it stands. */
  record Tag(String word, int start) {
    int end() {
      return start + word.length();
    }
  }

  private Template() {}

  /** All tags in their order. */
  static List<Tag> tags(String text) {
    List<Tag> found = new ArrayList<>();
    for (int at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at + 1)) {
      for (String tag : TAGS) {
        if (text.startsWith(tag, at)) {
          found.add(new Tag(tag, at));
        }
      }
    }
    return found;
  }

  /**
   * Whether the tags are those of the template, the reflection has a word of two letters or digits,
   * the answer is not blank, and nothing follows it.
   */
  static boolean isKept(String text) {
    List<Tag> tags = tags(text);
    List<String> words = tags.stream().map(Tag::word).toList();
    if (!words.equals(DIRECT) && !words.equals(REFLECTIVE)) {
      return false;
    }
    int answer = tags.size() - 2;
    return (answer == 0 || saysSomething(between(text, tags, 0)))
        && !between(text, tags, answer).isBlank()
        && text.substring(tags.get(answer + 1).end()).isBlank();
  }

  /** The text between a tag and the next. */
  private static String between(String text, List<Tag> tags, int tag) {
    return text.substring(tags.get(tag).end(), tags.get(tag + 1).start());
  }

  private static boolean saysSomething(String text) {
    boolean before = false;
    for (int at = 0; at < text.length(); at += Character.charCount(text.codePointAt(at))) {
      boolean word = Character.isLetterOrDigit(text.codePointAt(at));
      if (word && before) {
        return true;
      }
      before = word;
    }
    return false;
  }
}
