package io.relook.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class TestJobArguments {
  private static JobArguments parse(String... more) throws JobArguments.UsageException {
    String[] args = {"--lakehouse", "l", "--preset", "../conf/presets/demo-short.yaml"};
    String[] all = java.util.Arrays.copyOf(args, args.length + more.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    return JobArguments.parse(IngestJob.USAGE, all);
  }

  @Test
  void aFlagStandsAlone() throws JobArguments.UsageException {
    assertFalse(parse().flag("update-answers"));
    assertFalse(parse("--update-answers", "false").flag("update-answers"));
    assertTrue(parse("--update-answers").flag("update-answers"));
    JobArguments arguments = parse("--update-answers", "--data", "d", "grpo.steps=7");
    assertTrue(arguments.flag("update-answers"));
    assertEquals("d", arguments.option("data"));
    assertEquals(7, parse("--update-answers", "grpo.steps=7").preset().grpo().steps());
  }
}
