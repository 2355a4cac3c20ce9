package io.relook.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A headless Chromium with one page, driven through the DevTools protocol: real keys, real DOM. */
final class Chromium implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern PORT = Pattern.compile("DevTools listening on ws://[^:]+:(\\d+)/");

  private final Process process;
  private final BlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();

  /** Exceptions of scripts, and what the page's policy refused. */
  private final List<String> complaints = new ArrayList<>();

  private final HttpClient http = HttpClient.newHttpClient();
  private WebSocket socket;
  private int sent;

  private Chromium(Process process) {
    this.process = process;
  }

  /** What RELOOK_CHROMIUM names, or a Chromium or Chrome on the path. */
  static Optional<Path> find() {
    String named = System.getenv("RELOOK_CHROMIUM");
    if (named != null) {
      return Optional.of(Path.of(named));
    }
    return Stream.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
        .flatMap(
            name ->
                Stream.of(System.getenv("PATH").split(":")).map(folder -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Without a network: what the page would load from elsewhere cannot come. */
  static Chromium start(Path binary, Path folder) throws Exception {
    Path log = folder.resolve("chromium.log");
    ProcessBuilder builder =
        new ProcessBuilder(
            binary.toString(),
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--proxy-server=127.0.0.1:9",
            "--window-size=1280,900",
            "--remote-debugging-port=0",
            "--user-data-dir=" + folder.resolve("profile"),
            "about:blank");
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    Chromium chromium = new Chromium(builder.start());
    try {
      chromium.connect(log);
      return chromium;
    } catch (Exception e) {
      chromium.close();
      throw e;
    }
  }

  private void connect(Path log) throws Exception {
    for (int tries = 0; tries < 600; tries++) {
      Matcher port = PORT.matcher(Files.readString(log));
      if (port.find()) {
        String page = page("http://127.0.0.1:%s/json/list".formatted(port.group(1)));
        socket =
            http.newWebSocketBuilder()
                .buildAsync(URI.create(page), new Messages())
                .get(30, TimeUnit.SECONDS);
        for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
          send(domain + ".enable", Map.of());
        }
        return;
      }
      Thread.sleep(100);
    }
    throw new AssertionError("Chromium does not start: " + Files.readString(log));
  }

  private String page(String list) throws IOException, InterruptedException {
    String body =
        http.send(
                HttpRequest.newBuilder(URI.create(list)).build(),
                HttpResponse.BodyHandlers.ofString())
            .body();
    for (JsonNode target : JSON.readTree(body)) {
      if (target.path("type").asText().equals("page")) {
        return target.path("webSocketDebuggerUrl").asText();
      }
    }
    throw new AssertionError("no page in " + body);
  }

  private final class Messages implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        try {
          messages.add(JSON.readTree(text.toString()));
        } catch (IOException e) {
          throw new AssertionError(e);
        }
        text.setLength(0);
      }
      from.request(1);
      return null;
    }
  }

  /** Opens a file and waits until it is loaded. */
  void open(Path file) throws Exception {
    send("Page.navigate", Map.of("url", file.toUri().toString()));
    while (!next().path("method").asText().equals("Page.loadEventFired")) {
      // What comes before is kept by next.
    }
  }

  /** The value of an expression in the page. */
  JsonNode evaluate(String expression) throws Exception {
    JsonNode result =
        send("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true));
    if (result.has("exceptionDetails")) {
      throw new AssertionError(expression + ": " + result);
    }
    return result.path("result").path("value");
  }

  /** A key as a person's: it goes where the focus is. */
  void press(String key) throws Exception {
    Map<String, Integer> codes =
        Map.of("ArrowDown", 40, "ArrowUp", 38, "ArrowLeft", 37, "ArrowRight", 39, "Tab", 9);
    int code = codes.getOrDefault(key, (int) Character.toUpperCase(key.charAt(0)));
    for (String type : List.of("keyDown", "keyUp")) {
      Map<String, Object> event =
          key.length() == 1 && type.equals("keyDown")
              ? Map.of("type", type, "key", key, "text", key, "windowsVirtualKeyCode", code)
              : Map.of("type", type, "key", key, "windowsVirtualKeyCode", code);
      send("Input.dispatchKeyEvent", event);
    }
  }

  List<String> complaints() {
    return complaints;
  }

  private JsonNode send(String method, Map<String, Object> parameters) throws Exception {
    int id = ++sent;
    String message =
        JSON.writeValueAsString(Map.of("id", id, "method", method, "params", parameters));
    socket.sendText(message, true).get(30, TimeUnit.SECONDS);
    while (true) {
      JsonNode answer = next();
      if (answer.path("id").asInt() == id) {
        if (answer.has("error")) {
          throw new AssertionError(method + ": " + answer);
        }
        return answer.path("result");
      }
    }
  }

  private JsonNode next() throws InterruptedException {
    JsonNode message = messages.poll(60, TimeUnit.SECONDS);
    if (message == null) {
      throw new AssertionError("Chromium does not answer");
    }
    String method = message.path("method").asText();
    String url = message.path("params").path("request").path("url").asText();
    if (method.equals("Runtime.exceptionThrown")
        || method.equals("Log.entryAdded")
        || method.equals("Network.requestWillBeSent")
            && !url.startsWith("file:")
            && !url.startsWith("data:")) {
      complaints.add(message.toString());
    }
    return message;
  }

  @Override
  public void close() {
    List<ProcessHandle> children = process.descendants().toList();
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    children.forEach(ProcessHandle::destroyForcibly);
  }
}
