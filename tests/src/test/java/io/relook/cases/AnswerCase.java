package io.relook.cases;

import com.fasterxml.jackson.databind.JsonNode;
import io.relook.rewards.Verifier;
import java.util.Optional;

/** {@code answer} (the text between the tags), {@code truth}, {@code right}. */
final class AnswerCase implements Cases.Kind {
  @Override
  public boolean isOf(JsonNode row) {
    return row.hasNonNull("answer") && row.hasNonNull("truth") && row.path("right").isBoolean();
  }

  @Override
  public Optional<String> difference(JsonNode row) {
    boolean ours = Verifier.isRight(row.get("answer").asText(), row.get("truth").asText());
    return ours == row.get("right").asBoolean()
        ? Optional.empty()
        : Optional.of(
            "%s is %s for the truth %s, ours says %s"
                .formatted(
                    row.get("answer"),
                    ours ? "wrong" : "right",
                    row.get("truth"),
                    ours ? "right" : "wrong"));
  }
}
