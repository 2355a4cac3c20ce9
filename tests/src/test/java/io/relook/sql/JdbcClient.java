package io.relook.sql;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * Asks one query over JDBC and prints its rows, columns apart by tabs: {@code JdbcClient URL
 * QUERY}. Knows {@code java.sql} alone; the driver is on the class path that {@code tests/jdbc.sh}
 * gives it.
 */
final class JdbcClient {
  private JdbcClient() {}

  public static void main(String[] arguments) throws SQLException {
    try (Connection connection = DriverManager.getConnection(arguments[0], "relook", "");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(arguments[1])) {
      while (rows.next()) {
        List<String> row = new ArrayList<>();
        for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
          row.add(rows.getString(i));
        }
        System.out.println(String.join("\t", row));
      }
    }
  }
}
