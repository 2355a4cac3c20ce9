package io.relook.stores;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** An S3 server in memory, a process of its own with one bucket, and what S3A needs to use it. */
public final class S3Server implements AutoCloseable {
  private static final String BUCKET = "relook";
  private static final String CLASS_PATH = "tests/s3-server/target/classpath.txt";

  private final String endpoint;
  private final Process process;

  private S3Server(String endpoint, Process process) {
    this.endpoint = endpoint;
    this.process = process;
  }

  /**
   * @param folder for its settings and what it says
   */
  public static S3Server start(Path folder) throws Exception {
    Path classPath = Path.of(System.getProperty("relook.root", "..")).resolve(CLASS_PATH);
    String endpoint = "http://127.0.0.1:" + freePort();
    Path settings =
        Files.writeString(
            folder.resolve("s3proxy.conf"),
            """
            s3proxy.authorization=none
            s3proxy.endpoint=%s
            jclouds.provider=transient
            jclouds.identity=test
            jclouds.credential=test
            """
                .formatted(endpoint));
    Path logging =
        Files.writeString(
            folder.resolve("logback.xml"), "<configuration><root level=\"WARN\"/></configuration>");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dlogback.configurationFile=" + logging,
                "-cp",
                Files.readString(classPath).strip(),
                "org.gaul.s3proxy.Main",
                "--properties",
                settings.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("s3proxy.log").toFile())
            .start();
    S3Server server = new S3Server(endpoint, process);
    try {
      server.makeBucket(folder);
      return server;
    } catch (Exception | Error e) {
      server.close();
      throw e;
    }
  }

  /** As soon as it answers. */
  private void makeBucket(Path folder) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(endpoint + "/" + BUCKET))
            .PUT(HttpRequest.BodyPublishers.noBody())
            .build();
    for (int tries = 0; tries < 600 && process.isAlive(); tries++) {
      try {
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding());
        return;
      } catch (IOException e) {
        Thread.sleep(100);
      }
    }
    throw new AssertionError(
        "the S3 server does not answer: " + Files.readString(folder.resolve("s3proxy.log")));
  }

  public String uri(String name) {
    return "s3a://%s/%s".formatted(BUCKET, name);
  }

  /** What Hadoop's configuration needs; with {@code spark.hadoop.} before it, Spark's. */
  public Map<String, String> settings() {
    return new TreeMap<>(
        Map.of(
            "fs.s3a.endpoint", endpoint,
            "fs.s3a.endpoint.region", "us-east-1",
            "fs.s3a.path.style.access", "true",
            "fs.s3a.connection.ssl.enabled", "false",
            "fs.s3a.aws.credentials.provider",
                "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
            "fs.s3a.access.key", "test",
            "fs.s3a.secret.key", "test",
            "fs.s3a.change.detection.mode", "none",
            "fs.s3a.attempts.maximum", "2",
            "fs.s3a.retry.limit", "2"));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
