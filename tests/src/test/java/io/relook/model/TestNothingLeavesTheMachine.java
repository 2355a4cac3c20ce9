package io.relook.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.relook.lakehouse.LocalSpark;
import io.relook.model.spark.ImageTextGenerator;
import io.relook.model.spark.ImageTextScorer;
import io.relook.model.text.TextProcessor;
import io.relook.scenes.SceneGenerator;
import io.relook.scenes.SceneQuestion;
import io.relook.training.EmbeddedModel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Collectors;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A generation through Spark, in a JVM of its own whose DJL has nothing cached, connects to nothing
 * but loopback: neither Java code (a security manager hears of every host and look-up before it
 * happens) nor native code (the kernel's tables of the process's sockets, looked at every few
 * milliseconds).
 */
class TestNothingLeavesTheMachine {
  /** RFC 5737: for documentation, belongs to nobody. */
  private static final String ELSEWHERE = "192.0.2.1";

  @TempDir private Path folder;

  @Test
  void aGenerationConnectsToNothingButLoopback() throws IOException, InterruptedException {
    try (ChildJvm child = start("generate")) {
      ConnectedSockets sockets = ConnectedSockets.watch(child.pid());
      int exit = child.await();
      assertEquals(0, exit, child.said());
      assertTrue(child.said().contains("rows 2"), child.said());
      assertTrue(sockets.looks() > 100, "hardly looked: " + sockets.looks());
      assertTrue(sockets.sawLoopback(), "Spark's own connections were not seen");
      assertEquals(Set.of(), sockets.elsewhere());
      assertEquals(Set.of(), attempts(child));
    }
  }

  @Test
  void aConnectionElsewhereWouldBeSeen() throws IOException, InterruptedException {
    try (ChildJvm child = start("connect")) {
      ConnectedSockets sockets = ConnectedSockets.watch(child.pid());
      assertEquals(0, child.await(), child.said());
      assertEquals(
          Set.of("attempt " + ELSEWHERE + ":9", "attempt relook.invalid:-1"), attempts(child));
      assertEquals(Set.of(ELSEWHERE + ":9"), sockets.elsewhere());
    }
  }

  /** Hadoop asks what the machine's own name is; that is refused too, and all goes on. */
  private static Set<String> attempts(ChildJvm child) throws IOException {
    String own = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    Set<String> attempts =
        child.said().lines().filter(l -> l.startsWith("attempt ")).collect(Collectors.toSet());
    attempts.remove("attempt " + own + ":-1");
    return attempts;
  }

  private ChildJvm start(String what) throws IOException {
    return ChildJvm.start(
        folder,
        Watched.class,
        List.of("-Djava.security.manager=allow", "-DDJL_CACHE_DIR=" + folder.resolve("djl")),
        what);
  }

  /** In the child. */
  static final class Watched {
    public static void main(String[] arguments) throws Exception {
      Recorder recorder = new Recorder();
      recorder.install();
      if (arguments[0].equals("generate")) {
        generate();
      } else {
        connect(recorder);
      }
      recorder.attempts.forEach(attempt -> System.out.println("attempt " + attempt));
    }

    private static void generate() throws IOException {
      Path model = Path.of("model").toAbsolutePath();
      EmbeddedModel.unpack(model, true);
      TextProcessor.load(model).close();
      SceneGenerator scenes = new SceneGenerator(5);
      List<Row> rows =
          List.of(scenes.question(0), scenes.question(1)).stream().map(Watched::row).toList();
      try (SparkSession spark = LocalSpark.session("watched")) {
        Dataset<Row> frame =
            spark.createDataFrame(rows, StructType.fromDDL("question STRING, image BINARY"));
        PipelineStage[] stages = {
          new ImageTextGenerator()
              .setModelUrl(model.toString())
              .setInputCols("question", "image")
              .setMaxNewTokens(8),
          new ImageTextScorer()
              .setModelUrl(model.toString())
              .setInputCols("question", "image", "completion_ids")
        };
        long good =
            new Pipeline()
                .setStages(stages)
                .fit(frame)
                .transform(frame)
                .where("score_error IS NULL AND size(scored_log_probs) > 0")
                .count();
        System.out.println("rows " + good);
      }
    }

    private static Row row(SceneQuestion scene) {
      return RowFactory.create(scene.question(), scene.png());
    }

    /** Refused before a packet leaves, or (a connected datagram socket) without one. */
    private static void connect(Recorder recorder) throws Exception {
      try (Socket socket = new Socket(ELSEWHERE, 9)) {
        throw new IllegalStateException("connected: " + socket);
      } catch (SecurityException e) {
        System.out.println("refused");
      }
      try {
        java.net.InetAddress.getByName("relook.invalid");
        throw new IllegalStateException("looked up");
      } catch (SecurityException e) {
        System.out.println("refused");
      }
      recorder.refuses = false;
      try (DatagramChannel channel = DatagramChannel.open()) {
        channel.connect(new InetSocketAddress(ELSEWHERE, 9));
        Thread.sleep(2000);
      }
    }
  }

  /** Permits everything but connections elsewhere, and keeps what was tried. */
  @SuppressWarnings("removal")
  private static final class Recorder extends SecurityManager {
    final Set<String> attempts = new ConcurrentSkipListSet<>();
    volatile boolean refuses = true;

    void install() {
      System.setSecurityManager(this);
    }

    @Override
    public void checkPermission(java.security.Permission permission) {}

    @Override
    public void checkPermission(java.security.Permission permission, Object context) {}

    @Override
    public void checkConnect(String host, int port) {
      if (!host.startsWith("127.") && !host.equals("localhost") && !isLoopback6(host)) {
        attempts.add(host + ":" + port);
        if (refuses) {
          throw new SecurityException("refused: " + host);
        }
      }
    }

    @Override
    public void checkConnect(String host, int port, Object context) {
      checkConnect(host, port);
    }

    private static boolean isLoopback6(String host) {
      return host.startsWith("0:0:0:0:0:0:0:1") || host.equals("::1");
    }
  }
}
