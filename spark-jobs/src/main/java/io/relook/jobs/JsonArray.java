package io.relook.jobs;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import io.relook.preset.Preset;
import java.io.IOException;
import java.io.InputStream;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;

/**
 * A file that is one JSON array, read element by element. Where it stops being JSON the job ends:
 * how many rows are lost cannot be known.
 */
final class JsonArray implements FlatMapFunction<String, Row> {
  private static final long serialVersionUID = 1;

  private final Preset.Mapping mapping;
  private final SerializableConfiguration hadoop;

  JsonArray(Preset.Mapping mapping, SerializableConfiguration hadoop) {
    this.mapping = mapping;
    this.hadoop = hadoop;
  }

  @Override
  public Iterator<Row> call(String uri) throws IOException {
    Path path = new Path(uri);
    JsonParser parser =
        JsonRow.JSON.createParser(
            (InputStream) PictureFolder.files(path, hadoop.value()).open(path));
    return new Iterator<>() {
      private long number;
      private JsonNode next = advance(true);

      @Override
      public boolean hasNext() {
        return next != null;
      }

      @Override
      public Row next() {
        if (next == null) {
          throw new NoSuchElementException();
        }
        Row row = JsonRow.of(next, ++number, mapping);
        next = advance(false);
        return row;
      }

      private JsonNode advance(boolean first) {
        try {
          if (first && parser.nextToken() != JsonToken.START_ARRAY) {
            throw JobErrors.source(uri + " is no JSON array: JSON lines end in .jsonl");
          }
          JsonToken token = parser.nextToken();
          if (token == JsonToken.END_ARRAY) {
            parser.close();
            return null;
          }
          if (token == null) {
            throw new IOException("the file ends inside the array");
          }
          return JsonRow.tree(parser);
        } catch (IOException e) {
          String reason =
              e instanceof JacksonException json ? json.getOriginalMessage() : e.getMessage();
          throw JobErrors.source("%s is no JSON after row %d (%s)".formatted(uri, number, reason));
        }
      }
    };
  }
}
