package io.relook.rewards;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The verifier beside other people's verdicts, where they are at hand: {@code -Drelook.shared} or
 * beside. Items whose number is even are for development; {@code -Drelook.scoring=held-out} reads
 * the odd ones. {@code -Drelook.scoring.show=FILE} prints where the two differ.
 *
 * <p>The verdicts do not agree among themselves: each is a scorer of its own with an own rule. The
 * verifiers folder is what ours is for; the benchmarks' own rules (within 5 %, contained in,
 * extracted from prose) are not, and their rows only say how far apart the rules are.
 */
class TestScoringAgreement {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final boolean HELD_OUT =
      System.getProperty("relook.scoring", "").equals("held-out");
  private static final String SHOW = System.getProperty("relook.scoring.show", "none");

  /** Agreement on the development half that may not be lost, a little below what was reached. */
  private static final Map<String, Double> REACHED =
      Map.ofEntries(
          Map.entry("verifiers/answer_pairs verl_math_verify", 0.915),
          Map.entry("verifiers/answer_pairs mathruler_grade", 0.86),
          Map.entry("verifiers/math_verify_unit_tests expected", 0.74),
          Map.entry("verifiers/ms_swift_math_accuracy_tests reward", 1.0),
          Map.entry("verifiers/rollouts_qwen_math_cot_100 verl_math_verify", 0.99),
          Map.entry("verifiers/rollouts_qwen_math_cot_100 qwen_score", 0.99),
          Map.entry("verifiers/rollouts_mathvision math_verify", 0.985),
          Map.entry("verifiers/rollouts_mathvision mathruler", 0.985),
          Map.entry("verifiers/format_cases easyr1_r1v accuracy", 1.0),
          Map.entry("mathvista/outputs true_false_head", 0.98),
          Map.entry("mathvision/outputs correct", 0.99),
          Map.entry("logicvista/results match", 0.999),
          Map.entry("mmmu/parse_and_eval judge", 0.999),
          Map.entry("mmmu_pro if_right", 0.999),
          Map.entry("wemath/outputs correct", 0.999));

  private static Path folder;

  /** The same question asked of both: may any of the answers stand for any of the truths. */
  private record Item(String key, List<String> answers, List<String> truths, boolean official) {}

  private record Agreement(int items, int falseAccepts, int falseRejects) {
    double share() {
      return items == 0 ? 1 : 1 - (falseAccepts + falseRejects) / (double) items;
    }
  }

  @BeforeAll
  static void find() {
    String root = System.getProperty("relook.root", ".");
    String shared = System.getProperty("relook.shared", System.getenv("RELOOK_SHARED"));
    folder =
        (shared == null ? Path.of(root).resolve("../shared") : Path.of(shared))
            .resolve("scoring")
            .normalize();
    if (!Files.isDirectory(folder.resolve("verifiers"))) {
      System.out.println("NOT RUN: TestScoringAgreement needs " + folder);
      Assumptions.abort("no verdicts in " + folder);
    }
  }

  @Test
  void theVerifierAgreesWithOfficialVerdicts() throws IOException {
    Map<String, Agreement> agreements = new LinkedHashMap<>();
    for (Map.Entry<String, List<Item>> each : items().entrySet()) {
      agreements.put(each.getKey(), compare(each.getKey(), each.getValue()));
    }
    System.out.printf(
        "Verdicts of the verifier and of others, %s half%n%-52s %7s %8s %8s %8s%n",
        HELD_OUT ? "held-out" : "development", "", "items", "equal", "accepts", "rejects");
    agreements.forEach(
        (name, a) ->
            System.out.printf(
                Locale.ROOT,
                "%-52s %7d %7.2f%% %8d %8d%n",
                name,
                a.items,
                100 * a.share(),
                a.falseAccepts,
                a.falseRejects));
    Map<String, Double> lost = new LinkedHashMap<>();
    REACHED.forEach(
        (name, least) -> {
          if (!HELD_OUT && agreements.get(name).share() < least) {
            lost.put(name, agreements.get(name).share());
          }
        });
    assertEquals(Map.of(), lost);
  }

  private static Agreement compare(String name, List<Item> items) {
    int accepts = 0;
    int rejects = 0;
    int count = 0;
    for (Item item : items) {
      if (isOdd(item.key) == HELD_OUT) {
        boolean ours =
            item.answers.stream()
                .anyMatch(a -> item.truths.stream().anyMatch(t -> Verifier.isRight(a, t)));
        count++;
        accepts += ours && !item.official ? 1 : 0;
        rejects += !ours && item.official ? 1 : 0;
        if (ours != item.official && name.startsWith(SHOW)) {
          System.out.printf("%s %s: %s%n", ours ? "ACCEPTS" : "REJECTS", name, item);
        }
      }
    }
    return new Agreement(count, accepts, rejects);
  }

  /** By the number at its end, else by hash. */
  private static boolean isOdd(String key) {
    char last = key.isEmpty() ? '0' : key.charAt(key.length() - 1);
    return (Character.isDigit(last) ? last : key.hashCode()) % 2 != 0;
  }

