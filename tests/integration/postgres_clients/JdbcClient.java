// SPDX-License-Identifier: Apache-2.0

import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collections;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.copy.CopyManager;

/** Does with PostgreSQL's JDBC driver what README.md lists. */
public class JdbcClient {
  private static String setting(String name) {
    String value = System.getenv(name);
    return value == null ? "" : value;
  }

  // The driver takes no more of the environment than the password file.
  private static Connection connect() throws SQLException {
    Properties info = new Properties();
    info.setProperty("user", setting("PGUSER"));
    if (!setting("PGPASSWORD").isEmpty()) {
      info.setProperty("password", setting("PGPASSWORD"));
    }
    info.setProperty("sslmode", setting("PGSSLMODE"));
    if (!setting("PGSSLROOTCERT").isEmpty()) {
      info.setProperty("sslrootcert", setting("PGSSLROOTCERT"));
    }
    return DriverManager.getConnection(
        "jdbc:postgresql://" + setting("PGHOST") + ":" + setting("PGPORT") + "/postgres", info);
  }

  private static String stateOf(Statement statement, String sql) {
    try {
      statement.execute(sql);
    } catch (SQLException error) {
      return error.getSQLState();
    }
    return "no error";
  }

  private static String md5(byte[] bytes) throws Exception {
    return new BigInteger(1, MessageDigest.getInstance("MD5").digest(bytes)).toString(16);
  }

  private static String one(Statement statement, String sql) throws SQLException {
    try (ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }

  private static void transaction(Connection db, Statement statement) throws SQLException {
    statement.execute("CREATE TEMP TABLE t (id int PRIMARY KEY, name text)");
    db.setAutoCommit(false);
    statement.execute("INSERT INTO t VALUES (1, 'gone')");
    db.rollback();
    statement.execute("INSERT INTO t VALUES (2, 'kept')");
    java.sql.Savepoint point = db.setSavepoint();
    System.out.println("duplicate " + stateOf(statement, "INSERT INTO t VALUES (2, 'again')"));
    db.rollback(point);
    db.commit();
    db.setAutoCommit(true);
    System.out.println("transaction " + one(statement, "SELECT string_agg(name, ',') FROM t"));
  }

  private static void copied(Connection db) throws Exception {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 5000; ++i) {
      rows.append(i + 10).append('\t').append("x".repeat(i % 200)).append('\n');
    }
    CopyManager copy = db.unwrap(PGConnection.class).getCopyAPI();
    long count = copy.copyIn("COPY t FROM STDIN", new StringReader(rows.toString()));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    copy.copyOut("COPY (SELECT * FROM t ORDER BY id) TO STDOUT", out);
    System.out.println("copy " + count + " " + md5(out.toByteArray()));
  }

  private static void parameters(Connection db) throws SQLException {
    String terms = String.join(",", Collections.nCopies(10000, "?::int"));
    try (PreparedStatement statement =
        db.prepareStatement("SELECT sum(x)::int FROM unnest(ARRAY[" + terms + "]) x")) {
      for (int i = 0; i < 10000; ++i) statement.setInt(i + 1, i);
      ResultSet rows = statement.executeQuery();
      rows.next();
      System.out.println("parameters " + rows.getInt(1));
    }
    try (PreparedStatement statement = db.prepareStatement("INSERT INTO t VALUES (?, 'batch')")) {
      for (int i = 0; i < 1000; ++i) {
        statement.setInt(1, 100000 + i);
        statement.addBatch();
      }
      System.out.println("batch " + statement.executeBatch().length);
    }
  }

  // Rows that are fetched in portions, by a portal.
  private static void fetched(Connection db) throws SQLException {
    db.setAutoCommit(false);
    try (Statement statement = db.createStatement()) {
      statement.setFetchSize(100);
      ResultSet rows = statement.executeQuery("SELECT id FROM t");
      int count = 0;
      while (rows.next()) ++count;
      System.out.println("fetched " + count);
    }
    db.setAutoCommit(true);
  }

  private static void cancelled(Statement statement) throws Exception {
    Thread canceller = new Thread(() -> {
      try {
        Thread.sleep(300);
        statement.cancel();
      } catch (Exception error) {
        error.printStackTrace();
      }
    });
    canceller.start();
    System.out.println("cancel " + stateOf(statement, "SELECT pg_sleep(60)"));
    canceller.join();
    System.out.println("goes on " + one(statement, "SELECT 1"));
  }

  public static void main(String[] arguments) throws Exception {
    try (Connection db = connect(); Statement statement = db.createStatement()) {
      try (PreparedStatement sum = db.prepareStatement("SELECT ?::int + 10")) {
        for (int i = 0; i < 8; ++i) {  // from the fifth on the server's own
          sum.setInt(1, i);
          ResultSet rows = sum.executeQuery();
          rows.next();
          System.out.println("prepared " + rows.getInt(1));
        }
      }
      transaction(db, statement);
      copied(db);
      statement.execute("LISTEN news");
      statement.execute("SELECT pg_notify('news', 'hello')");
      PGNotification[] said = db.unwrap(PGConnection.class).getNotifications(10000);
      System.out.println("notify " + said[0].getName() + " " + said[0].getParameter());
      for (String sql : new String[] {"SELECT 1/0", "SELECT no_such_column", "SELEC"}) {
        System.out.println("error " + stateOf(statement, sql));
      }
      String text = one(statement, "SELECT repeat('0123456789', 2000000)");
      System.out.println("large row " + md5(text.getBytes(StandardCharsets.UTF_8)));
      parameters(db);
      fetched(db);
      cancelled(statement);
    }
  }
}
