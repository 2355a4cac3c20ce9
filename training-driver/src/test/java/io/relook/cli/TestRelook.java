package io.relook.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.lakehouse.RelookException;
import io.relook.lakehouse.RelookException.Category;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

final class TestRelook {
  private static final String PRESET =
      Path.of(System.getProperty("relook.root"), "conf/presets/demo.yaml").toString();

  private final StringWriter errors = new StringWriter();
  private final CommandLine command = Relook.commandLine().setErr(new PrintWriter(errors));

  @Test
  void whatIsKnownToGoWrongIsOneLineAndExitCodeOne() {
    assertEquals(1, command.execute("demo", "--preset", "nosuch"));
    assertTrue(errors.toString().startsWith("relook: There is no preset nosuch"), errors::toString);
    assertEquals(1, errors.toString().lines().count(), errors::toString);
  }

  @Test
  void aRunsNameLeadsNowhereElse() {
    assertEquals(1, command.execute("iterate", PRESET, "--run", "../other"));
    assertTrue(errors.toString().startsWith("relook: A run cannot be called"), errors::toString);
  }

  @Test
  void aPresetsNameLeadsNowhereElse() {
    assertEquals(1, command.execute("iterate", "../presets/demo"));
    assertTrue(
        errors.toString().startsWith("relook: '../presets/demo' is no preset's name"),
        errors::toString);
  }

  @Test
  void aPlanOfAModelThatIsNotThereSaysWhatIsEnough() {
    assertEquals(1, command.execute("plan", PRESET, "--model", "nosuch"));
    assertTrue(errors.toString().contains("no checkpoint in nosuch"), errors::toString);
    assertTrue(errors.toString().contains("--no-measure"), errors::toString);
  }

  /** An executor's error arrives inside Spark's own. */
  @Test
  void anErrorInsideATaskIsToldAsOneOfTheCommand() throws Exception {
    Exception job =
        new IllegalStateException(
            "Job aborted due to stage failure",
            new RelookException(Category.MODEL, "Weights hold NaN."));
    assertEquals(
        1, command.getExecutionExceptionHandler().handleExecutionException(job, command, null));
    assertEquals("relook: Weights hold NaN.", errors.toString().strip());
  }

  @Test
  void aWrongCommandLineIsExitCodeTwo() {
    assertEquals(2, command.execute("demo", "--presett", "x"));
  }
}
