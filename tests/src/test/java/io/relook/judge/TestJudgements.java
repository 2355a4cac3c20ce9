package io.relook.judge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TestJudgements {
  private static final Judge.Case FIRST = new Judge.Case("How many?", "Two.", "One more.", "3");
  private static final Judge.Case SECOND = new Judge.Case("How many?", "Two.", "Still two.", "3");

  @TempDir private Path folder;

  /** Fails on the second case until it is mended: what a real endpoint does only by chance. */
  private static final class Flaky implements Judge {
    private boolean mended;
    private int asked;

    @Override
    public String name() {
      return "flaky";
    }

    @Override
    public String promptVersion() {
      return "1";
    }

    @Override
    public Verdict judge(Case given) {
      asked++;
      return given.equals(SECOND) && !mended
          ? Verdict.none("HTTP 503, 3 times")
          : new Verdict(0.75, "saw it", null, 100, 10);
    }
  }

  @Test
  void nothingIsJudgedTwiceAndWhatFailedIsAskedAgain() {
    Lakehouse lakehouse = Lakehouse.open(TestSession.spark(), folder.toString());
    Flaky judge = new Flaky();
    Judgements judgements = new Judgements(lakehouse, judge);
    Map<String, Judge.Case> cases = Map.of("a", FIRST, "b", SECOND, "c", FIRST);

    Map<String, Rows.Judgement> first = judgements.of(cases);
    assertEquals(2, judge.asked, "the same content is asked once");
    assertEquals(0.75, first.get("a").score());
    assertEquals(first.get("a"), first.get("c"));
    assertNull(first.get("b").score());
    assertEquals("HTTP 503, 3 times", first.get("b").error());

    judge.mended = true;
    Map<String, Rows.Judgement> second = judgements.of(cases);
    assertEquals(3, judge.asked, "only what failed");
    assertEquals(0.75, second.get("b").score());
    assertEquals(2, lakehouse.read(Table.JUDGEMENTS).count());
    assertEquals(0, lakehouse.read(Table.JUDGEMENTS).where("error IS NOT NULL").count());
  }
}
