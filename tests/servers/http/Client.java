// SPDX-License-Identifier: Apache-2.0

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Arrays;

/** Asks a peer.go for everything, and prints what came. */
public final class Client {
  private final HttpClient http = HttpClient.newHttpClient();
  private final String url;
  private final String secret;

  private Client(String url, String secret) {
    this.url = url;
    this.secret = secret;
  }

  private void ask(String name, String method, String path, BodyPublisher body,
      String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url + path)).method(method, body);
    if (!secret.isEmpty()) {
      request.header("Authorization", "Bearer " + secret);
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    if (name.equals("expect")) {
      request.expectContinue(true);
    }
    HttpResponse<byte[]> answer =
        http.send(request.build(), BodyHandlers.ofByteArray());
    System.out.println(name + " " + answer.statusCode() + " "
        + answer.body().length + " " + Arrays.hashCode(answer.body()) + " "
        + answer.headers().firstValue("etag").orElse("") + " "
        + answer.headers().firstValue("location").orElse(""));
  }

  public static void main(String[] arguments) throws Exception {
    Client client =
        new Client(arguments[0], arguments.length > 1 ? arguments[1] : "");
    byte[] large = "up and up ".repeat(150_000).getBytes();
    BodyPublisher none = BodyPublishers.noBody();
    for (int i = 0; i < 3; ++i) {
      client.ask("get", "GET", "/echo?a=b%20c", none);
    }
    client.ask("post", "POST", "/echo", BodyPublishers.ofByteArray(large));
    client.ask("chunked", "PUT", "/echo",
        BodyPublishers.fromPublisher(BodyPublishers.ofByteArray(large)));
    client.ask("expect", "POST", "/echo", BodyPublishers.ofByteArray(large));
    client.ask("head", "HEAD", "/large", none);
    for (String path : new String[] {"gzip", "empty", "cached", "redirect",
             "chunks", "large"}) {
      client.ask(path, "GET", "/" + path, none);
    }
    client.ask("unchanged", "GET", "/cached", none, "If-None-Match", "\"v1\"");
    client.ask("delete", "DELETE", "/echo", none);
  }
}
