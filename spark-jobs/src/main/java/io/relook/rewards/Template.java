package io.relook.rewards;

import io.relook.model.text.Tags;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The form of a completion: {@code thinking <reflection>…</reflection> thinking <answer>…</answer>}
 * with at most one reflection (arXiv 2603.26348, figure 1). Read in one pass over the text,
 * whatever the text.
 */
final class Template {
  private static final List<String> TAGS = Tags.ALL;
  private static final List<String> DIRECT = TAGS.subList(2, 4);
  private static final List<String> REFLECTIVE = TAGS.subList(0, 4);

  private static final List<String> NAMES = List.of("reflection", "answer", "think");
  private static final String OPEN = "<\uff1c\u2039\u3008";
  private static final String CLOSE = ">\uff1e\u203a\u3009";
  private static final int LONGEST_TAG = 64;

  /** A tag and where it stands. */
  record Tag(String word, int start) {
    int end() {
      return start + word.length();
    }
  }

  private Template() {}

  /** All tags in their order; one in disguise is a bare bracket. */
  static List<Tag> tags(String text) {
    List<Tag> found = new ArrayList<>();
    for (int at = 0; at < text.length(); at++) {
      if (OPEN.indexOf(text.charAt(at)) >= 0) {
        int start = at;
        TAGS.stream()
            .filter(tag -> text.startsWith(tag, start))
            .findFirst()
            .or(() -> isDisguised(text, start) ? Optional.of("<") : Optional.empty())
            .ifPresent(tag -> found.add(new Tag(tag, start)));
      }
    }
    return found;
  }

  /**
   * Whether the bracket begins what a reader may take for a tag: of another case, with spaces, with
   * attributes, with characters that are not seen.
   */
  private static boolean isDisguised(String text, int bracket) {
    int end = Math.min(text.length(), bracket + LONGEST_TAG);
    StringBuilder name = new StringBuilder();
    for (int at = bracket + 1; at < end; at++) {
      char c = text.charAt(at);
      if (OPEN.indexOf(c) >= 0) {
        return false;
      }
      if (CLOSE.indexOf(c) >= 0) {
        return NAMES.stream().anyMatch(n -> name.toString().startsWith(n));
      }
      if (Character.isLetterOrDigit(c)) {
        name.append(Character.toLowerCase(c));
      }
    }
    return false;
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
  static String between(String text, List<Tag> tags, int tag) {
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
