// Tags a photo: `java Tag.java http://127.0.0.1:8080 photo.jpg`, with Java 17 or newer and nothing else.
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Set;

public class Tag {
    private static final int ATTEMPTS = 6;
    private static final Set<Integer> BUSY = Set.of(429, 502, 503);

    public static void main(String[] arguments) throws Exception {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(arguments[0] + "/predictions/tagger"))
                        .header("Content-Type", "image/jpeg")
                        .POST(HttpRequest.BodyPublishers.ofFile(Path.of(arguments[1])))
                        .build();
        HttpResponse<String> answer = send(request);
        // An answer, or a problem with `code` and `detail`: read either with the JSON library of your choice.
        System.out.println(answer.body());
        if (answer.statusCode() != 200) {
            System.exit(1);
        }
    }

    private static HttpResponse<String> send(HttpRequest request) throws Exception {
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        for (int attempt = 1; ; attempt++) {
            HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
            if (!BUSY.contains(answer.statusCode()) || attempt == ATTEMPTS) {
                return answer;
            }
            long seconds = answer.headers().firstValueAsLong("Retry-After").orElse(1L << attempt);
            Thread.sleep(1000 * seconds);
        }
    }
}
