package io.relook.model;

/** Keeps DJL on this machine. */
public final class Offline {
  private Offline() {}

  /** To be called before DJL: no download of native libraries, no usage tracking. */
  public static void enforce() {
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
  }
}
