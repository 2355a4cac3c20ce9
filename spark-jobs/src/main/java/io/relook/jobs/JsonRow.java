package io.relook.jobs;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.relook.preset.Preset;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** A JSON value → {@link QuestionReader#ASKED}: an object by its fields, an array by its places. */
final class JsonRow {
  static final ObjectMapper JSON = new ObjectMapper();

  private JsonRow() {}

  /** A line's row; one that is no JSON has its problem. */
  static Row ofLine(String line, long number, Preset.Mapping mapping) {
    try {
      return of(tree(line), number, mapping);
    } catch (JacksonException e) {
      return broken(number, "the row is no JSON (" + e.getOriginalMessage() + ")");
    } catch (IOException e) {
      return broken(number, "the row is no JSON (" + e.getMessage() + ")");
    }
  }

  private static JsonNode tree(String line) throws IOException {
    try (JsonParser parser = JSON.createParser(line)) {
      parser.nextToken();
      JsonNode row = tree(parser);
      if (parser.nextToken() != null) {
        throw new IOException("there is more behind it");
      }
      return row;
    }
  }

  /** The value that the parser is at. Numbers are texts, with their own digits: a double has 17. */
  static JsonNode tree(JsonParser parser) throws IOException {
    switch (parser.currentToken()) {
      case START_OBJECT:
        ObjectNode object = JSON.createObjectNode();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          object.set(name, tree(parser));
        }
        return object;
      case START_ARRAY:
        ArrayNode array = JSON.createArrayNode();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          array.add(tree(parser));
        }
        return array;
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT:
        return TextNode.valueOf(IngestText.number(parser.getText()));
      default:
        return parser.readValueAsTree();
    }
  }

  static Row of(JsonNode row, long number, Preset.Mapping mapping) {
    if (!row.isContainerNode()) {
      return broken(number, "the row is no object and no array");
    }
    try {
      return RowFactory.create(
          number,
          text(row, mapping.id()),
          null,
          text(row, mapping.question()),
          text(row, mapping.answer()),
          options(row, mapping.options()),
          text(row, mapping.split()),
          text(row, mapping.template()),
          text(row, mapping.difficulty()),
          pictures(field(row, mapping.picture())));
    } catch (IOException e) {
      return broken(number, e.getMessage());
    }
  }

  private static Row broken(long number, String problem) {
    return RowFactory.create(number, null, problem, null, null, null, null, null, null, null);
  }

  /** Null where there is none. */
  private static JsonNode field(JsonNode row, String name) {
    if (name == null) {
      return null;
    }
    JsonNode node =
        row.isArray() && name.matches("\\d{1,6}")
            ? row.path(Integer.parseInt(name))
            : row.path(name);
    return node.isMissingNode() || node.isNull() ? null : node;
  }

  private static String text(JsonNode row, String name) throws IOException {
    JsonNode node = field(row, name);
    if (node != null && node.isContainerNode()) {
      throw new IOException("the field %s is no text".formatted(name));
    }
    String half = node == null ? null : IngestText.halfCharacter(node.asText());
    if (half != null) {
      throw new IOException("the field %s holds half a character, %s".formatted(name, half));
    }
    return node == null ? null : node.asText();
  }

  /** An option that is null stays one: the row says so. */
  private static String option(JsonNode option) {
    return option.isNull() ? null : option.isValueNode() ? option.asText() : option.toString();
  }

  private static String[] options(JsonNode row, String name) {
    JsonNode node = field(row, name);
    if (node == null) {
      return null;
    }
    List<String> options = new ArrayList<>();
    if (node.isArray()) {
      node.forEach(option -> options.add(option(option)));
    } else {
      options.add(node.asText());
    }
    return options.toArray(new String[0]);
  }

  private static Row[] pictures(JsonNode node) throws IOException {
    if (node == null) {
      return null;
    }
    List<Row> pictures = new ArrayList<>();
    for (JsonNode picture : node.isArray() ? node : List.of(node)) {
      JsonNode bytes = picture.path("bytes");
      JsonNode path = picture.isObject() ? picture.path("path") : picture;
      pictures.add(
          RowFactory.create(
              bytes.isTextual() ? bytes.binaryValue() : null,
              path.isValueNode() && !path.isNull() ? path.asText() : null));
    }
    return pictures.toArray(new Row[0]);
  }
}
