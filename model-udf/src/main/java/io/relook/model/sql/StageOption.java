package io.relook.model.sql;

import io.relook.model.spark.ImageTextTransformer;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntArrayParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.StringArrayParam;
import org.apache.spark.unsafe.types.UTF8String;
import scala.jdk.javaapi.CollectionConverters;

/** A stage's parameter as an option of SQL: {@code max_new_tokens} for {@code maxNewTokens}. */
record StageOption(Param<?> param) {
  /** What arguments say. */
  private static final Set<String> ARGUMENTS =
      Set.of("modelUrl", "inputCols", "outputCols", "keyCol");

  static StageOption of(ImageTextTransformer<?> stage, String name) {
    return new StageOption(stage.getParam(name));
  }

  /** Values by the stage's names; all that is wrong goes to {@code problems}. */
  static SortedMap<String, Object> read(
      ImageTextTransformer<?> stage, Map<String, Object> given, List<String> problems) {
    List<StageOption> known =
        Arrays.stream(stage.params())
            .filter(param -> !ARGUMENTS.contains(param.name()))
            .map(StageOption::new)
            .toList();
    SortedMap<String, Object> values = new TreeMap<>();
    given.forEach(
        (name, value) ->
            known.stream()
                .filter(option -> option.name().equals(name.toLowerCase(Locale.ROOT)))
                .findFirst()
                .ifPresentOrElse(
                    option -> option.read(value, values, problems),
                    () ->
                        problems.add(
                            "unknown option %s (nearest: %s)".formatted(name, near(name, known)))));
    return values;
  }

  private static String near(String name, List<StageOption> known) {
    UTF8String wanted = UTF8String.fromString(name);
    return known.stream()
        .map(StageOption::name)
        .min(
            Comparator.comparingInt(
                option -> wanted.levenshteinDistance(UTF8String.fromString(option))))
        .orElse("");
  }

  private String name() {
    return param.name().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  private void read(Object given, SortedMap<String, Object> values, List<String> problems) {
    try {
      values.put(param.name(), value(given));
    } catch (ArithmeticException | ClassCastException | IllegalArgumentException e) {
      problems.add("%s must be %s, not %s".formatted(name(), wanted(), given));
    }
  }

  private Object value(Object given) {
    if (given == null) {
      throw new IllegalArgumentException();
    }
    if (param instanceof IntParam) {
      return new BigDecimal(given.toString()).intValueExact();
    }
    if (param instanceof LongParam) {
      return new BigDecimal(given.toString()).longValueExact();
    }
    if (param instanceof DoubleParam) {
      return new BigDecimal(given.toString()).doubleValue();
    }
    if (param instanceof IntArrayParam) {
      List<Object> ids = new ArrayList<>();
      list(given).forEach(id -> ids.add(new BigDecimal(String.valueOf(id)).intValueExact()));
      return List.copyOf(ids);
    }
    if (param instanceof StringArrayParam) {
      List<?> texts = given instanceof String ? List.of(given) : list(given);
      return texts.stream().map(String.class::cast).toList();
    }
    return (String) given;
  }

  private String wanted() {
    return param instanceof IntParam || param instanceof LongParam
        ? "a whole number"
        : param instanceof DoubleParam
            ? "a number"
            : param instanceof IntArrayParam
                ? "an array of whole numbers"
                : param instanceof StringArrayParam ? "a text or an array of texts" : "a text";
  }

  private static List<?> list(Object given) {
    return CollectionConverters.asJava((scala.collection.Seq<?>) given);
  }

  /** Sets what {@link #read} made of a value. */
  @SuppressWarnings("unchecked")
  void set(ImageTextTransformer<?> stage, Object value) {
    Object own = value;
    if (param instanceof IntArrayParam) {
      own = ((List<Integer>) value).stream().mapToInt(id -> id).toArray();
    } else if (param instanceof StringArrayParam) {
      own = ((List<String>) value).toArray(String[]::new);
    }
    stage.set((Param<Object>) param, own);
  }
}
