package io.relook.judge;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.relook.lakehouse.RelookException;
import io.relook.preset.Preset;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A judge behind an endpoint of OpenAI's form ({@code POST URL/chat/completions}). Asks again after
 * 429, 5xx, a lost connection or a timeout, each time after up to twice as long (full jitter), or
 * after what {@code Retry-After} says; waits between requests so that a minute has no more than the
 * preset allows. An attempt has one deadline, from its connection to its body's last byte. The key
 * comes from an environment variable and goes nowhere but into the request. Whatever an endpoint
 * does, there is a verdict, if only an error.
 */
public final class HttpJudge implements Judge {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PROMPT = "information-gain-1";
  private static final Duration FIRST_WAIT = Duration.ofMillis(500);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

  /** So much of an answer may stand in an error, and so much of a reason in a table. */
  private static final int SHOWN = 80;

  private static final int REASON = 2000;

  /** A verdict takes a few hundred bytes; beyond this many a reply is not read (our choice). */
  private static final int LARGEST_REPLY = 1 << 20;

  private final Preset.Judge settings;
  private final String key;
  private final String instructions = resource("/judge/" + PROMPT + ".txt");
  private final HttpClient client;
  private long next = System.nanoTime();

  /**
   * @param key null where the endpoint needs none
   */
  HttpJudge(Preset.Judge settings, String key) {
    this.settings = settings;
    this.key = key;
    this.client =
        HttpClient.newBuilder()
            .connectTimeout(Duration.ofSeconds(settings.timeoutSeconds()))
            .build();
  }

  /** With the key of the environment variable that the preset names. */
  public static HttpJudge of(Preset.Judge settings) {
    String variable = settings.keyVariable();
    String key = variable == null ? null : System.getenv(variable);
    if (variable != null && (key == null || key.isBlank())) {
      throw new RelookException(
          RelookException.Category.CONFIG,
          "The judge's key is looked for in the environment variable %s, which is not set: set it, or leave reconstruct.judge.keyVariable out."
              .formatted(variable));
    }
    return new HttpJudge(settings, key);
  }

  @Override
  public String name() {
    return settings.model() + " at " + settings.url();
  }

  @Override
  public String promptVersion() {
    return PROMPT;
  }

  @Override
  public Verdict judge(Case asked) {
    HttpRequest request;
    try {
      request = request(asked);
    } catch (IllegalArgumentException e) { // Of the URL or the key: a line break, say.
      return Verdict.none("no request can be made: " + shown(String.valueOf(e.getMessage())));
    }
    String problem = "";
    for (int attempt = 0; attempt <= settings.retries(); attempt++) {
      try {
        waitForTurn();
        HttpResponse<String> response = answer(request);
        int status = response.statusCode();
        if (status == 200) {
          return verdict(response.body());
        }
        problem = "HTTP " + status;
        if (status != 429 && status < 500) {
          return Verdict.none(problem);
        }
        pause(attempt, response);
      } catch (TimeoutException e) {
        problem = "Timeout: no whole reply in %d s".formatted(settings.timeoutSeconds());
        pause(attempt, null);
      } catch (ExecutionException e) {
        Throwable cause = e.getCause();
        problem = shown(cause.getClass().getSimpleName() + ": " + cause.getMessage());
        pause(attempt, null);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Verdict.none("interrupted");
      }
    }
    return Verdict.none("%s, %d times".formatted(problem, settings.retries() + 1));
  }

  /** The request's own timeout would end with the headers. */
  private HttpResponse<String> answer(HttpRequest request)
      throws InterruptedException, ExecutionException, TimeoutException {
    CompletableFuture<HttpResponse<String>> exchange =
        client.sendAsync(request, BoundedText.handler(LARGEST_REPLY));
    try {
      return exchange.get(settings.timeoutSeconds(), TimeUnit.SECONDS);
    } finally {
      exchange.cancel(true); // Nothing where it has ended.
    }
  }

  private HttpRequest request(Case asked) {
    ObjectNode body = JSON.createObjectNode().put("model", settings.model()).put("temperature", 0);
    body.putObject("response_format").put("type", "json_object");
    ObjectNode data = JSON.createObjectNode();
    data.put("question", asked.question()).put("reasoning", asked.reasoning());
    data.put("second_look", asked.reflection()).put("right_answer", asked.answer());
    body.putArray("messages")
        .add(message("system", instructions))
        .add(message("user", data.toString()));
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(settings.url() + "/chat/completions"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
    return (key == null ? request : request.header("Authorization", "Bearer " + key)).build();
  }

  private static ObjectNode message(String role, String content) {
    return JSON.createObjectNode().put("role", role).put("content", content);
  }

  /** The whole reply is one JSON object with a score from 0 to 1, or there is no verdict. */
  private Verdict verdict(String body) {
    try {
      JsonNode reply = JSON.readTree(body);
      String content = reply.path("choices").path(0).path("message").path("content").asText("");
      JsonNode said = JSON.readTree(content);
      JsonNode score = said.path("score");
      if (!score.isNumber() || !(score.asDouble() >= 0 && score.asDouble() <= 1)) {
        return Verdict.none("no score from 0 to 1 in: " + shown(content));
      }
      return new Verdict(
          score.asDouble(),
          cut(said.path("reason").asText(""), REASON),
          null,
          reply.path("usage").path("prompt_tokens").asInt(),
          reply.path("usage").path("completion_tokens").asInt());
    } catch (JsonProcessingException e) {
      return Verdict.none("no JSON: " + shown(body));
    }
  }

  private String shown(String text) {
    return cut(text, SHOWN).replaceAll("\\p{Cntrl}", " ");
  }

  /** Without the key, and only then shortened: no half of it stays. */
  private String cut(String text, int most) {
    String clean = key == null ? text : text.replace(key, "…");
    return clean.substring(0, Math.min(most, clean.length()));
  }

  private void waitForTurn() throws InterruptedException {
    long now = System.nanoTime();
    long turn = Math.max(now, next);
    next = turn + Duration.ofMinutes(1).toNanos() / settings.requestsPerMinute();
    Thread.sleep(Duration.ofNanos(turn - now).toMillis());
  }

  private void pause(int attempt, HttpResponse<?> response) {
    if (attempt == settings.retries()) {
      return;
    }
    long most = Math.min(LONGEST_WAIT.toMillis(), FIRST_WAIT.toMillis() << Math.min(attempt, 10));
    long told =
        response == null
            ? 0
            : response
                .headers()
                .firstValue("Retry-After")
                .filter(value -> value.matches("\\d{1,4}"))
                .map(value -> Math.min(LONGEST_WAIT.toMillis(), 1000 * Long.parseLong(value)))
                .orElse(0L);
    try {
      Thread.sleep(Math.max(told, ThreadLocalRandom.current().nextLong(most + 1)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String resource(String name) {
    try (InputStream in = HttpJudge.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
