package io.relook.report;

import io.relook.report.RunReport.Setting;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The settings in a preset as a run recorded it: a record's text, {@code Preset[model=embedded,
 * sft=Sft[epochs=1, …]]}. What is not of this form is one setting.
 */
final class RecipeText {
  private static final Pattern RECORD = Pattern.compile("\\G\\w+\\[(?=\\w+=)");
  private static final Pattern KEY = Pattern.compile("\\G(\\w+)=");
  private static final Pattern NEXT = Pattern.compile("\\G, (?=\\w+=)");

  private final String text;
  private final List<Setting> settings = new ArrayList<>();
  private int at;

  private RecipeText(String text) {
    this.text = text;
  }

  static List<Setting> settings(String preset) {
    RecipeText reader = new RecipeText(preset);
    return reader.skip(RECORD) && reader.components("") && reader.at == preset.length()
        ? reader.settings
        : List.of(new Setting("preset", preset));
  }

  /** Up to the bracket that closes the record. */
  private boolean components(String path) {
    do {
      Matcher key = KEY.matcher(text);
      if (!key.find(at)) {
        return false;
      }
      at = key.end();
      String name = path + key.group(1);
      if (skip(RECORD)) {
        if (!components(name + ".")) {
          return false;
        }
      } else {
        settings.add(new Setting(name, value()));
      }
    } while (skip(NEXT));
    return at < text.length() && text.charAt(at++) == ']';
  }

  /** Up to the next component or the record's end; brackets within come in pairs. */
  private String value() {
    int from = at;
    int open = 0;
    for (; at < text.length(); at++) {
      char c = text.charAt(at);
      boolean ends = c == ']' || NEXT.matcher(text).find(at);
      if (open == 0 && ends) {
        break;
      }
      open += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
    }
    return text.substring(from, at);
  }

  private boolean skip(Pattern pattern) {
    Matcher matcher = pattern.matcher(text);
    boolean found = matcher.find(at);
    at = found ? matcher.end() : at;
    return found;
  }
}
