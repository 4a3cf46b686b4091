"""All settings: one frozen class, read from the environment once at the edge and passed down.

A field's variable is `TREERING_` and its name in capitals; where MLflow has a variable
of the same meaning, or a cloud's own tools do, that one is honoured when ours is not set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

from treering.core.errors import InvalidInput
from treering.core.home import HOME
from treering.core.variables import process_variables, set_variable

__all__ = [
    "Settings",
    "Variable",
    "counts_folder",
    "export_settings",
    "find_home",
    "overruled",
    "own_models_file",
    "read_settings",
    "share_counts",
    "sources",
    "strangers",
    "variables",
]


def _setting(default: Any, help_text: str, mlflow: str = "") -> Any:
    return field(default=default, metadata={"help": help_text, "mlflow": mlflow})


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set from outside. Empty strings and zeros mean "not set" where the help says so."""

    home: str = _setting("", "Folder of the embedded store; empty: `.treering` found as the docs describe.")
    tracking_uri: str = _setting(
        "", "Where runs are tracked: empty for the embedded store, a folder, a database or a server's URL.",
        "MLFLOW_TRACKING_URI",
    )  # fmt: skip
    registry_uri: str = _setting("", "Where models are registered; empty: as tracking_uri.", "MLFLOW_REGISTRY_URI")
    tracking_username: str = _setting(
        "", "User name for a server with basic authentication.", "MLFLOW_TRACKING_USERNAME"
    )
    tracking_password: str = _setting(
        "", "Password for a server with basic authentication.", "MLFLOW_TRACKING_PASSWORD"
    )
    tracking_token: str = _setting(
        "", "Bearer token for a server; wins over name and password.", "MLFLOW_TRACKING_TOKEN"
    )
    tracking_ca_file: str = _setting(
        "",
        "PEM file of the authorities that a server's certificate is checked against.",
        "MLFLOW_TRACKING_SERVER_CERT_PATH",
    )
    tracking_insecure_tls: bool = _setting(
        False, "Talk to a server without checking its certificate: only for tests.", "MLFLOW_TRACKING_INSECURE_TLS"
    )
    experiment_name: str = _setting("", "Experiment for runs that name none.", "MLFLOW_EXPERIMENT_NAME")
    experiment_id: str = _setting("", "Experiment id for runs that name none.", "MLFLOW_EXPERIMENT_ID")
    run_id: str = _setting("", "Run that `start_run` resumes.", "MLFLOW_RUN_ID")
    http_timeout: float = _setting(
        120.0, "Seconds until a request to a server is given up.", "MLFLOW_HTTP_REQUEST_TIMEOUT"
    )
    http_retries: int = _setting(7, "How often a request that may be repeated is.", "MLFLOW_HTTP_REQUEST_MAX_RETRIES")
    offline: bool = _setting(
        False,
        "Do not ask servers and databases of other machines at all: keep what is logged here until `treering sync`.",
    )
    offline_after: float = _setting(
        5.0,
        "Seconds without an answer after which a program goes on without its server, and delivers later;"
        " 0: it fails instead.",
    )
    journal_max_bytes: int = _setting(
        10 << 30, "How many bytes of what is not delivered yet are kept on this machine; 0: as many as the disk has."
    )
    journal_full: str = _setting(
        "wait",
        "What happens when there are that many: `wait` for delivery, `drop` what comes and count it, or `raise` an error.",
    )
    active_experiment: str = _setting(
        "", "Set by `set_experiment` for child processes: the experiment's id and where it is tracked."
    )
    flush_interval: float = _setting(0.5, "Longest time in seconds that a logged point waits for delivery.")
    journal_sync: bool = _setting(False, "Wait for the disk at each journal write: survives a power cut, costs speed.")
    active_model_id: str = _setting(
        "", "Logged model that is the active one unless another is set.", "MLFLOW_ACTIVE_MODEL_ID"
    )
    system_metrics: bool = _setting(
        False, "Whether each run logs the machine's load.", "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING"
    )
    system_metrics_interval: float = _setting(
        10.0, "Seconds between two looks at the machine's load.", "MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL"
    )
    system_metrics_samples: int = _setting(
        1, "How many looks are averaged before they are logged.", "MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING"
    )
    system_metrics_node_id: str = _setting(
        "", "Name of this machine in the names of its metrics, where several train one model.",
        "MLFLOW_SYSTEM_METRICS_NODE_ID",
    )  # fmt: skip
    capture: str = _setting(
        "all",
        "What a run keeps of its source and environment: `all`: tags, a list of packages and hardware, and the diff"
        " against the git commit; `tags` alone; or `off`.",
    )
    capture_max_bytes: int = _setting(
        1 << 20, "Longest diff that a run keeps, in bytes; the rest is cut, and said to be. 0: whole."
    )
    track_pipelines: bool = _setting(
        False, "Whether each execution of a pipeline is kept as runs, as with `treering repro --track`."
    )
    notebook_name: str = _setting("", "The notebook that runs are started from; Jupyter tells it.", "JPY_SESSION_NAME")
    allow_model_code: bool = _setting(
        False,
        "Whether models of other people may be loaded that run code, such as pickles of classes that no list knows.",
        "MLFLOW_ALLOW_MODEL_CODE_EXECUTION",
    )
    environments_root: str = _setting(
        "", "Folder of the environments that are built for models; empty: ~/.cache/treering/environments.",
        "MLFLOW_ENV_ROOT",
    )  # fmt: skip
    prediction_device: str = _setting(
        "",
        "Where models of PyTorch and Hugging Face answer, unless the caller says: `cpu`, `cuda:1`, or a number (-1: the"
        " processor); empty: a graphics card if there is one.",
        "MLFLOW_DEFAULT_PREDICTION_DEVICE",
    )
    own_models: str = _setting(
        "",
        "File that lists what this user has saved, which is loaded whatever it holds; empty: in `home` if that is set,"
        " else in the user's data folder.",
    )
    requirements_timeout: float = _setting(
        120.0,
        "Seconds that a model saved with code of its own may take to load, to see what it imports; 0: not looked.",
        "MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT",
    )
    truncate_long_values: bool = _setting(
        True, "Cut params and tags that are too long, instead of refusing them.", "MLFLOW_TRUNCATE_LONG_VALUES"
    )
    host: str = _setting("127.0.0.1", "Address that the server listens on.", "MLFLOW_HOST")
    port: int = _setting(5000, "Port that the server listens on; 0 takes a free one.", "MLFLOW_PORT")
    backend_store_uri: str = _setting(
        "", "The server's database; empty: the embedded store.", "MLFLOW_BACKEND_STORE_URI"
    )
    default_artifact_root: str = _setting(
        "", "Where new experiments keep artifacts; empty: through the server.", "MLFLOW_DEFAULT_ARTIFACT_ROOT"
    )
    artifacts_destination: str = _setting(
        "",
        "Where a server puts artifacts that clients send through it; empty: the home.",
        "MLFLOW_ARTIFACTS_DESTINATION",
    )
    serve_artifacts: bool = _setting(
        True, "Whether the server takes and gives artifacts itself.", "MLFLOW_SERVE_ARTIFACTS"
    )
    direct_artifacts: bool = _setting(
        False,
        "Whether MLflow's clients are told to exchange large files with the server's artifact store past the server.",
        "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD",
    )
    s3_endpoint_url: str = _setting(
        "", "URL of a store that speaks S3's protocol, such as MinIO; empty: Amazon's.", "MLFLOW_S3_ENDPOINT_URL"
    )
    s3_region: str = _setting("", "Region of the S3 buckets; empty: as boto3 finds it.")
    s3_ignore_tls: bool = _setting(
        False, "Talk to S3 without checking its certificate: only for tests.", "MLFLOW_S3_IGNORE_TLS"
    )
    s3_upload_extra_args: str = _setting(
        "",
        'Further arguments of uploads to S3, as JSON: {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "..."}.',
        "MLFLOW_S3_UPLOAD_EXTRA_ARGS",
    )
    gcs_endpoint_url: str = _setting("", "URL of an emulator of Google Cloud Storage.", "STORAGE_EMULATOR_HOST")
    azure_connection_string: str = _setting(
        "", "Connection string of the Azure storage account.", "AZURE_STORAGE_CONNECTION_STRING"
    )
    azure_access_key: str = _setting("", "Key of the Azure storage account.", "AZURE_STORAGE_ACCESS_KEY")
    sftp_known_hosts: str = _setting("", "File of the SSH host keys that are trusted; empty: ~/.ssh/known_hosts.")
    sftp_key_file: str = _setting("", "Private key for SFTP; empty: the SSH agent and the keys in ~/.ssh.")
    webhdfs_url: str = _setting(
        "", "URL that hdfs: addresses are reached at over HTTP; empty: port 9870 of the machine that they name."
    )
    hdfs_user: str = _setting("", "User of HDFS; empty: whom the cluster takes for nobody.", "HADOOP_USER_NAME")
    hdfs_token: str = _setting("", "Delegation token for HDFS, which stands for a user.")
    repository: str = _setting(
        "",
        "The repository of data and pipelines that the server shows: its folder; `none`: none;"
        " empty: the one that the server is started in.",
    )
    max_body_bytes: int = _setting(64 << 20, "Largest request body, in bytes, other than an artifact's.")
    search_memory_mb: int = _setting(
        512, "Most memory in MB that a process takes to answer searches for runs itself; 0: the database answers."
    )
    user: str = _setting(
        "", "Who you are in the history of the registry; empty: the name that you are logged in by on this machine."
    )
    webhook_allowed_schemes: str = _setting(
        "https", "Schemes that a webhook's URL may have, with commas.", "MLFLOW_WEBHOOK_ALLOWED_SCHEMES"
    )
    webhook_allow_private_ips: bool = _setting(
        False,
        "Whether webhooks may be sent into private networks, and to this machine.",
        "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS",
    )
    webhook_secret_encryption_key: str = _setting(
        "",
        "Key with which the secrets of webhooks are encrypted in the database; empty: they are not. Keep it:"
        " without it, messages cannot be signed.",
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY",
    )
    webhook_retries: int = _setting(
        9,
        "How often a message to a webhook is sent again, with growing pauses, before it is given up.",
        "MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES",
    )
    webhook_timeout: float = _setting(
        30.0, "Seconds until a message to a webhook counts as not delivered.", "MLFLOW_WEBHOOK_REQUEST_TIMEOUT"
    )
    control_token: str = _setting(
        "",
        "What orders to a running model server have to bring, such as changes of its traffic; empty: they come from its"
        " own machine only.",
    )
    predictions: str = _setting(
        "", "Folder in which a model server keeps what is asked and answered; empty: it is not kept."
    )
    predictions_sample: float = _setting(1.0, "Share of the requests that are kept, from 0 to 1.")
    predictions_form: str = _setting(
        "jsonl", "What files of kept answers become when they are full: `jsonl` or `parquet`."
    )
    predictions_rules: str = _setting(
        "", "What is kept of fields, as `email=hash,ssn=drop`; see the docs of the prediction log."
    )
    predictions_days: float = _setting(0.0, "Days after which files of kept answers are removed; 0: they stay.")
    predictions_secret: str = _setting(
        "", "Makes the hashes of values in the prediction log the same after each start; empty: they change."
    )
    model_server_timeout: float = _setting(
        60.0, "Seconds until a prediction is given up.", "MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT"
    )
    log_level: str = _setting(
        "INFO", "What Treering's own log shows: DEBUG, INFO, WARNING or ERROR.", "MLFLOW_LOGGING_LEVEL"
    )


