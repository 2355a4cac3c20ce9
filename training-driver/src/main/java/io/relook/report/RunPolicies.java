package io.relook.report;

import io.relook.lakehouse.RelookException;
import io.relook.model.checkpoint.Checkpoint;
import io.relook.model.text.TextProcessor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Where the checkpoints of policies lie; some may be gone. */
final class RunPolicies {
  private final Map<String, String> uris = new LinkedHashMap<>();
  private final Configuration hadoop;

  /** {@code checkpoints} are rows of the table of that name. */
  RunPolicies(Dataset<Row> checkpoints) {
    this.hadoop = checkpoints.sparkSession().sessionState().newHadoopConf();
    checkpoints
        .where("removed_at IS NULL")
        .orderBy("committed_at")
        .select("policy_version", "uri")
        .collectAsList()
        .forEach(row -> uris.put(row.getString(0), row.getString(1)));
  }

  /** A DATA or MODEL error where it is not there any more. */
  Checkpoint open(String policy) {
    if (!uris.containsKey(policy)) {
      throw ReportErrors.noCheckpoint(policy);
    }
    return Checkpoint.open(uris.get(policy), hadoop);
  }

  /** The tokenizer that a run's policies share, of the first checkpoint that is there. */
  Optional<TextProcessor> tokenizer() {
    for (String policy : uris.keySet()) {
      try (Checkpoint checkpoint = open(policy)) {
        return Optional.of(TextProcessor.load(checkpoint.folder()));
      } catch (RelookException e) {
        // The next one has the same; where all are gone the page says so.
      }
    }
    return Optional.empty();
  }
}
