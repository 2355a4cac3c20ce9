package io.relook.model.text;

import java.util.List;

/** The tags of traces (arXiv 2603.26348, figure 1), and thinking's: text that rewards read. */
public final class Tags {
  public static final String REFLECTION = "<reflection>";
  public static final String REFLECTION_END = "</reflection>";
  public static final String ANSWER = "<answer>";
  public static final String ANSWER_END = "</answer>";

  public static final List<String> ALL =
      List.of(REFLECTION, REFLECTION_END, ANSWER, ANSWER_END, "<think>", "</think>");

  private Tags() {}
}
