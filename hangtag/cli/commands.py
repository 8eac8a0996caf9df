"""The commands of `hangtag`: where each is found, and what is said of it before it is imported."""

from dataclasses import dataclass

from hangtag.cli.wording import MAKE_TARGETS


@dataclass(frozen=True)
class Command:
    """A command and its place: `module:attribute`, a function or a typer app.

    example : what follows `hangtag NAME`; it is shown below the command's help
    """

    place: str
    help: str
    example: str
    panel: str

    @property
    def room(self) -> str:
        """The top-level package that the command belongs to."""
        return self.place.partition(".")[0]


TAGGING, TRAINING, LABELS = "Tagging", "Training", "Labels"
SERVING, MEASURING, DELIVERY = "Serving", "Measuring", "Delivery"

COMMANDS = {
    "tag": Command(
        "hangtag.cli.tag:tag",
        "Tag the products of a folder, a csv or a parquet file: one row each.",
        "photos --bundle model_store/demo --out tags.jsonl",
        TAGGING,
    ),
    "train": Command(
        "training.commands.train:train",
        "Fine-tune a tagger on a dataset folder and write its bundle.",
        "--data FOLDER --quick",
        TRAINING,
    ),
    "evaluate": Command(
        "training.commands.evaluate:evaluate",
        "Make the evaluation page of a finished run again.",
        "--run runs/NAME --beside runs/OTHER",
        TRAINING,
    ),
    "export": Command(
        "training.commands.exports:app",
        "Write a run's weights in other formats, and compare them.",
        "check --run runs/NAME",
        TRAINING,
    ),
    "search": Command(
        "training.commands.search:search",
        "Search for the settings that learn best.",
        "--data FOLDER --quick --trials 20",
        TRAINING,
    ),
    "find-rate": Command(
        "training.commands.find_rate:find_rate",
        "Try rising learning rates and suggest one.",
        "--data FOLDER",
        TRAINING,
    ),
    "input-speed": Command(
        "training.commands.input_speed:input_speed",
        "Measure whether reading photos keeps up with training.",
        "--data FOLDER --seconds 20",
        TRAINING,
    ),
    "demo": Command(
        "training.commands.demo:demo",
        "Make the demo tagger again: render its catalogue, train on it.",
        "--bundle model_store/demo",
        TRAINING,
    ),
    "demo-catalogue": Command(
        "training.commands.demo:demo_catalogue",
        "Render the demo catalogue alone: product photos with their attributes.",
        "--folder data/demo --products 600",
        TRAINING,
    ),
    "data-report": Command(
        "training.commands.data_report:data_report",
        "Show what is in a dataset folder before training.",
        "--data FOLDER",
        LABELS,
    ),
    "labels": Command(
        "training.commands.labels:app",
        "Mine labels from texts, agree on workers' answers, move to new labels.",
        "mine --data FOLDER --out FOLDER",
        LABELS,
    ),
    "archive": Command(
        "server.packaging:archive",
        "Pack a bundle into a .mar and check it.",
        "--bundle runs/NAME/bundle --archive model_store/NAME.mar",
        SERVING,
    ),
    "fetch": Command(
        "server.fetch:fetch",
        "Fetch an archive and check its sha256.",
        "--source s3://BUCKET/tagger.mar --sha256 DIGITS",
        SERVING,
    ),
    "serve": Command(
        "server.serve:serve",
        "Serve an archive.",
        "--archive model_store/NAME.mar --port 8080",
        SERVING,
    ),
    "openapi": Command(
        "service.command:openapi",
        "Write the OpenAPI document of the API.",
        "--out openapi.json",
        SERVING,
    ),
    "tune": Command(
        "bench.tune:tune",
        "Measure workers, threads and batches; serving takes the best.",
        "--archive model_store/NAME.mar",
        SERVING,
    ),
    "loadtest": Command(
        "loadtest.command:main",
        "Load a running server and hold it to limits.",
        "--host http://127.0.0.1:8080 --users 16 --duration 60",
        MEASURING,
    ),
    "capacity": Command(
        "loadtest.capacity:main",
        "Find the largest rate that a server carries within the limits.",
        "--host http://10.0.0.5:8080",
        MEASURING,
    ),
    "bench": Command(
        "bench.command:app",
        "Measure serving beside TorchServe's own handler and the raw engine.",
        "serving --clients 1,16",
        MEASURING,
    ),
    "baselines": Command(
        "bench.recipes.command:app",
        "Train the recipes of published write-ups beside a finished run.",
        "--run runs/NAME",
        MEASURING,
    ),
    "chaos": Command(
        "chaos.command:main",
        "Try to break a live server.",
        "--archive model_store/NAME.mar --short",
        MEASURING,
    ),
    "upgrade-test": Command(
        "chaos.upgrades.command:main",
        "Upgrade, roll back and kill taggers behind nginx under load.",
        "--archive model_store/NAME.mar --short",
        MEASURING,
    ),
    "image": Command(
        "deploy.container.command:app",
        "Build the container image, or print what fills it.",
        "build --engine cpu",
        DELIVERY,
    ),
    "k8s-check": Command(
        "deploy.check.command:main",
        "Check the Kubernetes manifests.",
        "deploy/kubernetes/overlays/cpu",
        DELIVERY,
    ),
    "monitoring-check": Command(
        "deploy.monitoring.check:check",
        "Check the Prometheus rules and run their tests.",
        "",
        DELIVERY,
    ),
}
# What stands behind the commands in a command.
EXAMPLES = {
    "bench model": "",
    "bench serving": "--clients 1,16",
    "export check": "--run runs/NAME",
    "export write": "--run runs/NAME --format safetensors",
    "image build": "--engine cpu",
    "image contents": "",
    "labels consensus": "--data FOLDER --out FOLDER",
    "labels migrate": "plan --labels labels.json --to-version 2 --out plan.json --merge 412=77",
    "labels migrate apply": "--labels labels.json --migration plan.json --out FOLDER --data FOLDER",
    "labels migrate plan": "--labels labels.json --to-version 2 --out plan.json --merge 412=77",
    "labels mine": "--data FOLDER --out FOLDER",
}
# What people type for a command that is elsewhere.
ELSEWHERE = {
    **{target: verb for verb, target in MAKE_TARGETS.items() if target},
    "bench tune": "tune",
    "migrate": "labels migrate",
    "demo-tagger": "demo",
}