@dataclass(frozen=True, slots=True)
class Variable:
    """How one setting is named, explained and preset, for help and docs."""

    name: str
    environment: str
    mlflow: str
    default: Any
    help: str


def variables() -> list[Variable]:
    """Every setting, in the order of declaration."""
    return [
        Variable(
            item.name, f"TREERING_{item.name.upper()}", item.metadata["mlflow"], item.default, item.metadata["help"]
        )
        for item in fields(Settings)
    ]


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings that the environment gives.

    Args:
        environ: What to read instead of the process's own environment.

    Raises:
        InvalidInput: If a variable does not have the form that its setting needs.
    """
    source = process_variables() if environ is None else environ
    types = get_type_hints(Settings)
    return Settings(**{field: _parse(name, source[name], types[field]) for field, name in sources(source).items()})


def export_settings(values: Mapping[str, str]) -> None:
    """Let the processes that this one starts have settings: their values by field; "" leaves it to the defaults."""
    for field_name, value in values.items():
        set_variable(f"TREERING_{field_name.upper()}", value)


def sources(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """For each setting that the environment gives: the variable that gives it."""
    source = process_variables() if environ is None else environ
    given: dict[str, str] = {}
    for variable in variables():
        for name in (variable.environment, variable.mlflow):
            if name and source.get(name):
                given[variable.name] = name
                break
    return given


def overruled(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables that are given and do not count, because the other of the two names has another value: loser to winner."""
    source = process_variables() if environ is None else environ
    found = {}
    for variable in variables():
        ours, theirs = source.get(variable.environment), source.get(variable.mlflow) if variable.mlflow else None
        if ours and theirs and ours != theirs:
            found[variable.mlflow] = variable.environment
    return found


