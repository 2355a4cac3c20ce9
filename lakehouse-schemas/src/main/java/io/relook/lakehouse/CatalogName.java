package io.relook.lakehouse;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;

/**
 * A name of several parts in a catalog, such as {@code ml-dev.relook} or {@code `a.b`.relook}.
 * Parts that Spark's SQL would take only in backticks (hyphens, a digit at the beginning) may go
 * without (our choice); a dot or a slash within a part needs them.
 *
 * @param parts without backticks
 */
public record CatalogName(List<String> parts) {
  private static final Pattern PART = Pattern.compile("`((?:[^`]|``)+)`|([\\p{L}\\p{N}_-]+)");

  public CatalogName {
    parts = List.copyOf(parts);
  }

  /** Empty where the text is no such name: a path, a URI, something with an empty part. */
  public static Optional<CatalogName> parse(String text) {
    List<String> parts = new ArrayList<>();
    Matcher part = PART.matcher(text);
    int at = 0;
    while (part.find(at) && part.start() == at) {
      parts.add(part.group(2) != null ? part.group(2) : part.group(1).replace("``", "`"));
      if (part.end() == text.length()) {
        return Optional.of(new CatalogName(parts));
      }
      if (text.charAt(part.end()) != '.' || part.end() + 1 == text.length()) {
        return Optional.empty();
      }
      at = part.end() + 1;
    }
    return Optional.empty();
  }

  /**
   * Whether the session has its first part as a catalog. Spark's own catalog manager would ask the
   * session that is active in this thread.
   */
  public boolean isCatalogOf(SparkSession spark) {
    return parts.get(0).equals("spark_catalog")
        || spark.conf().getOption("spark.sql.catalog." + parts.get(0)).isDefined();
  }

  /** The name of something in it. */
  public CatalogName plus(String part) {
    List<String> all = new ArrayList<>(parts);
    all.add(part);
    return new CatalogName(all);
  }

  /** As SQL takes it: each part in backticks. */
  public String quoted() {
    return parts.stream()
        .map(part -> "`" + part.replace("`", "``") + "`")
        .collect(Collectors.joining("."));
  }

  /** The parts as they are, with dots between. */
  @Override
  public String toString() {
    return String.join(".", parts);
  }
}
