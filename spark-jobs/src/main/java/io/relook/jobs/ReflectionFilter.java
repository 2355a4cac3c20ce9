package io.relook.jobs;

import io.relook.preset.Preset;
import java.lang.Character.UnicodeScript;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which rebuilt traces are learnt from. All filters of the text look at every trace, so that the
 * table says all that speaks against it; gains are computed of those that pass. The paper names the
 * filter by information gain and no rule (arXiv 2603.26348); rules and bounds are our choice, those
 * for length, repetition and leak after ReGround's published code.
 */
final class ReflectionFilter {
  /** Conclusions, and tags of an answer, that a second look must not begin with. */
  private static final Pattern CONCLUSION =
      Pattern.compile("(?i)\\b(the )?(final )?answer (is|:)|\\btherefore\\b|<answer");

  /** A line as long repeated so often, or a character, is no reasoning. */
  private static final int LONG_LINE = 20;

  private static final int SAME_LINES = 5;
  private static final int SAME_CHARACTERS = 30;

  private final Preset.Reconstruct bounds;

  ReflectionFilter(Preset.Reconstruct bounds) {
    this.bounds = bounds;
  }

  /**
   * @param before question and reasoning that the reflection follows
   * @param reflection the text between its tags
   * @param tokens of the reflection
   * @param finished ended by itself
   * @param inTemplate the whole trace is in the template
   * @param right the answer after it is right
   */
  record Trace(
      String before,
      String reflection,
      int tokens,
      boolean finished,
      boolean inTemplate,
      boolean right) {}

  /** What the text says against a trace, by filter. */
  Map<String, String> against(Trace trace) {
    Map<String, String> reasons = new LinkedHashMap<>();
    if (!trace.finished) {
      reasons.put("finish", "cut off at the longest length");
    }
    if (!trace.inTemplate) {
      reasons.put("format", "not in the template");
    }
    if (!trace.right) {
      reasons.put("answer", "wrong answer after the reflection");
    }
    if (trace.tokens < bounds.minTokens() || trace.tokens > bounds.maxTokens()) {
      reasons.put("length", "reflection of %d tokens".formatted(trace.tokens));
    }
    if (repeats(trace.reflection)) {
      reasons.put("repetition", "says the same again and again");
    }
    if (CONCLUSION.matcher(opening(trace.reflection)).find()) {
      reasons.put("leak", "begins with a conclusion");
    }
    Set<UnicodeScript> foreign = scripts(trace.reflection);
    foreign.removeAll(scripts(trace.before));
    if (!foreign.isEmpty()) {
      reasons.put("language", "in another script: " + foreign.toString().toLowerCase(Locale.ROOT));
    }
    return reasons;
  }

  /** What the gains say against it. */
  Map<String, String> against(InformationGain.Gain gain) {
    Map<String, String> reasons = new LinkedHashMap<>();
    below("answer_gain", gain.answer(), bounds.minAnswerGain(), reasons);
    below("visual_gain", gain.visual(), bounds.minVisualGain(), reasons);
    return reasons;
  }

  /** A gain that could not be computed is none. */
  private static void below(String name, Double gain, Double least, Map<String, String> reasons) {
    if (least != null && (gain == null || gain < least)) {
      reasons.put(
          name,
          gain == null
              ? "could not be computed"
              : "%.4f nats a token, less than %s".formatted(gain, least));
    }
  }

  private static String opening(String text) {
    String start = text.strip();
    int end = start.indexOf('.');
    return end < 0 ? start : start.substring(0, end + 1);
  }

  private static boolean repeats(String text) {
    Map<String, Integer> lines = new HashMap<>();
    for (String line : text.split("[\\n.]")) {
      String said = line.strip();
      if (said.length() > LONG_LINE && lines.merge(said, 1, Integer::sum) >= SAME_LINES) {
        return true;
      }
    }
    int same = 0;
    for (int i = 1; i < text.length(); i++) {
      same = text.charAt(i) == text.charAt(i - 1) ? same + 1 : 0;
      if (same >= SAME_CHARACTERS) {
        return true;
      }
    }
    return false;
  }

  /** Of letters; what all scripts use is none. */
  private static Set<UnicodeScript> scripts(String text) {
    Set<UnicodeScript> scripts = EnumSet.noneOf(UnicodeScript.class);
    text.codePoints().filter(Character::isLetter).mapToObj(UnicodeScript::of).forEach(scripts::add);
    scripts.remove(UnicodeScript.COMMON);
    scripts.remove(UnicodeScript.INHERITED);
    return scripts;
  }
}
