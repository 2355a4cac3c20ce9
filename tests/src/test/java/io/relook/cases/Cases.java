package io.relook.cases;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Runs the cases of a folder: every line of its {@code *.jsonl} files is one, of the kind that its
 * fields tell. A line for each that differs, then {@code N passed, M failed}; exit code 1 where one
 * failed or none was there. {@code tests/cases.sh FOLDER} starts it.
 */
public final class Cases {
  /** A kind of case. */
  interface Kind {
    /** Whether a line is of this kind. */
    boolean isOf(JsonNode row);

    /** What differs; empty where all is as it should be. */
    Optional<String> difference(JsonNode row);
  }

  private static final List<Kind> KINDS = List.of(new AnswerCase(), new TemplateCase());

  private final ObjectMapper json = new ObjectMapper();
  private int passed;
  private int failed;

  private Cases() {}

  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 1 || !Files.isDirectory(Path.of(arguments[0]))) {
      System.err.println("usage: tests/cases.sh FOLDER, a folder with *.jsonl files of cases");
      System.exit(2);
    }
    Cases cases = new Cases();
    for (Path file : files(Path.of(arguments[0]))) {
      cases.run(file);
    }
    System.out.printf("%d passed, %d failed%n", cases.passed, cases.failed);
    System.exit(cases.failed > 0 || cases.passed == 0 ? 1 : 0);
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(f -> f.toString().endsWith(".jsonl")).sorted().toList();
    }
  }

  private void run(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).isBlank()) {
        Optional<String> difference = difference(lines.get(i));
        passed += difference.isEmpty() ? 1 : 0;
        failed += difference.isPresent() ? 1 : 0;
        String place = "%s:%d: ".formatted(file.getFileName(), i + 1);
        difference.ifPresent(told -> System.out.println(place + told));
      }
    }
  }

  private Optional<String> difference(String line) {
    JsonNode row;
    try {
      row = json.readTree(line);
    } catch (JsonProcessingException e) {
      return Optional.of("no JSON: " + e.getOriginalMessage());
    }
    Optional<Kind> kind = KINDS.stream().filter(k -> k.isOf(row)).findFirst();
    if (kind.isEmpty()) {
      List<String> fields = row.properties().stream().map(java.util.Map.Entry::getKey).toList();
      return Optional.of("no kind of case that is known has the fields " + fields);
    }
    try {
      return kind.get().difference(row);
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      return Optional.of("ended with " + e);
    }
  }
}
