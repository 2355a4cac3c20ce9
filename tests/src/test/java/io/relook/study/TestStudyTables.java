package io.relook.study;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.relook.TestSession;
import io.relook.lakehouse.Lakehouse;
import io.relook.lakehouse.Phase;
import io.relook.lakehouse.Rows;
import io.relook.lakehouse.Table;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TestStudyTables {
  private static final String LOOK = "I look. <reflection> I see </reflection> ";

  @TempDir private Path folder;
  private final List<Row> trajectories = new ArrayList<>();
  private final List<Row> evaluations = new ArrayList<>();

  /** Four questions in the same words, whose pictures are red, blue, red and red. */
  @Test
  void whatTheProbesSaidIsCounted() {
    Lakehouse lakehouse = Lakehouse.open(TestSession.spark(), folder.toString());
    lakehouse.merge(
        Table.QUERIES,
        List.of(query("1", "red"), query("2", "blue"), query("3", "red"), query("4", "red")));
    trace("1", LOOK + "<answer>red</answer>", true);
    probe(Phase.BEFORE, "1", "red</answer>");
    probe(Phase.SWAP, "1", "I see blue </reflection> <answer>blue</answer>");
    trace("2", LOOK + "<answer>red</answer>", false);
    probe(Phase.BEFORE, "2", " <reflection> I see red </reflection>");
    probe(Phase.SWAP, "2", "</reflection> <answer>red</answer>");
    trace("3", LOOK + "<answer>red</answer>", true);
    probe(Phase.BEFORE, "3", "blue</answer>");
    probe(Phase.SWAP, "3", "</reflection> <answer>red</answer>");
    trace("4", "I look. <answer>red</answer>", true);
    lakehouse.merge(Table.TRAJECTORIES, trajectories);
    lakehouse.merge(Table.EVALUATIONS, evaluations);

    TestSet set = TestSet.of(lakehouse, "test").get(0);
    StudyTables.Looks looks = new StudyTables(lakehouse).looks("run", set);
    Map<String, Long> flows =
        Map.of("right→right", 1L, "wrong→right", 1L, "right→wrong", 0L, "wrong→wrong", 0L);
    assertEquals(
        new StudyTables.Looks(4, 3, 2.0, flows, 1, 2, 1, 1),
        looks,
        "the second opens a reflection where it is asked for its answer, and is wrong before its picture is exchanged");
    StudyTables.Looks twice = looks.plus(looks);
    assertEquals(8, twice.traces());
    assertEquals(2, twice.silent());
    assertEquals(2L, twice.flows().get("wrong→right"));
  }

  private static Row query(String id, String answer) {
    return Rows.QUERY.toRow(
        new Rows.Query(
            id, "scenes/1", "test", "What colour?", answer, List.of("p" + id), "colour_of", 1));
  }

  private void trace(String id, String text, boolean correct) {
    trajectories.add(trajectory("t" + id, Phase.EVALUATION, id, null, text));
    evaluations.add(
        Rows.EVALUATION.toRow(
            new Rows.Evaluation("e" + id, "run", "run/1", "scenes", id, "t" + id, correct, "red")));
  }

  private void probe(Phase phase, String id, String text) {
    trajectories.add(trajectory(phase.word() + id, phase, id, "t" + id, text));
  }

  private static Row trajectory(String id, Phase phase, String query, String parent, String text) {
    return Rows.TRAJECTORY.toRow(
        new Rows.Trajectory(
            id,
            "run",
            1,
            phase.word(),
            0,
            query,
            0,
            "run/1",
            parent,
            List.of(1),
            List.of(2, 3),
            List.of(-1f, -2f),
            text,
            "stop",
            null,
            0,
            8,
            List.of("p" + query),
            "f"));
  }
}