  private static Map<String, List<Item>> items() throws IOException {
    Map<String, List<Item>> items = new LinkedHashMap<>();
    verifiers(items);
    benchmarks(items);
    choices(items);
    return items;
  }

  private static void verifiers(Map<String, List<Item>> items) throws IOException {
    for (String verdict :
        List.of(
            "verl_math_verify",
            "swift_accuracy_answer_tag",
            "mathruler_grade",
            "verl_is_equiv",
            "dapo_equal")) {
      read(
          items,
          "verifiers/answer_pairs",
          verdict,
          row -> item(row, "idx", text(row, "prediction"), text(row, "ground_truth"), verdict));
    }
    read(
        items,
        "verifiers/math_verify_unit_tests",
        "expected",
        row -> {
          String answer = last(text(row, "pred"));
          return item(row, "gold", answer, last(text(row, "gold")), "expected");
        });
    read(
        items,
        "verifiers/ms_swift_math_accuracy_tests",
        "reward",
        row -> {
          Matcher tag =
              Pattern.compile("<answer>(.*?)</answer>", Pattern.DOTALL)
                  .matcher(text(row, "completion"));
          String answer = tag.find() ? tag.group(1) : last(text(row, "completion"));
          return item(row, "test", answer, last(text(row, "solution")), "reward");
        });
    for (String verdict :
        List.of("verl_math_verify", "swift_accuracy", "mathruler_grade", "qwen_score")) {
      read(
          items,
          "verifiers/rollouts_qwen_math_cot_100",
          verdict,
          row ->
              new Item(
                  text(row, "id").replaceFirst("_.*", ""),
                  List.of(boxed(row, "mathruler_boxed")),
                  List.of(text(row, "ground_truth")),
                  isRight(row.path(verdict))));
    }
    for (String verdict :
        List.of("math_verify", "swift_accuracy", "mathruler", "verl_math_reward")) {
      read(
          items,
          "verifiers/rollouts_mathvision",
          verdict,
          row -> item(row, "id", boxed(row, "boxed"), text(row, "ground_truth"), verdict));
    }
    read(
        items,
        "verifiers/format_cases",
        "easyr1_r1v accuracy",
        row -> {
          String answer = Verifier.answer(text(row, "response")).orElse("");
          return new Item(
              text(row, "response"),
              List.of(answer),
              List.of(text(row, "ground_truth")),
              row.path("easyr1_r1v").path("accuracy").asDouble() > 0);
        });
  }

  private static void benchmarks(Map<String, List<Item>> items) throws IOException {
    Map<String, JsonNode> vista = by("mathvista/problems_testmini.jsonl", "pid");
    for (String file : files("mathvista/outputs")) {
      read(
          items,
          "mathvista/outputs",
          file,
          "true_false_head",
          row -> {
            JsonNode problem = vista.get(text(row, "pid"));
            return new Item(
                text(row, "pid"),
                List.of(text(row, "extraction")),
                named(problem.path("choices"), text(problem, "answer")),
                isRight(row.path("true_false_head")));
          });
    }
    Map<String, JsonNode> vision = by("mathvision/test.jsonl", "id");
    for (String file : files("mathvision/outputs")) {
      read(
          items,
          "mathvision/outputs",
          file,
          "correct",
          row -> {
            JsonNode problem = vision.get(text(row, "id"));
            String truth = text(problem, "answer");
            List<String> truths = new ArrayList<>(List.of(truth));
            JsonNode option =
                problem.path("options").path(truth.isEmpty() ? 99 : truth.charAt(0) - 'A');
            if (truth.length() == 1 && option.isTextual()) {
              truths.add(option.asText());
            }
            return new Item(
                text(row, "id"),
                List.of(text(row, "model_answer")),
                truths,
                isRight(row.path("correct")));
          });
    }
    for (String file : files("logicvista/results")) {
      read(
          items,
          "logicvista/results",
          file,
          "match",
          row ->
              new Item(
                  text(row, "id"),
                  List.of(String.join(", ", list(row.path("extracted")))),
                  List.of(String.join(", ", list(row.path("true_answer")))),
                  isRight(row.path("match"))));
    }
    for (String file : files("mmmu/parse_and_eval")) {
      read(
          items,
          "mmmu/parse_and_eval",
          file,
          "judge",
          row ->
              row.path("random_fallback").asBoolean()
                  ? null
                  : new Item(
                      text(row, "id"),
                      list(row.path("parsed_pred")),
                      list(row.path("answer")),
                      text(row, "judge").equals("Correct")));
    }
    for (String file : files("mmmu_pro")) {
      read(
          items,
          "mmmu_pro",
          file,
          "if_right",
          row ->
              row.path("random_fallback").asBoolean()
                  ? null
                  : item(row, "id", text(row, "pred_indexs"), text(row, "answer"), "if_right"));
    }
    for (String file : files("wemath/outputs")) {
      read(
          items,
          "wemath/outputs",
          file,
          "correct",
          row -> item(row, "ID", text(row, "processed_answer"), text(row, "answer"), "correct"));
    }
    for (String name : List.of("real_predictions_relaxed", "edge_cases_relaxed")) {
      read(
          items,
          "chartqa/" + name,
          "relaxed_correct",
          row ->
              item(row, "target", text(row, "prediction"), text(row, "target"), "relaxed_correct"));
    }
    read(
        items,
        "ocrbench_v2/vqa_metrics",
        "vqa_evaluation",
        row ->
            new Item(
                text(row, "id"),
                List.of(text(row, "predict")),
                list(row.path("answers")),
                row.path("vqa_evaluation").asDouble() > 0));
  }

