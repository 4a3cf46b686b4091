from __future__ import annotations

import pytest

from treering.client.capture.masking import is_secret_file, masked_command, public_url


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["t.py", "--password=hunter2", "--lr=0.1"], ["t.py", "--password=***", "--lr=0.1"]),
        (["--token", "hunter2", "--lr", "0.1"], ["--token", "***", "--lr", "0.1"]),
        (["--token", "-hunter2!"], ["--token", "***"]),
        (["--use-auth", "--lr", "1"], ["--use-auth", "--lr", "1"]),
        (["--api-key=a", "--apiKey=a", "AWS_SECRET_ACCESS_KEY=a"], ["--api-key=***", "--apiKey=***", "AWS_SECRET_ACCESS_KEY=***"]),
        (["db.password=a=b", "+hf_token:x"], ["db.password=***", "+hf_token:***"]),
        (["--max-tokens=100", "--tokenizer=bert", "--key=row"], ["--max-tokens=100", "--tokenizer=bert", "--key=row"]),
        (["postgresql://me:hunter2@host/db"], ["postgresql://***@host/db"]),
        (["--data=https://host/x?a=1&token=hunter2"], ["--data=https://host/x?a=1&token=***"]),
        (["ghp_0123456789abcdef0123"], ["***"]),
        ([], []),
    ],
)  # fmt: skip
def test_secrets_on_a_command_line_are_masked(given: list[str], shown: list[str]) -> None:
    assert masked_command(given) == shown


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://token@example.com/a.git", "https://example.com/a.git"),
        ("https://me:p%40ss@example.com:8443/a.git?private_token=x#y", "https://example.com:8443/a.git"),
        ("ssh://git:pw@example.com/a.git", "ssh://git@example.com/a.git"),
        ("git@example.com:team/a.git", "git@example.com:team/a.git"),
        ("https://example.com/a@b.git", "https://example.com/a@b.git"),
        ("/srv/git/a.git", "/srv/git/a.git"),
        ("", ""),
    ],
)
def test_a_remotes_address_loses_its_credentials(url: str, public: str) -> None:
    assert public_url(url) == public


def test_files_that_hold_secrets_are_known_by_their_names() -> None:
    secret = [
        ".env",
        "a/.env.local",
        "x.PEM",
        "id_rsa",
        "id_work",
        "id_ed25519.pub",
        "gcp-credentials.json",
        "a/.netrc",
    ]
    assert all(map(is_secret_file, secret))
    assert not any(map(is_secret_file, ["environment.yml", "id_mapping.py", "keys.py", "token.py", "env/a.py", "a.md"]))
