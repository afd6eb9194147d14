"""A folder to the Hugging Face Hub as a dataset; with corpora/hub.py the only file that talks to the Hub.

The token comes from where `hf auth login` or HF_TOKEN put it and goes nowhere else: no message of ours holds it. What is there already is
not sent again (the library compares hashes), so an upload that broke off goes on when the same command is run again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from corpora.config import ConfigError
from corpora.hub import need

T = TypeVar("T")
TRIES = 5
BUSY = (408, 429, 500, 502, 503, 504)
MOST_PATIENCE = 300.0  # seconds we wait at once where the Hub asks for patience


@dataclass(frozen=True, slots=True)
class Uploaded:
    """Where an upload went: the dataset's id, the commit, and its address (of the pull request where one was asked for)."""

    repo: str
    commit: str
    url: str


def check_token() -> str:
    """Return the name of the account whose token is in place. Raises ConfigError where there is none, or the Hub refuses it."""
    hub = need("huggingface_hub", "publishing goes to the Hub")
    if not hub.get_token():
        raise ConfigError("no Hub token: run `hf auth login`, or set HF_TOKEN to a token with write access")
    try:
        return str(_patiently(hub.HfApi().whoami)["name"])
    except hub.errors.HfHubHTTPError as err:
        if _status(err) in (401, 403):
            raise ConfigError("the Hub refuses the token in place; make a new one with write access and run `hf auth login`") from None
        raise ConfigError(f"the Hub did not say whose token this is ({_told(err)}); try again later") from None
    except Exception as err:  # no network, offline mode, an endpoint that is no Hub
        raise ConfigError(f"the Hub cannot be reached ({type(err).__name__}: {_told(err)}); where HF_HUB_OFFLINE is set, unset it") from None


def validate(card: str) -> None:
    """Let the Hub check a dataset card's header. Raises ConfigError with the Hub's words for one that breaks its rules."""
    hub = need("huggingface_hub", "publishing goes to the Hub")
    try:
        _patiently(lambda: hub.DatasetCard(card, ignore_metadata_errors=False).validate())
    except ValueError as err:
        raise ConfigError(f"the Hub refuses the dataset card: {_told(err)}") from None
    except hub.errors.HfHubHTTPError as err:
        raise ConfigError(f"the Hub did not check the dataset card ({_told(err)}); try again later") from None


def upload(folder: Path, repo: str, message: str, private: bool = False, create_pr: bool = False, tag: str = "") -> Uploaded:
    """Make the dataset `repo` ("org/name") if it is not there, and let it hold what `folder` holds, in one commit or pull request.

    Raises ConfigError naming what went wrong; run again, it sends only what is missing.
    """
    hub = need("huggingface_hub", "publishing goes to the Hub")
    api = hub.HfApi()
    try:
        _patiently(lambda: api.create_repo(repo, repo_type="dataset", private=private, exist_ok=True))
        gone = [
            name for name in _patiently(lambda: api.list_repo_files(repo, repo_type="dataset")) if not (folder / name).is_file() and name != ".gitattributes"
        ]
        done = _patiently(
            lambda: api.upload_folder(
                repo_id=repo, repo_type="dataset", folder_path=folder, commit_message=message, create_pr=create_pr or None, delete_patterns=gone or None
            )
        )
        if tag:
            _patiently(lambda: api.create_tag(repo, tag=tag, repo_type="dataset", exist_ok=False))
    except hub.errors.HfHubHTTPError as err:
        raise ConfigError(_explain(repo, err, tag)) from None
    except (OSError, RuntimeError) as err:  # broken connections and the library's own summary of them
        raise ConfigError(
            f"the upload to {repo} broke off ({type(err).__name__}: {_told(err)}). Run the same command again: what has arrived is not sent twice"
        ) from None
    return Uploaded(repo, str(done.oid), str(done.pr_url or done.commit_url))


def _patiently(ask: Callable[[], T]) -> T:
    """Ask, and ask again where the Hub is busy: after as long as it says (Retry-After), else after 1, 2, 4 ... seconds."""
    hub: Any = need("huggingface_hub", "publishing goes to the Hub")
    for number in range(TRIES):
        try:
            return ask()
        except hub.errors.HfHubHTTPError as err:
            if _status(err) not in BUSY or number == TRIES - 1:
                raise
            told = str(err.response.headers.get("Retry-After") or "")
            time.sleep(min(MOST_PATIENCE, float(told) if told.isdigit() else 2.0**number))
    raise AssertionError("unreachable")


def _status(err: Any) -> int:
    return int(getattr(getattr(err, "response", None), "status_code", 0) or 0)


def _explain(repo: str, err: Any, tag: str) -> str:
    status = _status(err)
    if status in (401, 403):
        return f"the Hub does not let this account write to {repo}; take another ORG, or a token with write access there ({_told(err)})"
    if status == 404:
        return f"the Hub has no place named {repo} for this account ({_told(err)}); is ORG spelled right?"
    if status == 409 and tag:
        return f"{repo} has a tag {tag!r} already; versions are never moved, take another"
    return f"the upload to {repo} broke off ({_told(err)}). Run the same command again: what has arrived is not sent twice"


def _told(err: BaseException) -> str:
    """Return an error's words on one line, without anything that looks like a token."""
    words = " ".join(str(err).split())
    return " ".join("hf_***" if part.strip("'\"(),").startswith("hf_") else part for part in words.split())[:300]
