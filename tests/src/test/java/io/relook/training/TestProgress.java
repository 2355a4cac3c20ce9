package io.relook.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TestProgress {
  @TempDir private Path folder;

  /** Whoever reads the table sees a stage that is open until the run ends, never none. */
  @Test
  void oneCommitEndsAStageAndBeginsTheNext() {
    Lakehouse lakehouse = Lakehouse.open(TestSession.spark(), folder.toString());
    Progress progress = new Progress(new PrintWriter(new StringWriter()), lakehouse, "r");
    progress.stage(0, "take in", 0);
    long version = lakehouse.version(Table.STAGES);
    List<Rows.Stage> first = stages(lakehouse);
    assertEquals(List.of(0.0), first.stream().map(Rows.Stage::seconds).toList());

    progress.stage(1, "roll out", 0);
    assertEquals(version + 1, lakehouse.version(Table.STAGES));
    List<Rows.Stage> second = stages(lakehouse);
    assertEquals(first.get(0).startedAt(), second.get(0).startedAt());
    assertTrue(second.get(0).seconds() > 0);
    assertEquals("roll out", second.get(1).stage());
    assertEquals(0, second.get(1).seconds());

    progress.finish();
    progress.finish();
    List<Rows.Stage> ended = stages(lakehouse);
    assertEquals(second.get(0), ended.get(0));
    assertEquals(2, ended.size());
    assertTrue(ended.get(1).seconds() > 0);
  }

  private static List<Rows.Stage> stages(Lakehouse lakehouse) {
    return lakehouse.read(Table.STAGES).orderBy("started_at").collectAsList().stream()
        .map(Rows.STAGE::fromRow)
        .toList();
  }
}
