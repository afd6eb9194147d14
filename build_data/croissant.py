"""The Croissant description (JSON-LD, version 1.1) of a published dataset: files, and a record set per configuration; the only file that knows mlcroissant.

Written from the staged Parquet files themselves, so its fields and checksums cannot drift from them; checked with mlcroissant, the standard's own library.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from build_data import licences
from build_data.lazy import need
from corpora.config import ConfigError

TYPES = {"string": "sc:Text", "double": "sc:Float", "int32": "sc:Integer", "int64": "sc:Integer", "bool": "sc:Boolean"}
CONTEXT: dict[str, Any] = {
    "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column", "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/", "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, "dct": "http://purl.org/dc/terms/", "equivalentProperty": "cr:equivalentProperty", "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract", "field": "cr:field", "fileProperty": "cr:fileProperty", "fileObject": "cr:fileObject", "fileSet": "cr:fileSet",
    "format": "cr:format", "includes": "cr:includes", "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5",
    "parentField": "cr:parentField", "path": "cr:path", "recordSet": "cr:recordSet", "references": "cr:references", "regex": "cr:regex",
    "repeated": "cr:repeated", "replace": "cr:replace", "samplingRate": "cr:samplingRate", "sc": "https://schema.org/", "separator": "cr:separator",
    "source": "cr:source", "subField": "cr:subField", "transform": "cr:transform",
}  # fmt: skip


def describe(
    folder: Path, repo: str, title: str, about: str, licence_words: Sequence[str], cite: str, configs: Mapping[str, Mapping[str, Sequence[Path]]]
) -> dict[str, Any]:
    """Return the description of a staged folder. `configs`: configuration -> split -> its Parquet files under `folder`."""
    files: list[dict[str, Any]] = [
        {"@type": "cr:FileObject", "@id": "repo", "name": "repo", "description": "The dataset's git repository.", "contentUrl": f"https://huggingface.co/datasets/{repo}", "encodingFormat": "git+https", "sha256": "https://github.com/mlcommons/croissant/issues/80"}
    ]  # fmt: skip
    sets = []
    for config, splits in configs.items():
        files.append({
            "@type": "cr:FileSet", "@id": f"files-{_id(config)}", "name": f"files-{_id(config)}", "description": f"Parquet files of the configuration {config}.",
            "containedIn": {"@id": "repo"}, "encodingFormat": "application/x-parquet", "includes": sorted(f"{path.parent.relative_to(folder)}/{_pattern(path)}" for paths in splits.values() for path in paths[:1]),
        })  # fmt: skip
        shape = pq.read_schema(next(path for paths in splits.values() for path in paths))
        sets.append({
            "@type": "cr:RecordSet", "@id": _id(config), "name": _id(config), "description": f"Rows of {config}.",
            "field": [_field(config, field.name, field.type) for field in shape],
        })  # fmt: skip
    return {
        "@context": CONTEXT, "@type": "sc:Dataset", "conformsTo": "http://mlcommons.org/croissant/1.0", "name": _id(repo), "alternateName": title, "description": about,
        "citeAs": cite, "url": f"https://huggingface.co/datasets/{repo}", "license": [licences.link(words) or words for words in licence_words], "distribution": files, "recordSet": sets,
    }  # fmt: skip


def _id(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name)


def _pattern(path: Path) -> str:
    return re.sub(r"-\d+-of-\d+", "-*", path.name)


def _field(config: str, name: str, kind: pa.DataType, parents: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return a column, or a part of a struct, as a field that reads it."""
    where = (*parents, name)
    made: dict[str, Any] = {"@type": "cr:Field", "@id": f"{_id(config)}/{'/'.join(where)}", "name": f"{_id(config)}/{'/'.join(where)}"}
    if pa.types.is_struct(kind):
        return made | {"subField": [_field(config, kind.field(i).name, kind.field(i).type, where) for i in range(kind.num_fields)]}
    inner, repeated = (kind.value_type, True) if pa.types.is_list(kind) else (kind, False)
    extract: dict[str, Any] = {"extract": {"column": where[0]}}
    if parents:
        extract["transform"] = [{"jsonPath": part} for part in where[1:]]
    source = {"fileSet": {"@id": f"files-{_id(config)}"}, **extract}
    return made | {"dataType": TYPES.get(str(inner), "sc:Text"), "source": source} | ({"repeated": True} if repeated else {})


def check(path: Path) -> None:
    """Hold a description to the standard. Raises ConfigError with mlcroissant's words."""
    logging.getLogger("absl").setLevel(logging.ERROR)  # its recommendations are no errors
    croissant = need("mlcroissant", "publish")
    try:
        found = croissant.Dataset(jsonld=path)
    except croissant.ValidationError as err:
        raise ConfigError(f"{path}: not valid Croissant: {' '.join(str(err).split())[:600]}") from None
    if found.metadata.ctx.issues.errors:
        raise ConfigError(f"{path}: not valid Croissant: {'; '.join(sorted(found.metadata.ctx.issues.errors))[:600]}")


def text(value: Mapping[str, Any]) -> str:
    """Return the description as it is written to disk."""
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
