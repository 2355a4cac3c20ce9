package io.relook.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.relook.preset.Preset;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class TestReflectionFilter {
  private static final Preset.Reconstruct BOUNDS =
      new Preset.Reconstruct(2, 1, 0.3, "Look again.", 4, 20, 0.1, 0.0, null, Preset.Cut.END);
  private static final String BEFORE = "How many circles? I count 2.";
  private static final String SEEN = "I look at the left side: one circle, and two on the right.";

  private final ReflectionFilter filter = new ReflectionFilter(BOUNDS);

  private Set<String> against(String reflection, int tokens, boolean right) {
    return filter
        .against(new ReflectionFilter.Trace(BEFORE, reflection, tokens, true, true, right))
        .keySet();
  }

  @Test
  void aTraceThatLooksAgainIsKept() {
    assertEquals(Set.of(), against(SEEN, 14, true));
  }

  @Test
  void eachFilterSpeaksForItself() {
    assertEquals(Set.of("answer"), against(SEEN, 14, false));
    assertEquals(Set.of("length"), against("Hm.", 2, true));
    assertEquals(Set.of("length"), against(SEEN, 21, true));
    assertEquals(Set.of("leak"), against("The answer is 3. I look again.", 9, true));
    assertEquals(Set.of("language"), against("Я смотрю ещё раз.", 9, true));
    assertEquals(
        Set.of("repetition"), against("There is one circle on the left. ".repeat(5), 14, true));
    assertEquals(Set.of("repetition"), against("I see " + "o".repeat(40), 14, true));
    assertEquals(
        Set.of("finish", "format", "answer"),
        filter.against(new ReflectionFilter.Trace(BEFORE, SEEN, 14, false, false, false)).keySet());
  }

  @Test
  void aConclusionAtTheEndIsNoLeak() {
    assertEquals(Set.of(), against(SEEN + " So the answer is 3.", 18, true));
  }

  @Test
  void gainsBelowTheirBoundsAreSaid() {
    assertEquals(Map.of(), filter.against(new InformationGain.Gain(0.1, 0.0)));
    assertEquals(
        Map.of(
            "answer_gain", "0.0900 nats a token, less than 0.1",
            "visual_gain", "could not be computed"),
        filter.against(new InformationGain.Gain(0.09, null)));
    Preset.Reconstruct unbounded =
        new Preset.Reconstruct(2, 1, 0.3, "Look again.", 4, 20, null, null, null, Preset.Cut.END);
    assertEquals(Map.of(), new ReflectionFilter(unbounded).against(InformationGain.Gain.NONE));
  }
}
