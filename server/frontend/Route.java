import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.Arrays;
import java.util.List;
import org.pytorch.serve.archive.model.ModelVersionNotFoundException;
import org.pytorch.serve.wlm.Model;
import org.pytorch.serve.wlm.ModelManager;

/** Where a request goes: GET /ping, or POST /predictions/MODEL, perhaps with /VERSION. */
final class Route {
    private static final String PING = "ping";
    private static final String PREDICTIONS = "predictions";

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
        String path = pathOf(request.uri());
        // A slash at the end makes no difference, as in TorchServe.
        List<String> steps = Arrays.asList(path.split("/"));
        if (steps.equals(List.of("", PING))) {
            requireMethod(request, HttpMethod.GET, path);
            return new Route(null, null, null, "");
        }
        boolean known = steps.size() == 3 || steps.size() == 4;
        if (!known || !steps.subList(0, 2).equals(List.of("", PREDICTIONS))) {
            throw new Refused(
                    Problem.notFound(
                            "There is nothing at this path; send photos to /predictions/tagger."));
        }
        String name = steps.get(2);
        String version = steps.size() == 4 ? steps.get(3) : null;
        Model model = modelOf(name, version);
        requireMethod(request, HttpMethod.POST, path);
        return new Route(model, name, version, queryOf(request.uri()));
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

    private static void requireMethod(HttpRequest request, HttpMethod method, String path)
            throws Refused {
        if (!method.equals(request.method())) {
            throw new Refused(Problem.methodNotAllowed(method.name(), path));
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