def strangers(environ: Mapping[str, str] | None = None) -> list[str]:
    """Variables that are named like a setting, `TREERING_...`, and set none."""
    source = process_variables() if environ is None else environ
    known = {variable.environment for variable in variables()}
    return sorted(name for name in source if name.startswith("TREERING_") and name not in known)


_COUNTS = "PROMETHEUS_MULTIPROC_DIR"


def share_counts(folder: str) -> None:
    """Let the processes that this one starts count together, in `folder`; "" ends that.

    Prometheus' library reads its own variable when it is imported, and takes it from nowhere else.
    """
    set_variable(_COUNTS, folder)


def counts_folder() -> str:
    """Where this process counts together with others; "" where it counts alone."""
    return process_variables().get(_COUNTS, "")


def own_models_file(settings: Settings) -> Path:
    """The list of the models that this user has saved; it need not exist yet.

    Never in a home that was found by looking around: whoever wrote that folder could
    have put a list there.
    """
    if settings.own_models:
        return Path(settings.own_models).expanduser().absolute()
    if settings.home:
        return Path(settings.home).expanduser().absolute() / "own_models"
    given = process_variables().get("XDG_DATA_HOME")
    return (Path(given) if given else Path("~/.local/share").expanduser()) / "treering" / "own_models"


def find_home(settings: Settings, start: Path) -> Path:
    """The folder of the embedded store; it need not exist yet.

    `settings.home` if set; else `.treering` in the nearest parent of `start` that has
    one; else in the root of the git checkout around `start`; else in `start`.
    """
    if settings.home:
        return Path(settings.home).expanduser().absolute()
    around = [start.absolute(), *start.absolute().parents]
    homes = (folder for folder in around if (folder / HOME).is_dir())
    # In a git worktree .git is a file.
    checkouts = (folder for folder in around if (folder / ".git").exists())
    return next(homes, next(checkouts, around[0])) / HOME


def _parse(name: str, text: str, kind: type) -> Any:
    if kind is bool:
        if text.lower() in {"true", "1", "yes", "on"}:
            return True
        if text.lower() in {"false", "0", "no", "off"}:
            return False
        msg = f"{name} is {text!r}, which is neither true nor false. Set it to true or false."
        raise InvalidInput(msg)
    try:
        return kind(text)
    except ValueError as error:
        msg = f"{name} is {text!r}, which is no {kind.__name__}. Correct or unset it."
        raise InvalidInput(msg) from error
