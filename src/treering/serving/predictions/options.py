"""What can be said about the prediction log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from treering.core.errors import InvalidInput
from treering.serving.predictions import FORMS

__all__ = ["LogOptions"]


@dataclass(frozen=True, slots=True)
class LogOptions:
    """How answers are kept.

    Attributes:
        folder: Where; made if it is not there.
        sample: The share of requests that is kept, chosen by the request's id: the same request is chosen everywhere.
        form: A row of `FORMS`.
        rules: Field to privacy rule, the first that fits counts; see `treering.serving.predictions.privacy`.
        secret: Makes hashes of values; the same secret makes the same hashes. Without one they change with each start.
        segment_bytes: A file is finished when it has so many,
        segment_seconds: or is so old.
        waiting: Answers that may wait to be written; further ones are dropped and counted.
        waiting_bytes: Bytes of bodies that may.
        body: Longer bodies are withheld.
        sync: Seconds of answers that a power cut may lose.
        days: Finished files are removed after so many; 0 keeps them.

    Raises:
        InvalidInput: If a value makes no sense, or there is no such form.
    """

    folder: str
    sample: float = 1.0
    form: str = "jsonl"
    rules: Mapping[str, str] = field(default_factory=dict)
    secret: str = ""
    segment_bytes: int = 64 << 20
    segment_seconds: float = 3600.0
    waiting: int = 10_000
    waiting_bytes: int = 64 << 20
    body: int = 1 << 20
    sync: float = 1.0
    days: float = 0.0

    def __post_init__(self) -> None:
        if not self.folder:
            msg = "The prediction log needs a folder to write into."
            raise InvalidInput(msg)
        if not 0 < self.sample <= 1:
            msg = f"The share of requests that the prediction log keeps cannot be {self.sample}. Say 0.1 for a tenth."
            raise InvalidInput(msg)
        if self.days < 0:
            msg = f"Predictions cannot be kept for {self.days} days. Say 30 for a month, or 0 for ever."
            raise InvalidInput(msg)
        if self.form not in FORMS:
            msg = f"There is no form {self.form!r} of the prediction log. Known ones: {', '.join(FORMS.names())}."
            raise InvalidInput(msg)
