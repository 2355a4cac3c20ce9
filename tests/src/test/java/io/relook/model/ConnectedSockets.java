package io.relook.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Stream;

/** Whom a process's sockets are connected to, by Linux's /proc, looked at until it ends. */
final class ConnectedSockets {
  private final Path process;
  private final Set<String> peers = new ConcurrentSkipListSet<>();
  private final Set<String> seen = new HashSet<>();
  private volatile int looks;

  private ConnectedSockets(long pid) {
    this.process = Path.of("/proc", Long.toString(pid));
  }

  static ConnectedSockets watch(long pid) {
    ConnectedSockets sockets = new ConnectedSockets(pid);
    Thread thread = new Thread(sockets::run, "watch-" + pid);
    thread.setDaemon(true);
    thread.start();
    return sockets;
  }

  int looks() {
    return looks;
  }

  boolean sawLoopback() {
    return peers.stream().anyMatch(peer -> peer.startsWith("127."));
  }

  /** {@code address:port} of peers that are not this machine's loopback. */
  Set<String> elsewhere() {
    Set<String> elsewhere = new HashSet<>(peers);
    elsewhere.removeIf(peer -> peer.startsWith("127.") || peer.startsWith("::1:"));
    return elsewhere;
  }

  private void run() {
    try {
      while (true) {
        look();
        looks++;
        Thread.sleep(5);
      }
    } catch (IOException | InterruptedException e) {
      // The process has ended.
    }
  }

  /** The tables show all processes' sockets: whose a new one is, its descriptors say. */
  private void look() throws IOException {
    Map<String, String> fresh = new HashMap<>();
    for (String table : List.of("tcp", "tcp6", "udp", "udp6")) {
      for (String line : Files.readAllLines(process.resolve("net").resolve(table))) {
        String[] cells = line.strip().split("\\s+");
        if (cells.length > 9 && cells[2].contains(":") && !cells[2].matches("0+:.*")) {
          if (seen.add(cells[9] + " " + cells[2])) {
            fresh.put(cells[9], peer(cells[2]));
          }
        }
      }
    }
    if (!fresh.isEmpty()) {
      fresh.keySet().retainAll(inodes());
      peers.addAll(fresh.values());
    }
  }

  private Set<String> inodes() throws IOException {
    Set<String> inodes = new HashSet<>();
    try (Stream<Path> open = Files.list(process.resolve("fd"))) {
      for (Path descriptor : (Iterable<Path>) open::iterator) {
        try {
          String target = Files.readSymbolicLink(descriptor).toString();
          if (target.startsWith("socket:[")) {
            inodes.add(target.substring(8, target.length() - 1));
          }
        } catch (IOException e) {
          // Closed meanwhile.
        }
      }
    }
    return inodes;
  }

  /** The kernel's words: each four bytes of an address in this processor's order, little-endian. */
  static String peer(String cell) {
    String address = cell.substring(0, cell.indexOf(':'));
    int port = Integer.parseInt(cell.substring(cell.indexOf(':') + 1), 16);
    if (address.equals("00000000000000000000000001000000")) {
      return "::1:" + port;
    }
    if (address.length() == 32 && !address.startsWith("0000000000000000FFFF0000")) {
      return address + ":" + port;
    }
    String last = address.substring(address.length() - 8);
    StringBuilder dotted = new StringBuilder();
    for (int i = 6; i >= 0; i -= 2) {
      dotted.append(Integer.parseInt(last.substring(i, i + 2), 16)).append(i == 0 ? ":" : ".");
    }
    return dotted.append(port).toString();
  }
}
