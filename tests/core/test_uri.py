"""URIs: taken apart, joined, and the special ones."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treering.core.errors import InvalidInput
from treering.core.uri import (
    ModelUri,
    RunsUri,
    file_uri,
    join,
    local_path,
    parse_model_uri,
    parse_runs_uri,
    scheme_of,
    split_name,
)

# Any name that a file can have: no slash, no zero byte, not `.` or `..`, nothing that UTF-8 cannot say.
NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=20).filter(
    lambda name: name not in {".", ".."}
)
MODEL_ID = "m-" + "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("uri", "scheme"),
    [
        ("", "file"),
        ("plain/path", "file"),
        ("/absolute", "file"),
        ("file:///absolute", "file"),
        ("FILE:/absolute", "file"),
        (r"C:\data", "file"),
        ("C:/data", "file"),
        ("S3://bucket/key", "s3"),
        ("sqlite:///x.db", "sqlite"),
        ("postgresql+psycopg://host/db", "postgresql"),
        ("runs:/abc", "runs"),
        ("mlflow-artifacts:/a", "mlflow-artifacts"),
        ("a name with spaces: and a colon", "file"),
    ],
)
def test_scheme(uri: str, scheme: str) -> None:
    assert scheme_of(uri) == scheme


@pytest.mark.parametrize("call", [scheme_of, local_path, lambda uri: join(uri, "a")])
def test_a_malformed_uri_says_so(call: object) -> None:
    with pytest.raises(InvalidInput, match=r"Malformed URI 'http://\[::1'"):
        call("http://[::1")


class TestLocalPath:
    def test_forms(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("HOME", str(tmp_path))
        assert local_path("a/b") == tmp_path / "a" / "b"
        assert local_path("~/b") == tmp_path / "b"
        assert local_path(f"file://{tmp_path}/a%20b") == tmp_path / "a b"
        assert local_path(f"file:{tmp_path}/x") == tmp_path / "x"
        assert local_path(f"file://localhost{tmp_path}") == tmp_path
        assert local_path("a#b?c") == tmp_path / "a#b?c"

    @pytest.mark.parametrize("uri", ["s3://bucket/key", "http://host/x", "runs:/abc"])
    def test_what_is_elsewhere_is_refused(self, uri: str) -> None:
        with pytest.raises(InvalidInput, match="not on this machine"):
            local_path(uri)

    def test_another_machine_is_refused_with_the_way_out(self) -> None:
        with pytest.raises(InvalidInput, match="three slashes"):
            local_path("file://data/models")

    @pytest.mark.parametrize("uri", ["a\0b", "file:///a%00b"])
    def test_a_zero_byte_is_refused(self, uri: str) -> None:
        with pytest.raises(InvalidInput, match="zero byte"):
            local_path(uri)

    @given(st.lists(NAMES, min_size=1, max_size=4))
    def test_there_and_back(self, names: list[str]) -> None:
        path = Path("/", *names)
        assert local_path(file_uri(path)) == path


class TestJoin:
    @pytest.mark.parametrize(
        ("uri", "parts", "joined"),
        [
            ("s3://bucket", ["a"], "s3://bucket/a"),
            ("s3://bucket/", ["a/", "/b"], "s3://bucket/a/b"),
            ("s3://bucket/key?versionId=7", ["a"], "s3://bucket/key/a?versionId=7"),
            ("mlflow-artifacts:/", ["a"], "mlflow-artifacts:/a"),
            ("mlflow-artifacts:/0/x", ["a", "b"], "mlflow-artifacts:/0/x/a/b"),
            ("runs:/abc", ["model"], "runs:/abc/model"),
            ("hdfs:///top", ["a"], "hdfs:///top/a"),
            ("https://host:8080/base", ["a b"], "https://host:8080/base/a b"),
            ("file:///data", ["a b"], "file:///data/a%20b"),
            ("plain/path/", ["a"], "plain/path/a"),
            ("/", ["a"], "/a"),
            ("", ["a"], "a"),
            ("s3://bucket/x", [], "s3://bucket/x"),
            ("s3://bucket/x/", ["", "/"], "s3://bucket/x/"),
        ],
    )
    def test_forms(self, uri: str, parts: list[str], joined: str) -> None:
        assert join(uri, *parts) == joined

    @given(st.lists(NAMES, min_size=1, max_size=3), st.lists(NAMES, min_size=1, max_size=3))
    def test_a_file_uri_joins_as_its_path_does(self, names: list[str], parts: list[str]) -> None:
        path = Path("/", *names)
        assert local_path(join(file_uri(path), *parts)) == path.joinpath(*parts)

    @given(st.lists(NAMES, min_size=1, max_size=3), st.lists(NAMES, min_size=1, max_size=3))
    def test_a_plain_path_joins_as_paths_do(self, names: list[str], parts: list[str]) -> None:
        path = PurePosixPath("/", *names)
        assert PurePosixPath(join(str(path), *parts)) == path.joinpath(*parts)

    @given(
        st.sampled_from(["s3://bucket", "gs://b/k", "mlflow-artifacts:/x"]),
        st.lists(st.from_regex(r"[\w .-]+", fullmatch=True), min_size=2, max_size=4),
    )
    def test_joining_at_once_or_one_by_one_is_the_same(self, uri: str, parts: list[str]) -> None:
        one_by_one = uri
        for part in parts:
            one_by_one = join(one_by_one, part)
        assert one_by_one == join(uri, *parts)
        assert scheme_of(one_by_one) == scheme_of(uri)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("runs:/abc", RunsUri("abc", "")),
        ("runs:/abc/", RunsUri("abc", "")),
        ("runs:///abc/model/data", RunsUri("abc", "model/data")),
        ("runs:/abc/a b#c?d", RunsUri("abc", "a b#c?d")),
    ],
)
def test_runs_uri(uri: str, expected: RunsUri) -> None:
    assert parse_runs_uri(uri) == expected


@pytest.mark.parametrize("uri", ["", "runs:", "runs:/", "runs:abc", "models:/x/1", "runs:/abc/line\nbreak"])
def test_a_malformed_runs_uri_shows_the_form(uri: str) -> None:
    with pytest.raises(InvalidInput, match="runs:/<run id>"):
        parse_runs_uri(uri)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("models:/churn/3", ModelUri(name="churn", version=3)),
        ("models:///churn/3/", ModelUri(name="churn", version=3)),
        ("models:/churn/3/MLmodel", ModelUri(name="churn", version=3, path="MLmodel")),
        ("models:/churn@champion", ModelUri(name="churn", alias="champion")),
        ("models:/churn@champion/data/model.pkl", ModelUri(name="churn", alias="champion", path="data/model.pkl")),
        ("models:/churn/Production", ModelUri(name="churn", stage="Production")),
        ("models:/churn/latest", ModelUri(name="churn", alias="latest")),
        ("models:/churn/LATEST", ModelUri(name="churn", alias="latest")),
        ("models:/a name with spaces/1", ModelUri(name="a name with spaces", version=1)),
        (f"models:/{MODEL_ID}", ModelUri(model_id=MODEL_ID)),
        (f"models:/{MODEL_ID}/MLmodel", ModelUri(model_id=MODEL_ID, path="MLmodel")),
        ("models:/m-short/1", ModelUri(name="m-short", version=1)),
        # Digits that int() does not read, or not so many of them, are no version.
        ("models:/churn/²", ModelUri(name="churn", stage="²")),
        ("models:/churn/" + "9" * 5000, ModelUri(name="churn", stage="9" * 5000)),
    ],
)
def test_model_uri(uri: str, expected: ModelUri) -> None:
    assert parse_model_uri(uri) == expected


@pytest.mark.parametrize(
    "uri", ["", "models:", "models:/", "models:/churn", "models:/@champion", "runs:/abc/model", "churn/1"]
)
def test_a_malformed_model_uri_shows_the_forms(uri: str) -> None:
    with pytest.raises(InvalidInput, match="models:/<name>@<alias>"):
        parse_model_uri(uri)


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for parse in (parse_model_uri, parse_runs_uri, scheme_of, local_path):
        for uri in (text, f"models:/{text}", f"runs:/{text}"):
            try:
                parse(uri)
            except InvalidInput as error:
                assert repr(uri) in str(error) or "machine" in str(error)  # noqa: PT017 both outcomes are right


@given(st.from_regex(r"[\w .-]{1,30}", fullmatch=True), st.integers(min_value=1, max_value=10**17))
def test_a_version_is_read_back(name: str, version: int) -> None:
    if name.strip("/"):
        assert parse_model_uri(f"models:/{name}/{version}") == ModelUri(name=name, version=version)


@pytest.mark.parametrize("root", ["s3://bucket/a", "memory://x/a", "file:///a", "/a", "runs:/0123"])
@pytest.mark.parametrize("name", ["plain", "what? #1 50%.txt", "with space"])
def test_a_name_that_was_joined_is_split_off_again(root: str, name: str) -> None:
    assert split_name(join(root, name)) == (root, name)


def test_a_name_is_no_query() -> None:
    assert join("s3://bucket/a", "b?c#d") == "s3://bucket/a/b%3Fc%23d"
    assert join("runs:/0123/a?b", "c") == "runs:/0123/a?b/c"
