package io.relook.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.relook.lakehouse.Keys;
import io.relook.report.RunReport.Group;
import io.relook.report.RunReport.Picture;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The document: the template with style, script and data put in. The data are JSON in which no
 * character can end the element that holds them, or begin another; the page makes text of them. Its
 * policy lets run what has the hash of the page's own style and script, and loads nothing but
 * pictures that lie in it.
 */
final class ReportPage {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");

  /** What JSON may hold and a script element may not, and ends of lines of old scripts. */
  private static final Pattern UNSAFE = Pattern.compile("[<>&\u2028\u2029]");

  private ReportPage() {}

  /** The whole document. */
  static String of(RunReport report) {
    String style = resource("page.css");
    String script = resource("page.js");
    Map<String, String> parts =
        Map.of(
            "policy",
            "default-src 'none'; img-src data:; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'"
                .formatted(hash(style), hash(script)),
            "style",
            style,
            "script",
            script,
            "data",
            data(report));
    return PLACE
        .matcher(resource("page.html"))
        .replaceAll(place -> Matcher.quoteReplacement(parts.get(place.group(1))));
  }

  /**
   * The first groups, with their pictures, that fit into so many bytes; what is left out is said.
   */
  static RunReport bounded(RunReport report, long bytes) {
    List<Group> kept = new ArrayList<>();
    Map<String, Picture> pictures = new TreeMap<>();
    long size = 0;
    for (Group group : report.groups()) {
      Map<String, Picture> more = new TreeMap<>();
      for (String id : group.pictures()) {
        if (!pictures.containsKey(id) && report.pictures().containsKey(id)) {
          more.put(id, report.pictures().get(id));
        }
      }
      size += json(group).length() + json(more).length();
      if (size > bytes) {
        break;
      }
      kept.add(group);
      pictures.putAll(more);
    }
    int left = report.groups().size() - kept.size();
    List<String> said =
        left == 0
            ? List.of()
            : List.of(
                "%d of %d groups are left out: the file would be larger than %d MiB."
                    .formatted(left, report.groups().size(), bytes >> 20));
    return report.with(kept, pictures, said);
  }

  static String data(RunReport report) {
    return UNSAFE
        .matcher(json(report))
        .replaceAll(unsafe -> "\\\\u%04x".formatted((int) unsafe.group().charAt(0)));
  }

  private static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** As a policy names an inline element. */
  private static String hash(String text) {
    byte[] digest = HexFormat.of().parseHex(Keys.of(text.getBytes(StandardCharsets.UTF_8)));
    return "sha256-" + Base64.getEncoder().encodeToString(digest);
  }

  private static String resource(String name) {
    try (InputStream in = ReportPage.class.getResourceAsStream("/report/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
