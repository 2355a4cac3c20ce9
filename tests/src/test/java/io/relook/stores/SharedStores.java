package io.relook.stores;

import io.relook.TestSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** The stores that all tests of a JVM share, known to {@link TestSession}'s Hadoop. */
public final class SharedStores {
  private static final S3Server S3 = s3();

  private SharedStores() {}

  /** A place on S3A. */
  public static String s3a(String name) {
    return S3.uri(name);
  }

  /** What Hadoop's configuration needs for it. */
  public static Map<String, String> s3aSettings() {
    return S3.settings();
  }

  private static S3Server s3() {
    try {
      Path folder = Files.createTempDirectory("relook-s3");
      S3Server server = S3Server.start(folder);
      Runtime.getRuntime().addShutdownHook(new Thread(server::close));
      server.settings().forEach(TestSession.spark().sparkContext().hadoopConfiguration()::set);
      return server;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
