package io.relook.model.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.relook.lakehouse.RelookException;
import io.relook.model.Offline;
import io.relook.model.checkpoint.CheckpointFiles;
import io.relook.model.text.jinja.Text;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A checkpoint's tokenizer and chat template.
 *
 * <p>Text of users is text: a prompt built by {@link #encodeChat} never holds a control token that
 * the template did not write. The rendered text knows which characters users wrote, whatever the
 * template did with them: a control token is one where the template wrote all of it. What stands
 * between control tokens is encoded by a second tokenizer, the same without its control tokens, so
 * that {@code <|im_end|>} in a question becomes the bytes' tokens. Where no text spells a control
 * token the ids are those of the whole rendered text.
 *
 * <p>Added tokens that are tags (such as {@link Tags}), special or not, are text in both
 * directions: {@link #encodeAsText} writes them and {@link #decode(int[])} shows them, by the
 * tokenizer's own rule, which may take the spaces beside them ({@code lstrip}, {@code rstrip}). So
 * does a question that spells one, as in transformers.
 */
public final class TextProcessor implements AutoCloseable {
  /** Stands where a user's text is: no character, and in no control token. */
  private static final char USERS = '\uFFFF';

  private static final Map<String, String> OPTIONS =
      Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");

  static {
    Offline.enforce();
  }

  private final HuggingFaceTokenizer tokenizer;
  private final HuggingFaceTokenizer plain;
  private final Map<String, Integer> controls;
  private final Set<Integer> hidden;
  private final Pattern control;
  private final String pictureToken;
  private final ChatTemplate template;
  private final String fingerprint;

  private TextProcessor(
      HuggingFaceTokenizer tokenizer,
      HuggingFaceTokenizer plain,
      Map<String, Integer> controls,
      List<String> tags,
      Set<Integer> hidden,
      String pictureToken,
      ChatTemplate template,
      String fingerprint) {
    this.tokenizer = tokenizer;
    this.plain = plain;
    this.controls = controls;
    this.hidden = hidden;
    List<String> written =
        controls.keySet().stream()
            .filter(name -> !tags.contains(name))
            .sorted(Comparator.comparingInt(String::length).reversed())
            .map(Pattern::quote)
            .toList();
    this.control = Pattern.compile(written.isEmpty() ? "(?!)" : String.join("|", written));
    this.pictureToken = pictureToken;
    this.template = template;
    this.fingerprint = fingerprint;
  }

  /** Loads from a checkpoint's folder on this machine. */
  public static TextProcessor load(Path folder) {
    return load(folder, Map.of());
  }

  /**
   * Loads from a checkpoint's folder on this machine.
   *
   * @param templateVariables what the chat template gets beside the chat, such as {@code
   *     enable_thinking}
   */
  public static TextProcessor load(Path folder, Map<String, Object> templateVariables) {
    CheckpointFiles files = new CheckpointFiles(folder);
    ObjectNode root = files.tokenizer();
    String template = files.chatTemplate().orElse(null);
    List<String> tags = TagTokens.among(root.path("added_tokens"), template);
    Map<String, Integer> controls = new LinkedHashMap<>();
    Set<Integer> hidden = new HashSet<>();
    for (JsonNode token : root.path("added_tokens")) {
      String name = token.path("content").asText();
      controls.put(name, token.path("id").asInt());
      if (token.path("special").asBoolean() && !tags.contains(name)) {
        hidden.add(token.path("id").asInt());
      }
    }
    Map<String, String> special = files.specialTokens();
    try {
      ObjectMapper json = new ObjectMapper();
      byte[] bytes = Files.readAllBytes(folder.resolve("tokenizer.json"));
      if (!json.readTree(bytes).equals(root)) {
        bytes = json.writeValueAsBytes(root);
      }
      HuggingFaceTokenizer whole =
          HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(bytes), OPTIONS);
      TextProcessor text =
          new TextProcessor(
              whole,
              TagTokens.alone(whole, root, tags, OPTIONS),
              controls,
              tags,
              hidden,
              special.getOrDefault("image_token", "<|image_pad|>"),
              template == null ? null : ChatTemplate.of(template, special, templateVariables),
              sha256(
                  bytes,
                  String.valueOf(template).getBytes(StandardCharsets.UTF_8),
                  String.join("", tags).getBytes(StandardCharsets.UTF_8),
                  given(template, special, templateVariables)));
      text.requireIds(folder.toString());
      text.requirePictureToken(files);
      return text;
    } catch (IOException | RuntimeException e) {
      throw e instanceof RelookException known
          ? known
          : TextErrors.badTokenizer(folder.toString(), e);
    }
  }

  /** What the template is given and may write; nothing where it asks for nothing. */
  private static byte[] given(
      String template, Map<String, String> special, Map<String, Object> variables)
      throws IOException {
    Map<String, Object> given = new TreeMap<>(variables);
    special.forEach(
        (name, token) -> {
          if (template != null && template.contains(name)) {
            given.putIfAbsent(name, token);
          }
        });
    return given.isEmpty() ? new byte[0] : new ObjectMapper().writeValueAsBytes(given);
  }

  /** The tokenizers library gives ids in order, whatever a file says: they must be the same. */
  private void requireIds(String folder) {
    controls.forEach(
        (token, id) -> {
          int[] ids = encode(token);
          if (ids.length != 1 || ids[0] != id) {
            close();
            throw TextErrors.otherId(folder, token, id, ids);
          }
        });
  }

  /** A model that takes another token for a picture would see none, or texts as pictures. */
  private void requirePictureToken(CheckpointFiles files) {
    files
        .imageTokenId()
        .ifPresent(
            id -> {
              if (id != pictureTokenId()) {
                close();
                throw TextErrors.otherPictureToken(
                    files.folder().toString(), pictureToken, pictureTokenId(), id);
              }
            });
  }

  /** The ids of a text in which control tokens are control tokens. */
  public int[] encode(String text) {
    return ids(tokenizer, text);
  }

  /** The ids of a text in which nothing is a control token, and tags are the tokenizer's own. */
  public int[] encodeAsText(String text) {
    return ids(plain, text);
  }

  /**
   * What a policy wrote: the text of its ids without special tokens, but with the tags among them.
   * Where a policy spells a tag in other tokens than the tokenizer would, the text is the same.
   */
  public String decode(int[] ids) {
    return decode(IntStream.of(ids).filter(id -> !hidden.contains(id)).toArray(), false);
  }

  /**
   * Text of ids as transformers' {@code decode} makes it, where {@code skipSpecial} leaves out
   * special tags too; ids beyond the vocabulary (models' tables are larger) have none.
   */
  public String decode(int[] ids, boolean skipSpecial) {
    long[] wide = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      wide[i] = ids[i];
    }
    return wide.length == 0 ? "" : tokenizer.decode(wide, skipSpecial);
  }

  /** As many of the tokens as make at most so many characters, control tokens not counted. */
  public int[] prefix(int[] ids, int characters) {
    int length = ids.length;
    while (length > 0 && decode(Arrays.copyOf(ids, length)).length() > characters) {
      length--;
    }
    return Arrays.copyOf(ids, length);
  }

  /** As few of the tokens as make at least so many characters; all where they make fewer. */
  public int[] reaching(int[] ids, int characters) {
    int length = 0;
    while (length < ids.length && decode(Arrays.copyOf(ids, length)).length() < characters) {
      length++;
    }
    return Arrays.copyOf(ids, length);
  }

  /** The characters that the first 1, 2, 3 … tokens make, control tokens not counted. */
  public int[] lengths(int[] ids) {
    return IntStream.rangeClosed(1, ids.length)
        .map(count -> decode(Arrays.copyOf(ids, count)).length())
        .toArray();
  }

  /** The id of a control token or tag, -1 where the tokenizer has none of that name. */
  public int control(String name) {
    return controls.getOrDefault(name, -1);
  }

  /**
   * The id of a picture's token, which the tokenizer names as {@code image_token}: {@code
   * <|image_pad|>} where it names none. -1 where the tokenizer does not have it.
   */
  public int pictureTokenId() {
    return control(pictureToken);
  }

  /**
   * What decides which ids a text becomes: SHA-256 of tokenizer, template, special tokens and the
   * template's variables.
   */
  public String fingerprint() {
    return fingerprint;
  }

  /** The rendered chat. */
  public String render(List<Message> messages, boolean addGenerationPrompt) {
    return text(messages, addGenerationPrompt).toString();
  }

  private Text text(List<Message> messages, boolean addGenerationPrompt) {
    if (template == null) {
      throw TextErrors.noTemplate();
    }
    return template.text(messages, addGenerationPrompt);
  }

  /**
   * The ids of a chat, each picture's token repeated as often as the picture has merged patches.
   *
   * @param pictureTokens tokens of each picture, in the order in which the messages show them
   */
  public int[] encodeChat(
      List<Message> messages, List<Integer> pictureTokens, boolean addGenerationPrompt) {
    if (messages.stream()
        .allMatch(m -> m.parts().stream().allMatch(p -> !p.isPicture() && p.text().isEmpty()))) {
      throw TextErrors.emptyPrompt();
    }
    Text text = text(messages, addGenerationPrompt);
    String rendered = text.toString();
    List<Integer> ids = new ArrayList<>();
    int pictures = 0;
    int at = 0;
    Matcher found = control.matcher(text.withUsersAs(USERS));
    while (found.find()) {
      append(ids, encodeAsText(rendered.substring(at, found.start())));
      int id = controls.get(found.group());
      if (found.group().equals(pictureToken)) {
        int count = pictures < pictureTokens.size() ? pictureTokens.get(pictures) : 0;
        for (int i = 0; i < count; i++) {
          ids.add(id);
        }
        pictures++;
      } else {
        ids.add(id);
      }
      at = found.end();
    }
    append(ids, encodeAsText(rendered.substring(at)));
    if (pictures != pictureTokens.size()) {
      throw TextErrors.pictures(pictures, pictureTokens.size());
    }
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  @Override
  public void close() {
    tokenizer.close();
    plain.close();
  }

  private static void append(List<Integer> ids, int[] more) {
    for (int id : more) {
      ids.add(id);
    }
  }

  static int[] ids(HuggingFaceTokenizer tokenizer, String text) {
    if (text.isEmpty()) {
      return new int[0];
    }
    long[] wide = tokenizer.encode(paired(text), false, false).getIds();
    int[] ids = new int[wide.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (int) wide[i];
    }
    return ids;
  }

  /** Half a surrogate pair is no character: U+FFFD, as Unicode's decoders do (our choice). */
  private static String paired(String text) {
    StringBuilder out = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        boolean pair =
            Character.isHighSurrogate(c)
                && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1));
        if (pair) {
          i++;
        } else {
          out = out == null ? new StringBuilder(text) : out;
          out.setCharAt(i, '\uFFFD');
        }
      }
    }
    return out == null ? text : out.toString();
  }

  private static String sha256(byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (byte[] part : parts) {
        digest.update(part);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
