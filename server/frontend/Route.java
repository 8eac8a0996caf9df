import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.pytorch.serve.archive.model.ModelVersionNotFoundException;
import org.pytorch.serve.wlm.Model;
import org.pytorch.serve.wlm.ModelManager;

/** Where a request goes: GET or HEAD /ping, or POST /predictions/MODEL, perhaps with /VERSION. */
final class Route {
    private static final String PING = "ping";
    private static final String PREDICTIONS = "predictions";
    // Clients behind a proxy's settings send the whole URL (RFC 9112, 3.2.2).
    private static final Pattern ORIGIN = Pattern.compile("^https?://[^/?#]*", Pattern.CASE_INSENSITIVE);

    /** Null for /ping. */
    final Model model;

    final String modelName;

    /** Null where the request does not ask for one. */
    final String version;

    /** As sent, without the question mark; empty if there is none. */
    final String query;

    private Route(Model model, String modelName, String version, String query) {
        this.model = model;
        this.modelName = modelName;
        this.version = version;
        this.query = query;
    }

    static Route of(HttpRequest request) throws Refused {
        String target = withoutOrigin(request.uri());
        String path = pathOf(target);
        List<String> steps = stepsOf(path);
        if (steps.equals(List.of(PING))) {
            requireMethod(request, path, HttpMethod.GET, HttpMethod.HEAD);
            return new Route(null, null, null, "");
        }
        boolean known = steps.size() == 2 || steps.size() == 3;
        if (!known || !steps.get(0).equals(PREDICTIONS)) {
            throw new Refused(
                    Problem.notFound(
                            "There is nothing at this path; send photos to /predictions/tagger."));
        }
        String name = steps.get(1);
        String version = steps.size() == 3 ? steps.get(2) : null;
        Model model = modelOf(name, version);
        requireMethod(request, path, HttpMethod.POST);
        return new Route(model, name, version, queryOf(target));
    }

    /** Returns the path and the query of a request's target, which may be a whole URL. */
    static String withoutOrigin(String target) {
        Matcher origin = ORIGIN.matcher(target);
        if (!origin.find()) {
            return target;
        }
        String rest = target.substring(origin.end());
        return rest.startsWith("/") ? rest : "/" + rest;
    }

    /** One slash or several, also at the end, make no difference. */
    private static List<String> stepsOf(String path) {
        if (!path.startsWith("/")) {
            return List.of(path);
        }
        return Arrays.stream(path.split("/"))
                .filter(step -> !step.isEmpty())
                .collect(Collectors.toList());
    }

    boolean isPing() {
        return model == null;
    }

    private static String pathOf(String uri) throws Refused {
        try {
            return new QueryStringDecoder(uri).path();
        } catch (IllegalArgumentException error) {
            throw new Refused(
                    Problem.requestInvalid("The path is not percent-encoded as a URL must be."));
        }
    }

    private static String queryOf(String uri) {
        int mark = uri.indexOf('?');
        return mark < 0 ? "" : uri.substring(mark + 1);
    }

    private static void requireMethod(HttpRequest request, String path, HttpMethod... allowed)
            throws Refused {
        List<HttpMethod> methods = Arrays.asList(allowed);
        if (!methods.contains(request.method())) {
            throw new Refused(Problem.methodNotAllowed(methods, path));
        }
    }

    private static Model modelOf(String name, String version) throws Refused {
        Model model = null;
        try {
            model = ModelManager.getInstance().getModel(name, version);
        } catch (ModelVersionNotFoundException error) {
            // As below: there is none.
        }
        if (model == null) {
            throw new Refused(
                    Problem.notFound(
                            "There is no such model or version; send photos to"
                                    + " /predictions/tagger."));
        }
        return model;
    }
}