  private static void choices(Map<String, List<Item>> items) throws IOException {
    read(
        items,
        "mcq_letter_extraction/letters",
        "vlmevalkit_can_infer",
        row ->
            new Item(
                text(row, "id"),
                List.of(text(row, "response")),
                List.of(text(row, "answer")),
                text(row, "vlmevalkit_can_infer").equals(text(row, "answer"))));
    read(
        items,
        "mcq_letter_extraction/realworldqa_edge",
        "exact_match",
        row -> item(row, "answer", text(row, "prediction"), text(row, "answer"), "exact_match"));
    Map<String, JsonNode> vision = by("mathvision/test.jsonl", "id");
    read(
        items,
        "vlmevalkit_can_infer/mathvision",
        "hit",
        row ->
            item(
                row,
                "id",
                text(row, "can_infer"),
                text(vision.get(text(row, "id")), "answer"),
                "hit"));
    read(
        items,
        "vlmevalkit_can_infer/mathvista",
        "hit",
        row -> item(row, "pid", text(row, "can_infer"), text(row, "answer_option"), "hit"));
    read(
        items,
        "vlmevalkit_can_infer/mmmu",
        "hit",
        row -> item(row, "id", text(row, "can_infer"), text(row, "GT"), "hit"));
  }

  private interface Reader {
    Item read(JsonNode row);
  }

  private static void read(
      Map<String, List<Item>> items, String name, String verdict, Reader reader)
      throws IOException {
    read(items, name, name + ".jsonl", verdict, reader);
  }

  private static void read(
      Map<String, List<Item>> items, String name, String file, String verdict, Reader reader)
      throws IOException {
    List<Item> all = items.computeIfAbsent(name + " " + verdict, n -> new ArrayList<>());
    rows(file).map(reader::read).filter(item -> item != null).forEach(all::add);
  }

  private static Stream<JsonNode> rows(String file) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (String line : Files.readAllLines(folder.resolve(file))) {
      rows.add(JSON.readTree(line));
    }
    return rows.stream();
  }

  private static Map<String, JsonNode> by(String file, String key) throws IOException {
    return rows(file).collect(Collectors.toMap(row -> text(row, key), row -> row));
  }

  private static List<String> files(String under) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(under))) {
      return files
          .filter(f -> f.toString().endsWith(".jsonl"))
          .map(f -> folder.relativize(f).toString())
          .sorted()
          .toList();
    }
  }

  private static Item item(JsonNode row, String key, String answer, String truth, String verdict) {
    return new Item(text(row, key), List.of(answer), List.of(truth), isRight(row.path(verdict)));
  }

  /** A choice by its text or its letter, else the answer itself. */
  private static List<String> named(JsonNode choices, String answer) {
    List<String> named = new ArrayList<>(List.of(answer));
    IntStream.range(0, choices.size())
        .filter(i -> choices.path(i).asText().equals(answer))
        .forEach(i -> named.add(Character.toString('A' + i)));
    return named;
  }

  private static boolean isRight(JsonNode verdict) {
    return verdict.asBoolean() || verdict.asDouble() > 0;
  }

  /** Empty where there is none. */
  private static String text(JsonNode row, String field) {
    JsonNode value = row.path(field);
    return value.isNull() || value.isMissingNode() ? "" : value.asText();
  }

  private static String boxed(JsonNode row, String field) {
    return text(row, field).equals("None") ? "" : text(row, field);
  }

  private static List<String> list(JsonNode value) {
    return value.isArray()
        ? StreamSupport.stream(value.spliterator(), false).map(JsonNode::asText).toList()
        : List.of(value.isNull() ? "" : value.asText());
  }

  /** What an answer to a unit test is: the last boxes side by side, the last dollars, or all. */
  private static String last(String text) {
    String boxes = null;
    int from = 0;
    for (int open = text.indexOf("\\boxed{"); open >= 0; open = text.indexOf("\\boxed{", from)) {
      int at = open + 7;
      for (int depth = 1; depth > 0 && at < text.length(); at++) {
        depth += text.charAt(at) == '{' ? 1 : text.charAt(at) == '}' ? -1 : 0;
      }
      String box = text.substring(open + 7, Math.max(open + 7, at - 1));
      boolean beside = open - from < 10 || text.substring(from, open).contains("and");
      boxes = boxes == null || !beside ? box : boxes + ", " + box;
      from = at;
    }
    Matcher dollars = Pattern.compile("\\$+([^$]+)\\$+").matcher(text);
    String last = text;
    while (dollars.find()) {
      last = dollars.group(1);
    }
    return boxes == null ? last : boxes;
  }
}
