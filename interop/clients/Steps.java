import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;

/** `java Steps.java BASE`: the steps of `interop/clients.py` with the JDK's own client. */
public class Steps {
    public static void main(String[] arguments) throws Exception {
        var client = HttpClient.newBuilder().cookieHandler(new CookieManager()).build();
        String[][] steps = {
            {"POST", "/api/auth/token/", "{\"username\":\"demo\",\"password\":\"correct horse battery\",\"remember\":true}"},
            {"GET", "/api/me", ""}, {"POST", "/api/auth/token/refresh/", ""}, {"GET", "/api/me", ""},
            {"POST", "/api/auth/logout/", ""}, {"GET", "/api/me", ""},
        };
        var statuses = new ArrayList<Integer>();
        for (var step : steps) {
            var body = HttpRequest.BodyPublishers.ofString(step[2]);
            var request = HttpRequest.newBuilder(URI.create(arguments[0] + step[1])).method(step[0], body);
            if (!step[2].isEmpty()) request.header("Content-Type", "application/json");
            statuses.add(client.send(request.build(), HttpResponse.BodyHandlers.ofString()).statusCode());
        }
        System.out.println(statuses);
    }
}
