"""Texts in models of Pydantic, with defaults and bounds."""

from __future__ import annotations

import typing as t
from typing import Annotated

import bentoml
import pydantic
from bentoml.exceptions import InvalidArgument
from pydantic import BaseModel, Field

EXAMPLE = "Breaking news: a cat has learned to open the fridge."


class Options(BaseModel):
    max_words: Annotated[int, Field(ge=1, le=50)] = 5
    language: t.Literal["en", "de"] = "en"


class Summary(BaseModel):
    text: str
    words: int
    source: pydantic.HttpUrl | None = None


@bentoml.service(resources={"cpu": "4"}, traffic={"timeout": 30}, http={"cors": {"enabled": True}})
class Summarization:
    @bentoml.api
    def summarize(self, text: str = EXAMPLE, options: Options = Options()) -> Summary:
        words = text.split()[: options.max_words]
        return Summary(text=" ".join(words), words=len(words))

    @bentoml.api
    async def translate(
        self,
        text: str = Field(default=EXAMPLE, description="What is translated", max_length=80),
        target: t.Optional[str] = None,
    ) -> str:
        if target == "xx":
            raise InvalidArgument("nobody speaks xx")
        return f"{target}: {text}" if target else text

    @bentoml.api
    def batch(self, options: Options, /) -> list[Summary]:
        return [Summary(text=options.language, words=options.max_words, source="http://a.example/")]
