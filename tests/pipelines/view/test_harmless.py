"""What may be told of places: nothing secret, and no path of the server's disk."""

from __future__ import annotations

import pytest

from treering.pipelines.view.harmless import harmless_address, harmless_text


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("s3://bucket/path", "s3://bucket/path"),
        ("s3://key:hush@bucket/path?sig=hush#hush", "s3://bucket/path"),
        ("https://ada:h@ush@host.example:8080/a/b", "https://host.example:8080/a/b"),
        ("https://hush@host.example", "https://host.example"),
        ("ssh://ada:hush@host.example/a", "ssh://host.example/a"),
        ("azure://container/path", "azure://container/path"),
        ("git@host.example:team/data.git", "host.example:team/data.git"),
        ("host.example:team/data.git", "host.example:team/data.git"),
        ("/srv/ada/hush/store", "…/store"),
        ("/srv/ada/hush/store/", "…/store"),
        ("~/hush/store", "…/store"),
        ("file:///srv/hush/store", "…/store"),
        (r"C:\Users\hush\store", "…/store"),
        ("../store", "../store"),
        ("store", "store"),
        ("http://[hush", "http://…"),
        ("", ""),
    ],
)
def test_an_address_is_told_without_what_is_secret(address: str, told: str) -> None:
    assert harmless_address(address) == told
    assert "hush" not in harmless_address(address)


def test_a_message_is_told_without_the_root_and_passwords() -> None:
    text = "'/srv/ada/project/dvc.yaml' in /srv/ada/project: https://ada:hush@host/x cannot be reached"
    assert harmless_text(text, "/srv/ada/project") == "'dvc.yaml' in .: https://host/x cannot be reached"
