package io.relook.model.torch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Packs the TorchScript sources into the archive that libtorch loads: a zip of stored entries.
 *
 * <p>The sources are ordinary PyTorch functions in files under {@code resources/torchscript}: they
 * run in Python as they are. libtorch's importer reads a narrower language, so packing drops the
 * imports and the docstrings, spells {@code F.} as {@code torch.} and data types as their numbers,
 * qualifies calls between the functions, and gives the module a method for each function marked
 * {@code @torch.jit.export}.
 */
final class TorchArchive {
  /** The operator set that the sources are written for: that of PyTorch 2.x. */
  private static final String FILE_FORMAT = "10";

  private static final Pattern FUNCTION =
      Pattern.compile("(?m)^(@torch\\.jit\\.export\\n)?def (\\w+)\\(([^)]*)\\) -> ([^:]+):\\n");
  private static final Pattern DOCSTRING =
      Pattern.compile("(?s)^    \"\"\".*?\"\"\"\\n", Pattern.MULTILINE);
  private static final Map<String, String> SPELLINGS = spellings();

  private TorchArchive() {}

  /** The archive's bytes; {@code name} is its folder inside the zip. */
  static byte[] pack(String name, List<String> resources) {
    StringBuilder sources = new StringBuilder();
    for (String resource : resources) {
      sources.append(read(resource)).append('\n');
    }
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("data.pkl", pickledModule());
    entries.put("code/__torch__.py", module(sources.toString()).getBytes(StandardCharsets.UTF_8));
    entries.put("constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
    entries.put("version", (FILE_FORMAT + "\n").getBytes(StandardCharsets.UTF_8));
    return zip(name, entries);
  }

  /**
   * One source file in the importer's language: a class with the exported methods, the functions.
   */
  static String module(String sources) {
    String text = sources.replaceAll("(?m)^(import|from) .*\\n", "").replaceAll("(?m)[ \t]+$", "");
    text = DOCSTRING.matcher(text).replaceAll("");
    for (Map.Entry<String, String> spelling : SPELLINGS.entrySet()) {
      text = text.replaceAll(spelling.getKey(), spelling.getValue());
    }
    StringBuilder methods = new StringBuilder();
    StringBuilder names = new StringBuilder();
    Matcher function = FUNCTION.matcher(text);
    while (function.find()) {
      names.append(names.length() == 0 ? "" : "|").append(function.group(2));
      if (function.group(1) != null) {
        methods.append(method(function.group(2), function.group(3), function.group(4)));
      }
    }
    text = text.replace("@torch.jit.export\n", "");
    text = text.replaceAll("(?<![\\w.])(?<!def )(" + names + ")\\(", "__torch__.$1(");
    return "class Program(Module):\n"
        + "  __parameters__ = []\n"
        + "  __buffers__ = []\n"
        + "  training : bool\n"
        + methods
        + text;
  }

  private static String method(String name, String parameters, String result) {
    StringBuilder arguments = new StringBuilder();
    Matcher parameter = Pattern.compile("(\\w+):").matcher(parameters);
    while (parameter.find()) {
      arguments.append(arguments.length() == 0 ? "" : ", ").append(parameter.group(1));
    }
    return "  def %s(self: __torch__.Program, %s) -> %s:\n    return __torch__.%s(%s)\n"
        .formatted(name, parameters.replaceAll("\\s+", " "), result, name, arguments);
  }

  private static Map<String, String> spellings() {
    Map<String, String> spellings = new LinkedHashMap<>();
    spellings.put("\\bF\\.", "torch.");
    spellings.put("\\btorch\\.Tensor\\b", "Tensor");
    spellings.put("\\btorch\\.ops\\.", "ops.");
    String[] types = {"uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"};
    for (int i = 0; i < types.length; i++) {
      spellings.put("\\btorch\\." + types[i] + "\\b", Integer.toString(i));
    }
    spellings.put("\\btorch\\.bool\\b", "11");
    spellings.put("\\btorch\\.bfloat16\\b", "15");
    return spellings;
  }

  /** Pickle protocol 2 of an object of class {@code __torch__.Program} with {@code training}. */
  private static byte[] pickledModule() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {(byte) 0x80, 2});
    out.writeBytes("c__torch__\nProgram\n".getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(new byte[] {')', (byte) 0x81, '}'}); // empty tuple, new object, empty dict
    out.writeBytes(new byte[] {'X', 8, 0, 0, 0});
    out.writeBytes("training".getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(new byte[] {(byte) 0x89, 's', 'b', '.'}); // False, set item, build, stop
    return out.toByteArray();
  }

  private static byte[] zip(String name, Map<String, byte[]> entries) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> e : entries.entrySet()) {
        ZipEntry entry = new ZipEntry(name + "/" + e.getKey());
        CRC32 crc = new CRC32();
        crc.update(e.getValue());
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(e.getValue().length);
        entry.setCrc(crc.getValue());
        entry.setTime(0);
        zip.putNextEntry(entry);
        zip.write(e.getValue());
        zip.closeEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static String read(String resource) {
    try (InputStream in = TorchArchive.class.getResourceAsStream("/torchscript/" + resource)) {
      if (in == null) {
        throw new IllegalArgumentException("no resource /torchscript/" + resource);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
