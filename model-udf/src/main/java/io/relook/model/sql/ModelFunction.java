package io.relook.model.sql;

import io.relook.model.spark.ImageTextGenerator;
import io.relook.model.spark.ImageTextScorer;
import io.relook.model.spark.ImageTextTransformer;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.types.StructType;

/** A function of SQL that runs the model: a stage whose inputs are arguments, not columns. */
enum ModelFunction {
  GENERATE(
      "relook_generate",
      List.of("prompt"),
      List.of("prompt", "image"),
      List.of("text", "completion_ids", "log_probs", "finish", "error"),
      "text STRING, completion_ids ARRAY<INT>, log_probs ARRAY<FLOAT>, finish STRING, error STRING") {
    @Override
    ImageTextTransformer<?> stage() {
      return new ImageTextGenerator();
    }
  },
  LOG_PROBS(
      "relook_log_probs",
      List.of("prompt", "completion"),
      List.of("prompt", "image", "completion"),
      List.of("scored_log_probs", "entropies", "score_error"),
      "log_probs ARRAY<FLOAT>, entropies ARRAY<FLOAT>, error STRING") {
    @Override
    ImageTextTransformer<?> stage() {
      return new ImageTextScorer();
    }
  };

  private final String sqlName;
  private final List<String> inputs;
  private final List<String> inputsWithImage;
  private final List<String> outputs;
  private final StructType result;

  ModelFunction(
      String sqlName,
      List<String> inputs,
      List<String> inputsWithImage,
      List<String> outputs,
      String result) {
    this.sqlName = sqlName;
    this.inputs = inputs;
    this.inputsWithImage = inputsWithImage;
    this.outputs = outputs;
    this.result = StructType.fromDDL(result);
  }

  abstract ImageTextTransformer<?> stage();

  String sqlName() {
    return sqlName;
  }

  /** What the arguments between the model and the options are; null where so many are too many. */
  List<String> inputs(int arguments) {
    return arguments == inputs.size()
        ? inputs
        : arguments == inputsWithImage.size() ? inputsWithImage : null;
  }

  /** As in SQL, for messages. */
  String usage() {
    String last = this == GENERATE ? "" : ", completion";
    return "%s(model, prompt[, image]%s[, options])".formatted(sqlName, last);
  }

  /** One answer of the stage. */
  StructType result() {
    return result;
  }

  /** Where the stage's rows have the fields of {@link #result()}. */
  int[] places(int inputs) {
    StructType made = stage().outputs();
    return IntStream.range(0, outputs.size())
        .map(i -> inputs + made.fieldIndex(outputs.get(i)))
        .toArray();
  }
}
